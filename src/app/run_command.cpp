#include "app/run_command.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "app/colour.hpp"
#include "app/core_dumps.hpp"
#include "app/exit_codes.hpp"
#include "app/gateway.hpp"
#include "app/refused_reload.hpp"
#include "app/secret_desk.hpp"
#include "app/sources.hpp"
#include "app/start_table.hpp"
#include "app/stdio_run.hpp"
#include "base/say.hpp"
#include "config/load.hpp"

namespace weir::app {
namespace {

int exit_code_of(base::Error const& error) {
  if (error.fault == base::Fault::busy) return kExitUnavailable;
  return error.fault == base::Fault::config ? kExitConfig : kExitSoftware;
}

void say(base::Error const& error) {
  base::say("error: {}\n", error.detail);
  if (!error.hint.empty()) base::say("  = fix: {}\n", error.hint);
}

base::Error not_taken(std::string why) { return {base::Fault::config, base::Blame::gateway, std::move(why)}; }

// Settings with the secrets in force. A new value that nothing can be made of gives way to the one before,
// and changes nothing for the others.
config::Loaded load_usable(config::Sources const& sources, SecretDesk& secrets, config::Problems& problems) {
  for (;;) {
    auto loaded = config::load(sources, secrets.environment(), problems);
    if (!secrets.judge(loaded.settings, !problems.must_not_start())) return loaded;
    secrets.environment().replay();
    problems = {};
  }
}

using Reading = base::Result<std::shared_ptr<config::Settings const>>;

// Nobody is asked for consent: whoever could answer may be long gone.
Reading read_sources(RunRequest const& request, config::TrustStore const& agreed, SecretDesk& secrets,
                     bool anew) {
  auto& environment = secrets.environment();
  FoundSources found;
  if (find_sources(request.sources, environment, found) != kExitOk)
    return not_taken("a file cannot be read; stderr of the gateway says which");
  auto const* const file = without_consent(found, agreed);
  if (file != nullptr) {  // `--trust` has agreed to what was there at the start
    return not_taken(fmt::format(
        "{} has changed and nobody has agreed to it; stop, read it and start with --trust", file->path));
  }
  found.sources.starting = true;
  config::Problems problems;
  auto loaded = load_usable(found.sources, secrets, problems);
  bool const bad = problems.must_not_start();
  if ((anew || bad) && !problems.sorted().empty()) {  // else they are known
    base::say("{}", config::render_text(problems.sorted(), false));
  }
  if (bad) return not_taken(refusal_of(problems.sorted()));
  return std::make_shared<config::Settings const>(std::move(loaded.settings));
}

// Reads the sources again; what is wrong with them keeps the old configuration, also as that of which new
// settings are made when a secret changes.
Reading read_again(RunRequest const& request, config::TrustStore const& agreed, SecretDesk& secrets,
                   bool anew) {
  auto& environment = secrets.environment();
  if (anew) {
    environment.read_anew();
  } else {
    environment.replay();
  }
  auto reading = read_sources(request, agreed, secrets, anew);
  if (anew) environment.in_force(reading.has_value());
  return reading;
}

bool cannot_start(std::vector<config::Problem> const& problems) {
  return std::any_of(problems.begin(), problems.end(), [](config::Problem const& problem) {
    return problem.severity == config::Severity::error && !problem.confined;
  });
}

}  // namespace

int run_command(RunRequest const& request, config::Environment& machine) {
  forbid_core_dumps();
  SecretDesk secrets(machine);
  auto& environment = secrets.environment();
  FoundSources found;
  if (int const refused = find_sources(request.sources, environment, found); refused != 0) return refused;
  auto agreed = config::load_trust(environment);
  if (int const refused = take_consent(found, request.trust, agreed, environment); refused != 0)
    return refused;
  found.sources.starting = true;
  auto checked = config::check(found.sources, environment);
  secrets.learn(checked.settings);
  if (!checked.settings.references.empty()) {
    secrets.fetch_now();
    checked = config::check(found.sources, environment);
    // There is nothing to go back to yet; no reserve is made of what cannot be used.
    secrets.judge(checked.settings, !cannot_start(checked.problems));
  }
  bool const colour = wants_colour(request.colour, ::isatty(STDERR_FILENO) != 0, environment);
  if (!checked.problems.empty()) base::say("{}", config::render_text(checked.problems, colour));
  if (cannot_start(checked.problems)) return checked.exit_code;

  GatewayOptions options;
  options.settings = std::make_shared<config::Settings const>(std::move(checked.settings));
  checked = {};  // its tree has the secrets of the start, which others will replace
  options.stdio = request.stdio;
  options.reload = [&](bool anew) { return read_again(request, agreed, secrets, anew); };
  options.secrets = &secrets;
  Gateway* running = nullptr;
  if (!request.stdio && !request.quiet) {
    bool const colour_out = wants_colour(request.colour, ::isatty(STDOUT_FILENO) != 0, environment);
    options.on_settled = [&running, &found, colour_out, json = request.json] {
      auto const text =
          json ? running->status_json() : render_start_table(table_view(*running, found), colour_out);
      base::say_on(stdout, text);  // a table that nobody reads is no reason to end
    };
  }
  Gateway gateway(std::move(options), machine);
  running = &gateway;
  if (auto started = gateway.start(); !started) {
    say(started.error());
    return exit_code_of(started.error());
  }
  return request.stdio ? run_stdio(gateway) : gateway.run();
}

}  // namespace weir::app
