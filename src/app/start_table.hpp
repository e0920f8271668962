// The table that `weir run` prints once every server has answered or failed, after 5 s at the latest.
//
// Rendering is pure; table_view() reads a running gateway on its own thread. What servers say of themselves
// is made safe to show. Every command that it names exists.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/gateway.hpp"
#include "app/sources.hpp"

namespace weir::app {

struct TableRow {
  std::string name;
  std::string via;   // "stdio", "http"
  std::string from;  // the file it was read from
  core::ServerState state = core::ServerState::starting;
  std::string era;  // "" while unknown
  std::size_t tools = 0;
  base::Duration start_took{};
  std::string cause;
  std::string last_stderr;
};

struct TableView {
  std::string version;
  std::string heading;
  std::string flags;  // what other commands need to find this gateway
  std::vector<TableRow> rows;
  base::Duration took{};
  std::vector<std::string> mcp_urls;
  std::string admin_url;  // "" without one
  std::string metrics_path;
};

TableView table_view(Gateway& gateway, FoundSources const& found);
std::string render_start_table(TableView const& view, bool colour);

}  // namespace weir::app
