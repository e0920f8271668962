#include "app/check_command.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "app/colour.hpp"
#include "app/exit_codes.hpp"
#include "app/explain_keys.hpp"
#include "app/shown_text.hpp"
#include "base/say.hpp"

namespace weir::app {
namespace {

// "weir.yaml: ok, 3 servers", "weir.yaml: 2 errors, 1 warning"
std::string verdict(std::string const& name, config::CheckReport const& report) {
  auto const found = config::summary(report.problems);
  if (report.exit_code != 0) return fmt::format("{}: {}\n", shown(name), found);
  auto const servers = report.settings.servers.size();
  return fmt::format("{}: ok, {} server{}{}{}\n", shown(name), servers, servers == 1 ? "" : "s",
                     found.empty() ? "" : ", ", found);
}

int explain(CheckRequest const& request, config::CheckReport const& report) {
  auto const keys = explain_keys(config::origins(report.tree), *request.explain);
  if (keys.empty() && !request.explain->empty()) {
    base::say("error: there is no key `{}`; docs/config.md lists them all\n", shown(*request.explain));
    return kExitUsage;
  }
  fmt::print("{}", request.format == "json" ? render_keys_json(keys) : render_keys_text(keys));
  return report.exit_code;
}

}  // namespace

int check_command(CheckRequest const& request, config::Environment const& environment) {
  FoundSources found;
  if (int const refused = find_sources(request.sources, environment, found); refused != 0) return refused;
  found.sources.strict = request.strict;
  auto const report = config::check(found.sources, environment);
  if (request.format == "sarif") {
    fmt::print("{}\n", config::render_sarif(report.problems));
    return report.exit_code;
  }
  if (request.explain) {
    bool const colour = wants_colour(request.colour, ::isatty(STDERR_FILENO) != 0, environment);
    base::say("{}", config::render_text(report.problems, colour));
    return explain(request, report);
  }
  if (request.format == "json") {
    fmt::print("{}\n", config::render_json(report.problems));
    return report.exit_code;
  }
  bool const colour = wants_colour(request.colour, ::isatty(STDOUT_FILENO) != 0, environment);
  auto const text = config::render_text(report.problems, colour);
  fmt::print("{}{}{}", text, text.empty() ? "" : "\n", verdict(found.name, report));
  return report.exit_code;
}

}  // namespace weir::app
