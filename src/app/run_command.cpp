#include "app/run_command.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "app/gateway.hpp"
#include "app/sources.hpp"
#include "app/start_table.hpp"
#include "app/stdio_run.hpp"
#include "config/load.hpp"

namespace weir::app {
namespace {

constexpr int kExitUnavailable = 69;
constexpr int kExitSoftware = 70;
constexpr int kExitConfig = 78;

int exit_code_of(base::Error const& error) {
  if (error.fault == base::Fault::busy) return kExitUnavailable;
  return error.fault == base::Fault::config ? kExitConfig : kExitSoftware;
}

void say(base::Error const& error) {
  fmt::print(stderr, "error: {}\n", error.detail);
  if (!error.hint.empty()) fmt::print(stderr, "  = fix: {}\n", error.hint);
}

// Reads the sources again; a bad file keeps the old configuration.
base::Result<std::shared_ptr<config::Settings const>> read_again(config::Sources const& sources,
                                                                 config::Environment const& environment) {
  config::Problems problems;
  auto loaded = config::load(sources, environment, problems);
  if (problems.count(config::Severity::error) > 0) {
    fmt::print(stderr, "{}", config::render_text(problems.sorted(), false));
  }
  if (problems.must_not_start()) {
    return base::Error(base::Fault::config, base::Blame::gateway, "it has errors; see above");
  }
  return std::make_shared<config::Settings const>(std::move(loaded.settings));
}

}  // namespace

int run_command(RunRequest const& request, config::Environment& environment) {
  FoundSources found;
  if (int const refused = find_sources(request, environment, found); refused != 0) return refused;
  config::Problems problems;
  auto loaded = config::load(found.sources, environment, problems);
  bool const colour = ::isatty(STDERR_FILENO) != 0 && !environment.variable("NO_COLOR");
  auto const sorted = problems.sorted();
  if (!sorted.empty()) fmt::print(stderr, "{}", config::render_text(sorted, colour));
  if (problems.must_not_start()) return kExitConfig;

  GatewayOptions options;
  options.settings = std::make_shared<config::Settings const>(std::move(loaded.settings));
  options.stdio = request.stdio;
  options.reload = [&] { return read_again(found.sources, environment); };
  Gateway* running = nullptr;
  if (!request.stdio && !request.quiet) {
    options.on_settled = [&] { print_start_table(*running, found); };
  }
  Gateway gateway(std::move(options), environment);
  running = &gateway;
  if (auto started = gateway.start(); !started) {
    say(started.error());
    return exit_code_of(started.error());
  }
  if (request.stdio) return run_stdio(gateway);
  return gateway.run();
}

}  // namespace weir::app
