#include "app/chaos_command.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "app/call_arguments.hpp"
#include "app/call_text.hpp"
#include "app/chaos_run.hpp"
#include "app/exit_codes.hpp"
#include "app/shown_text.hpp"
#include "base/say.hpp"

namespace weir::app {

using base::Result;

namespace {

constexpr std::size_t kScriptBytesMax = 1024 * 1024;
constexpr std::uint64_t kSeedsByChance = 1'000'000;
constexpr unsigned kUsefulReads = 990;  // of a thousand

std::atomic<bool> stop_wanted{false};
void on_signal(int) { stop_wanted = true; }

int fail(int code, std::string const& what, std::string const& fix = {}) {
  base::say("error: {}\n", what);
  if (!fix.empty()) base::say("  = {}\n", fix);
  return code;
}

// `docs.search` names a server too. False: no such server.
bool split_tool(ChaosOptions& options, config::Settings const& settings) {
  auto const dot = options.tool.find('.');
  if (dot != std::string::npos && options.servers.empty() && settings.server(options.tool.substr(0, dot))) {
    options.servers = {options.tool.substr(0, dot)};
    options.tool.erase(0, dot + 1);
  }
  return options.tool.empty() || options.servers.size() == 1 || settings.servers.size() == 1;
}

Result<chaos::FaultScript> script_of(ChaosRequest const& request, config::Environment const& environment) {
  if (request.script.empty()) {
    auto const share = chaos::parse_share(request.faults);
    if (share) return chaos::FaultScript::of_share(*share);
    return base::Error(base::Fault::invalid_input, base::Blame::client,
                       fmt::format("--faults must be a share like 20%, not `{}`", request.faults));
  }
  auto const text = environment.read(environment.absolute(request.script), kScriptBytesMax);
  if (!text) return text.error();
  return chaos::FaultScript::read(*text, request.script);
}

int unknown_server(std::string const& name, config::Settings const& settings) {
  std::vector<std::string_view> known;
  for (auto const& server : settings.servers) known.push_back(server.name);
  auto const meant = meant_by(name, known);
  return fail(kExitUsage, fmt::format("there is no server `{}`", shown(name)),
              meant.empty() ? "`weir check` names the file that was read"
                            : fmt::format("did you mean `{}`?", shown(meant)));
}

// 0, or the exit code of what is wrong with the request.
int read_request(ChaosRequest const& request, config::Environment const& environment,
                 config::Settings const& settings, ChaosOptions& options) {
  options.servers = request.servers;
  options.tool = request.tool;
  if (settings.servers.empty()) return fail(kExitConfig, "there is no server in the configuration");
  if (!split_tool(options, settings))
    return fail(kExitUsage, "--tool needs one server", "weir chaos SERVER --tool NAME");
  for (auto const& name : options.servers) {
    if (settings.server(name) == nullptr) return unknown_server(name, settings);
  }
  auto arguments = object_of("--args", request.args);
  if (!arguments) return fail(kExitData, shown(arguments.error().detail));
  auto script = script_of(request, environment);
  if (!script) return fail(kExitData, shown(script.error().detail));
  auto const useful = request.useful.empty()
                          ? std::optional<unsigned>(options.tool.empty() ? kUsefulReads : 0)
                          : chaos::parse_share(request.useful);
  if (!useful)
    return fail(kExitData, fmt::format("--useful must be a share like 99%, not `{}`", request.useful));
  base::SystemRandom random;
  options.arguments = *arguments;
  options.seed = request.seed ? *request.seed : script->seed.value_or(random.below(kSeedsByChance));
  options.script = std::move(*script);
  options.useful_min = *useful;
  options.calls = request.calls;
  options.concurrency = request.concurrency;
  options.time_max = std::chrono::minutes{request.minutes};
  options.stop = &stop_wanted;
  return kExitOk;
}

int code_of(base::Error const& error) {
  switch (error.fault) {
    case base::Fault::unavailable: return kExitUnavailable;
    case base::Fault::invalid_input: return kExitData;
    default: return kExitSoftware;
  }
}

}  // namespace

int chaos_command(ChaosRequest const& request, config::Environment& environment) {
  FoundSources found;
  if (int const refused = find_sources(request.sources, environment, found); refused != 0) return refused;
  auto agreed = config::load_trust(environment);
  if (int const refused = take_consent(found, request.trust, agreed, environment); refused != 0)
    return refused;
  auto checked = config::check(found.sources, environment);
  auto const fatal = [](auto const& problem) {
    return problem.severity == config::Severity::error && !problem.confined;
  };
  if (std::any_of(checked.problems.begin(), checked.problems.end(), fatal)) {
    base::say("{}", config::render_text(checked.problems, false));
    return checked.exit_code;
  }
  auto const settings = std::make_shared<config::Settings const>(std::move(checked.settings));
  ChaosOptions options;
  if (int const wrong = read_request(request, environment, *settings, options); wrong != 0) return wrong;

  auto gateway = ChaosGateway::begin(*settings, environment);
  if (!gateway) return fail(kExitSoftware, gateway.error().detail);
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  auto const report = ChaosRun(std::move(options), settings).run(**gateway);
  if (!report) return fail(code_of(report.error()), shown_lines(report.error().detail));
  if (request.json) {
    fmt::print("{}\n", chaos::report_json(*report));
  } else {
    fmt::print("{}", shown_lines(chaos::report_text(*report)));
  }
  return chaos::complaints(*report).empty() ? kExitOk : kExitBad;
}

}  // namespace weir::app
