// Configuration: any text, read as each syntax and as each client's file, never crashes, never hangs, always
// reports places inside the text, prints valid JSON and never shows an expanded secret (T-43).
//
// The first byte chooses: own YAML, own JSON, own TOML, or a client's file in one of its formats.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/expand.hpp"
#include "config/load.hpp"
#include "config/reader.hpp"
#include "fuzz/fuzz_text.hpp"

namespace {

using namespace weir::config;
using weir::fuzz::require;

constexpr std::string_view kSecret = "TOP-SECRET-VALUE";

void check_places(std::vector<Problem> const& problems) {
  for (auto const& problem : problems) {
    require(explain(problem.code) != nullptr, "every code is in the catalogue");
    auto const& mark = problem.mark;
    if (!mark.source || mark.line == 0) continue;
    std::string_view const text = mark.source->text;
    auto const lines = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    require(mark.line <= lines + 1, "the line is inside the text");
    require(shown_column(mark) >= 1 && shown_length(mark) >= 1, "the caret has a place");
  }
}

void check_renderings(CheckReport const& report, bool secret_is_ours) {
  auto const text = render_text(report.problems, false);
  auto const json = render_json(report.problems);
  auto const sarif = render_sarif(report.problems);
  require(text.find('\x1b') == std::string::npos, "no escape bytes reach the terminal");
  Problems none;
  read_json(make_source("json", json, 0), none, kClientBytesMax);
  read_json(make_source("sarif", sarif, 0), none, kClientBytesMax);
  require(!none.has_errors(), "the renderings are JSON");
  if (!secret_is_ours) return;
  require((text + json + sarif).find(kSecret) == std::string::npos, "no rendering shows a secret");
  for (auto const& origin : origins(report.tree)) {
    require(origin.text.find(kSecret) == std::string::npos, "no origin shows a secret");
  }
}

void check_settings(CheckReport const& report, Sources const& sources, Environment const& environment) {
  auto const again = check(sources, environment);
  auto const difference = changes(report.settings, again.settings);
  require(difference.added.empty() && difference.removed.empty() && difference.changed.empty(),
          "the same text gives the same servers");
  for (auto const& server : report.settings.servers) {
    require(server.stdio.instances_min >= 1 && server.stdio.instances_min <= server.stdio.instances_max,
            "a server has an instance");
    require(server.timeouts.call <= server.timeouts.call_max, "time limits are in order");
    bool const target = server.kind == UpstreamKind::stdio ? !server.command.empty() : !server.urls.empty();
    bool const usable = report.exit_code == 0 && server.unusable.empty();
    require(target || !usable, "a usable server can be reached");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  std::uint8_t choice = 0;
  std::string_view text;
  if (!weir::fuzz::split_input(bytes, size, choice, text)) return 0;

  MemoryEnvironment environment;
  environment.vars = {{"HOME", "/home/u"}, {"S", std::string(kSecret)}, {"E", ""}};
  environment.files["/run/secrets/s"] = std::string(kSecret);
  environment.files["/here/more.yaml"] = text;
  static constexpr char const* kNames[] = {
      "/here/weir.yaml",        "/here/weir.json",   "/here/weir.toml",     "/here/.mcp.json",
      "/here/.vscode/mcp.json", "/here/config.toml", "/here/opencode.json", "/here/zed/settings.json"};
  auto const which = choice % std::size(kNames);
  environment.files[kNames[which]] = text;

  Sources sources;
  if (which < 3) {
    sources.files = {kNames[which]};
  } else {
    sources.client_files = {named_file(kNames[which], environment)};
  }
  auto const report = check(sources, environment);
  check_places(report.problems);
  check_renderings(report, text.find(kSecret) == std::string_view::npos);
  check_settings(report, sources, environment);
  auto const expansion = expand(text, environment, "/here");
  require(!has_reference(text) || expansion.value.reveal().size() <= text.size() * (kSecret.size() + 1),
          "an expansion is one pass");
  return 0;
}
