#include "app/start_table.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using core::ServerState;

TableView view_of(std::vector<TableRow> rows) {
  return {"1.0.0",
          "weir.yaml",
          "",
          std::move(rows),
          712ms,
          {"http://127.0.0.1:6270/mcp"},
          "http://127.0.0.1:6271",
          "/metrics"};
}

TEST(StartTable, ShowsEachServerWithItsStateAndTheCauseOfAFailure) {
  auto view =
      view_of({{"github", "http", "~/.claude.json", ServerState::ready, "2026-07-28", 43, 212ms, "", ""},
               {"files", "stdio", ".mcp.json", ServerState::ready, "2025-11-25", 11, 640ms, "", "chatter\n"},
               {"postgres", "stdio", ".cursor/mcp.json", ServerState::failed, "", 0, 0ms, "exit 1",
                "DATABASE_URL is not set\n"},
               {"slow", "stdio", ".mcp.json", ServerState::starting, "", 0, 0ms, "", "loading\n"}});
  view.heading = "no weir.yaml here; using client configs";
  EXPECT_EQ(render_start_table(view, false),
            "weir 1.0.0  no weir.yaml here; using client configs\n"
            "  SERVER    VIA    FROM              ERA         TOOLS    START  STATE\n"
            "  github    http   ~/.claude.json    2026-07-28     43    212ms  ok\n"
            "  files     stdio  .mcp.json         2025-11-25     11    640ms  ok\n"
            "  postgres  stdio  .cursor/mcp.json  -               -        -  FAILED  exit 1: \"DATABASE_URL "
            "is not set\"\n"
            "  slow      stdio  .mcp.json         -               -        -  starting\n"
            "2/4 servers ready, 54 tools in 0.7 s; 1 still starting, the log tells when\n"
            "  MCP      http://127.0.0.1:6270/mcp\n"
            "  Status   http://127.0.0.1:6271/api/v1/status   or: weir status\n"
            "  Metrics  http://127.0.0.1:6271/metrics\n"
            "  Try it   weir call github\n");
}

TEST(StartTable, ShowsTheLastLinesOfAServerThatSaidMore) {
  auto view = view_of({{"a", "stdio", "weir.yaml", ServerState::failed, "", 0, 0ms, "exit 127",
                        "0\n1\n2\n3\n\x1b[31m4\n5\n"}});
  view.flags = " --config weir.yaml";
  EXPECT_EQ(render_start_table(view, false),
            "weir 1.0.0  weir.yaml\n"
            "  SERVER  VIA    FROM       ERA         TOOLS    START  STATE\n"
            "  a       stdio  weir.yaml  -               -        -  FAILED  exit 127\n"
            "    | 1\n    | 2\n    | 3\n    | ?[31m4\n    | 5\n"
            "0/1 servers ready, 0 tools in 0.7 s\n"
            "  MCP      http://127.0.0.1:6270/mcp\n"
            "  Status   http://127.0.0.1:6271/api/v1/status   or: weir status --config weir.yaml\n"
            "  Metrics  http://127.0.0.1:6271/metrics\n");
}

TEST(StartTable, ShowsNoMoreThanTheLastWordsFitToRead) {
  std::string said;
  for (int line = 0; line < 5; ++line) said += std::to_string(line) + std::string(1800, 'x') + "\n";
  auto const row = [&said](std::string words) {
    auto const view =
        view_of({{"a", "stdio", "f", ServerState::failed, "", 0, 0ms, "exit 1", std::move(words)}});
    auto const text = render_start_table(view, false);
    auto const from = text.find("FAILED");
    return text.substr(from, text.find("0/1 servers") - from);
  };
  EXPECT_LT(row(said).size(), 500U);
  EXPECT_NE(row(said).find("4xxx"), std::string::npos) << "the newest of them";
  EXPECT_NE(row(said + "KEY is not set\n").find("    | KEY is not set\n"), std::string::npos);
  EXPECT_LT(row(said + "KEY is not set\n").size(), 500U);
}

TEST(StartTable, DoesNotRepeatWordsThatTheCauseHasAlready) {
  auto const view =
      view_of({{"a", "stdio", "f", ServerState::failed, "", 0, 0ms, "exit 1: no such file", "no such file"}});
  EXPECT_NE(render_start_table(view, false).find("FAILED  exit 1: no such file\n"), std::string::npos);
}

TEST(StartTable, CountsAServerThatIsTriedAgainAsFailed) {  // acceptance row 4
  auto const view =
      view_of({{"a", "stdio", "f", ServerState::starting, "", 0, 0ms, "x: not found (attempt 1/5)", ""}});
  EXPECT_NE(render_start_table(view, false).find("FAILED  x: not found (attempt 1/5)\n"), std::string::npos);
}

TEST(StartTable, SaysHowToAddAServerWhenThereIsNone) {  // acceptance row 2
  EXPECT_EQ(
      render_start_table(view_of({}), false),
      "weir 1.0.0  weir.yaml\n"
      "0/0 servers ready, 0 tools in 0.7 s\n"
      "Add one to weir.yaml, for example:\n"
      "    servers: { files: { command: npx, args: [-y, \"@modelcontextprotocol/server-filesystem\", .] } }\n"
      "  MCP      http://127.0.0.1:6270/mcp\n"
      "  Status   http://127.0.0.1:6271/api/v1/status   or: weir status\n"
      "  Metrics  http://127.0.0.1:6271/metrics\n");
}

TEST(StartTable, HasColoursOnlyWhenAsked) {  // acceptance row 51
  auto const view = view_of({{"a", "http", "f", ServerState::ready, "2026-07-28", 1, 1ms, "", ""}});
  EXPECT_EQ(render_start_table(view, false).find('\x1b'), std::string::npos);
  EXPECT_NE(render_start_table(view, true).find("\x1b[32mok\x1b[0m"), std::string::npos);
}

}  // namespace
}  // namespace weir::app
