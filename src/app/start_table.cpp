#include "app/start_table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "app/version.hpp"

namespace weir::app {
namespace {

std::string last_line(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  auto const at = text.rfind('\n');
  return std::string(at == std::string_view::npos ? text : text.substr(at + 1));
}

// The cause, and the last words of a child where they say more.
std::string state_of(core::ServerStatus const& status) {
  if (status.state == core::ServerState::ready) return "ok";
  if (status.state == core::ServerState::starting) return "starting";
  std::string text = "FAILED  " + status.cause;
  auto const said = last_line(status.last_stderr);
  if (!said.empty() && status.cause.find(said) == std::string::npos) text += ": \"" + said + "\"";
  return text;
}

}  // namespace

void print_start_table(Gateway& gateway, FoundSources const& found) {
  auto const statuses = gateway.server_statuses();
  auto const& settings = gateway.settings();
  auto const set = gateway.first_worker().catalog().current();
  std::size_t wide = 6;
  std::size_t from_wide = 4;
  for (auto const& [name, status] : statuses) {
    wide = std::max(wide, name.size());
    auto const at = settings.provenance.find(name);
    if (at != settings.provenance.end()) from_wide = std::max(from_wide, at->second.file.size());
  }
  fmt::print("weir {}  {}\n", kVersion, found.heading);
  if (!statuses.empty()) {
    fmt::print("  {:<{}}  {:<5}  {:<{}}  {:<10}  {:>5}  {:>7}  STATE\n", "SERVER", wide, "VIA", "FROM", from_wide,
               "ERA", "TOOLS", "START");
  }
  std::size_t ready = 0;
  std::size_t tools = 0;
  for (auto const& [name, status] : statuses) {
    auto const at = settings.provenance.find(name);
    std::string const from = at == settings.provenance.end() ? "-" : at->second.file;
    auto const* const server = set->server(name);
    auto const* const list = server != nullptr && server->contents ? server->contents->list(router::ListKind::tools) : nullptr;
    bool const up = status.state == core::ServerState::ready;
    std::size_t const count = list == nullptr ? 0 : list->items().size();
    ready += up ? 1 : 0;
    tools += count;
    auto const took = std::chrono::duration_cast<std::chrono::milliseconds>(status.start_took).count();
    fmt::print("  {:<{}}  {:<5}  {:<{}}  {:<10}  {:>5}  {:>7}  {}\n", name, wide, status.transport, from, from_wide,
               status.era.empty() ? "-" : status.era, up ? std::to_string(count) : "-",
               up ? fmt::format("{}ms", took) : "-", state_of(status));
  }
  double const seconds = std::chrono::duration<double>(gateway.uptime()).count();
  fmt::print("{}/{} servers ready, {} tools in {:.1f} s\n", ready, statuses.size(), tools, seconds);
  if (statuses.empty()) fmt::print("  Add one to weir.yaml:  servers: {{ files: {{ command: npx, args: [-y, \"@modelcontextprotocol/server-filesystem\", .] }} }}\n");
  for (auto const& url : gateway.mcp_urls()) fmt::print("  MCP     {}\n", url);
  if (!gateway.admin_url().empty()) fmt::print("  Status  {}/api/v1/status\n  Metrics {}{}\n", gateway.admin_url(), gateway.admin_url(), settings.metrics.path);
  std::fflush(stdout);
}

}  // namespace weir::app
