#include "app/start_table.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "app/colour.hpp"
#include "app/shown_text.hpp"
#include "app/status_words.hpp"
#include "app/version.hpp"

namespace weir::app {
namespace {

constexpr std::size_t kStderrLinesMax = 5;
constexpr std::size_t kEraWidth = 10;
constexpr char kAddServer[] =
    "Add one to weir.yaml, for example:\n"
    "    servers: { files: { command: npx, args: [-y, \"@modelcontextprotocol/server-filesystem\", .] } }\n";

struct Widths {
  std::size_t name = 6;
  std::size_t via = 5;
  std::size_t from = 4;
};

bool is_up(TableRow const& row) { return row.state == core::ServerState::ready; }
// A server that failed once and is tried again is down until it answers.
bool is_down(TableRow const& row) {
  return !is_up(row) && (row.state != core::ServerState::starting || !row.cause.empty());
}

// The cause, with the last words of a child where they are one line and say more.
std::string state_of(TableRow const& row, std::string& below, bool colour) {
  if (is_up(row)) return painted("ok", "32", colour) + (row.cause.empty() ? "" : "  " + shown(row.cause));
  if (!is_down(row)) return painted("starting", "33", colour);
  std::string text = painted("FAILED", "1;31", colour);
  if (!row.cause.empty()) text += "  " + shown(row.cause);
  auto const said = last_words(row.last_stderr, kWordsShownMax);
  auto words = last_lines(said, kStderrLinesMax, "");
  if (std::count(words.begin(), words.end(), '\n') == 1) {
    words.pop_back();
    if (row.cause.find(words) == std::string::npos) text += ": \"" + words + "\"";
  } else {
    below = last_lines(said, kStderrLinesMax, "    | ");
  }
  return text;
}

std::string line_of(TableRow const& row, Widths const& wide, bool colour) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  std::string below;
  auto const state = state_of(row, below, colour);
  auto const took = fmt::format("{}ms", duration_cast<milliseconds>(row.start_took).count());
  return fmt::format("  {}  {}  {}  {}  {}  {}  {}\n{}", left(shown(row.name), wide.name),
                     left(shown(row.via), wide.via), left(shown(row.from), wide.from),
                     left(row.era.empty() ? "-" : row.era, kEraWidth),
                     right(is_up(row) ? std::to_string(row.tools) : "-", 5),
                     right(is_up(row) ? took : "-", 7), state, below);
}

Widths widths_of(std::vector<TableRow> const& rows) {
  Widths wide;
  for (auto const& row : rows) {
    wide.name = std::max(wide.name, width_of(shown(row.name)));
    wide.from = std::max(wide.from, width_of(shown(row.from)));
  }
  return wide;
}

}  // namespace

TableView table_view(Gateway& gateway, FoundSources const& found) {
  TableView view{
      std::string(kVersion), found.heading,      found.flags,         {},
      gateway.uptime(),      gateway.mcp_urls(), gateway.admin_url(), gateway.settings().metrics.path};
  auto const& provenance = gateway.settings().provenance;
  auto const& set = gateway.first_worker().catalog().current();
  for (auto& [name, status] : gateway.server_statuses()) {
    auto const from = provenance.find(name);
    auto const* const server = set.server(name);
    bool const known = server != nullptr && server->contents;
    auto const* const list = known ? server->contents->list(router::ListKind::tools) : nullptr;
    view.rows.push_back({name, std::move(status.transport),
                         from == provenance.end() ? "-" : from->second.file, status.state,
                         std::move(status.era), list == nullptr ? 0 : list->items().size(), status.start_took,
                         std::move(status.cause), std::move(status.last_stderr)});
  }
  return view;
}

std::string render_start_table(TableView const& view, bool colour) {
  std::string out = fmt::format("weir {}  {}\n", view.version, shown(view.heading));
  auto const wide = widths_of(view.rows);
  if (!view.rows.empty()) {
    out += fmt::format("  {}  {}  {}  {}  TOOLS    START  STATE\n", left("SERVER", wide.name),
                       left("VIA", wide.via), left("FROM", wide.from), left("ERA", kEraWidth));
  }
  std::size_t up = 0;
  std::size_t tools = 0;
  std::size_t starting = 0;
  for (auto const& row : view.rows) {
    out += line_of(row, wide, colour);
    starting += is_up(row) || is_down(row) ? 0 : 1;
    if (!is_up(row)) continue;
    ++up;
    tools += row.tools;
  }
  double const seconds = std::chrono::duration<double>(view.took).count();
  out += fmt::format("{}/{} servers ready, {} tools in {:.1f} s", up, view.rows.size(), tools, seconds);
  if (starting > 0) out += fmt::format("; {} still starting, the log tells when", starting);
  out += '\n';
  if (view.rows.empty()) out += kAddServer;
  for (auto const& url : view.mcp_urls) out += fmt::format("  MCP      {}\n", url);
  if (view.admin_url.empty()) return out;
  out += fmt::format("  Status   {}/api/v1/status   or: weir status{}\n", view.admin_url, view.flags);
  out += fmt::format("  Metrics  {}{}\n", view.admin_url, view.metrics_path);
  auto const first = std::find_if(view.rows.begin(), view.rows.end(), is_up);
  if (first != view.rows.end())
    out += fmt::format("  Try it   weir call{} {}\n", view.flags, shown(first->name));
  return out;
}

}  // namespace weir::app
