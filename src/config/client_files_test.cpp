#include "config/client_files.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace weir::config {
namespace {

MemoryEnvironment machine() {
  MemoryEnvironment environment;
  environment.vars["HOME"] = "/home/u";
  environment.cwd = "/home/u/project";
  return environment;
}

CheckReport check_found(MemoryEnvironment const& environment, std::vector<std::string> files = {}) {
  Sources sources;
  sources.files = std::move(files);
  sources.client_files = discover(environment);
  return check(sources, environment);
}

CheckReport check_named(std::string const& path, std::string text,
                        MemoryEnvironment environment = machine()) {
  environment.files[path] = std::move(text);
  Sources sources;
  sources.client_files = {named_file(path, environment)};
  return check(sources, environment);
}

TEST(ClientFiles, AreFoundNearestFirst) {
  auto environment = machine();
  for (auto const* path :
       {"/home/u/.claude.json", "/home/u/.cursor/mcp.json", "/home/u/.codeium/windsurf/mcp_config.json",
        "/home/u/.codex/config.toml", "/home/u/.config/Claude/claude_desktop_config.json",
        "/home/u/.config/Code/User/mcp.json", "/home/u/.config/opencode/opencode.jsonc",
        "/home/u/.config/zed/settings.json", "/home/u/project/.mcp.json", "/home/u/project/.cursor/mcp.json",
        "/home/u/project/.vscode/mcp.json", "/home/u/project/opencode.json"}) {
    environment.files[path] = "{}";
  }
  std::string shown;
  for (auto const& file : discover(environment)) shown += (file.project ? "!" : "") + file.shown + "\n";
  EXPECT_EQ(shown,
            "!.mcp.json\n!.cursor/mcp.json\n!.vscode/mcp.json\n!opencode.json\n"
            "~/.claude.json\n~/.cursor/mcp.json\n~/.codeium/windsurf/mcp_config.json\n~/.codex/config.toml\n"
            "~/.config/Claude/claude_desktop_config.json\n~/.config/Code/User/mcp.json\n"
            "~/.config/opencode/opencode.jsonc\n~/.config/zed/settings.json\n");
}

TEST(ClientFiles, InTheHomeFolderTheUsersOwnFilesAreNoProject) {
  auto environment = machine();
  environment.cwd = "/home/u";
  environment.files["/home/u/.cursor/mcp.json"] = "{}";
  auto const files = discover(environment);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_FALSE(files[0].project);
  EXPECT_TRUE(discover(MemoryEnvironment{}).empty());
}

TEST(ClientFiles, EveryShapeIsUnderstood) {
  for (auto const& [path, text] : std::map<std::string, std::string>{
           {"/p/.mcp.json",
            R"({"mcpServers": {"s": {"command": "npx", "args": ["-y", "x"], "env": {"A": "b"},
                "alwaysAllow": []}}})"},
           {"/p/bare.json", R"({"s": {"command": "npx", "args": ["-y", "x"], "env": {"A": "b"}}} // bare)"},
           {"/p/.vscode/mcp.json",
            R"({"inputs": [], "servers": {"s": {"type": "stdio", "command": "npx",
                "args": ["-y", "x",], "env": {"A": "b"}}}})"},
           {"/p/config.toml",
            "[mcp_servers.s]\ncommand = 'npx'\nargs = ['-y', 'x']\n[mcp_servers.s.env]\nA = 'b'\n"},
           {"/p/opencode.json",
            R"({"mcp": {"s": {"type": "local", "command": ["npx", "-y", "x"],
                "environment": {"A": "b"}, "enabled": true}}})"},
           {"/p/zed/settings.json",
            R"({"context_servers": {"s": {"command": {"path": "npx", "args": ["-y", "x"],
                "env": {"A": "b"}}}}})"}}) {
    auto const report = check_named(path, text);
    EXPECT_EQ(render_text(report.problems, false), "") << path;
    ASSERT_EQ(report.settings.servers.size(), 1U) << path;
    auto const& server = report.settings.servers[0];
    EXPECT_EQ(server.kind, UpstreamKind::stdio) << path;
    EXPECT_EQ(server.command, "npx") << path;
    EXPECT_EQ(server.args, (std::vector<std::string>{"-y", "x"})) << path;
    ASSERT_EQ(server.env.size(), 1U) << path;
    EXPECT_EQ(server.env[0].second.reveal(), "b") << path;
  }
}

TEST(ClientFiles, TheTransportIsInferred) {
  auto const report = check_named("/p/.mcp.json", R"({"mcpServers": {
    "a": {"url": "http://h/a"}, "b": {"serverUrl": "http://h/b"}, "c": {"httpUrl": "http://h/c"},
    "d": {"type": "streamableHttp", "url": "http://h/d"}, "e": {"type": "sse", "url": "http://h/e"},
    "f": {"type": "http", "url": "http://h/f", "headers": {"X": "y"}, "disabled": true}}})");
  EXPECT_EQ(render_text(report.problems, false), "");
  std::vector<UpstreamKind> kinds;
  for (auto const& server : report.settings.servers) kinds.push_back(server.kind);
  using enum UpstreamKind;
  EXPECT_EQ(kinds, (std::vector{http_any, http_any, http_any, streamable_http, sse, http_any}));
  EXPECT_TRUE(report.settings.server("f")->disabled);
  EXPECT_EQ(report.settings.server("f")->headers[0].second.reveal(), "y");
}

TEST(ClientFiles, ReferencesOfEachClientWork) {
  auto environment = machine();
  environment.vars["TOKEN"] = "tkn-123456";
  auto const codex = check_named(
      "/p/config.toml", "[mcp_servers.s]\nurl = 'http://h/'\nbearer_token_env_var = 'TOKEN'\n", environment);
  EXPECT_EQ(codex.settings.servers[0].credential.value.reveal(), "Bearer tkn-123456");
  auto const opencode = check_named(
      "/p/opencode.json",
      R"({"mcp": {"s": {"type": "remote", "url": "http://h/", "headers": {"A": "x {env:TOKEN}"}}}})",
      environment);
  EXPECT_EQ(opencode.settings.servers[0].headers[0].second.reveal(), "x tkn-123456");
  auto const cursor = check_named(
      "/p/.cursor/mcp.json", R"({"mcpServers": {"s": {"command": "${workspaceFolder}/run"}}})", environment);
  EXPECT_EQ(cursor.settings.servers[0].command, "/p/run");
}

TEST(ClientFiles, AnUnsetVariableSetsItsServerAside) {
  auto const report =
      check_named("/home/u/project/.mcp.json",
                  "{\n \"mcpServers\": {\n  \"github\": {\"url\": \"http://h/\", \"headers\": {\n"
                  "  \"Authorization\": \"Bearer ${GITHUB_TOKEN}\"}},\n  \"b\": {\"command\": \"c\"}}}");
  EXPECT_EQ(render_text(report.problems, false),
            "error[WEIR-E031]: ${GITHUB_TOKEN} is not set\n"
            "  --> /home/u/project/.mcp.json:4:28\n"
            "4 |   \"Authorization\": \"Bearer ${GITHUB_TOKEN}\"}},\n"
            "  |                            ^^^^^^^^^^^^^^^\n"
            "  = server `github` disabled; 1 other still starts\n"
            "  = fix: export GITHUB_TOKEN=…  or ${cred:github}\n");
  EXPECT_TRUE(report.problems[0].confined);
  EXPECT_EQ(report.settings.server("github")->unusable, "${GITHUB_TOKEN} is not set");
}

TEST(ClientFiles, OneBadEntryNeverHidesTheOthers) {
  auto const report = check_named(
      "/p/.mcp.json", R"({"mcpServers": {"a": {"note": "x"}, "b": 5, "c": {"command": "c", "args": "x"},
    "d": {"type": "carrier-pigeon", "url": "http://h/"}, "!!": {"command": "c"},
    "good": {"command": "c"}}})");
  std::string codes;
  for (auto const& problem : report.problems)
    codes += problem.code.substr(5) + (problem.confined ? "+ " : "- ");
  EXPECT_EQ(codes, "E053- E053- E011+ E013+ E053- ");
  EXPECT_EQ(report.settings.servers.size(), 3U);
  EXPECT_NE(report.settings.server("c")->unusable, "");
  EXPECT_NE(report.settings.server("d")->unusable, "");
  EXPECT_EQ(report.settings.server("good")->unusable, "");
}

TEST(ClientFiles, ABrokenFileOfAnEditorKeepsNothingDownButANamedOneDoes) {
  auto environment = machine();
  environment.files["/home/u/.cursor/mcp.json"] = "{ broken";
  environment.files["/home/u/.claude.json"] = R"({"mcpServers": {"a": {"command": "c"}}})";
  Sources sources;
  sources.client_files = discover(environment);
  Problems problems;
  EXPECT_EQ(load(sources, environment, problems).settings.servers.size(), 1U);
  EXPECT_TRUE(problems.has_errors());
  EXPECT_FALSE(problems.must_not_start());

  sources.client_files = {named_file("~/.cursor/mcp.json", environment),
                          named_file("/missing.json", environment)};
  Problems named;
  load(sources, environment, named);
  EXPECT_TRUE(named.must_not_start());
  EXPECT_EQ(named.count(Severity::error), 2U);
}

TEST(ClientFiles, TheSameServerInTwoFilesIsOneAndDifferentOnesCollide) {
  auto environment = machine();
  environment.files["/home/u/project/.mcp.json"] =
      R"({"mcpServers": {"a": {"command": "c", "args": ["1"]}, "b": {"url": "http://h/b"}}})";
  environment.files["/home/u/.claude.json"] =
      "{\"mcpServers\": {\"a\": {\"command\": \"c\", \"args\": [\"1\"], \"env\": {\"X\": \"y\"}}, "
      "\"b\": {\"url\": \"http://h/other\"}}}";
  auto const report = check_found(environment);
  EXPECT_EQ(
      render_text(report.problems, false),
      "warning[WEIR-E052]: server `b` has another target here\n"
      "  --> ~/.claude.json:1:74\n"
      "1 | {\"mcpServers\": {\"a\": {\"command\": \"c\", \"args\": [\"1\"], \"env\": {\"X\": \"y\"}}, \"b\": "
      "{\"url\": \"http://h/oth…\n"
      "  |                                                                          ^^^\n"
      "  = the one at .mcp.json:1:55 is used\n"
      "  = fix: rename one of them\n");
  EXPECT_EQ(report.settings.servers.size(), 2U);
  EXPECT_EQ(report.settings.server("b")->urls[0], "http://h/b");
  EXPECT_EQ(report.settings.provenance.at("a").file, ".mcp.json");
  EXPECT_EQ(report.settings.provenance.at("a").also, std::vector<std::string>{"~/.claude.json"});
}

TEST(ClientFiles, OurOwnFileWinsANameAndOurOwnAddressIsSkipped) {
  auto environment = machine();
  environment.files["/home/u/project/weir.yaml"] =
      "servers: { a: { command: mine } }\nlisteners: [ { bind: \"127.0.0.1:7000\" } ]\n";
  environment.files["/home/u/project/.mcp.json"] =
      R"({"mcpServers": {"a": {"command": "c"}, "weir": {"url": "http://localhost:7000/mcp"},
    "stdio": {"command": "/usr/bin/weir", "args": ["run", "--stdio"]},
    "one": {"url": "http://127.0.0.1:7000/mcp/one"},
    "other": {"url": "http://127.0.0.1:7000/mcpx"}}})";
  auto const report = check_found(environment, {"weir.yaml"});
  std::string codes;
  for (auto const& problem : report.problems) codes += problem.code.substr(5) + " ";
  EXPECT_EQ(codes, "E052 E054 E054 E054 ");
  EXPECT_EQ(report.settings.servers.size(), 2U);
  EXPECT_EQ(report.settings.server("a")->command, "mine");
}

TEST(ClientFiles, NamesBecomeUsable) {
  auto const report = check_named(
      "/p/.mcp.json", R"({"mcpServers": {"My Server": {"command": "c"}, "github.com/x/y": {"command": "c"},
    "a__b_": {"command": "c"}, "a-very-long-name-that-goes-on-and-on-and-on": {"command": "c"}}})");
  std::string names;
  for (auto const& server : report.settings.servers) names += server.name + " ";
  EXPECT_EQ(names, "My-Server github-com-x-y a_b a-very-long-name-that-goes-on-an ");
  EXPECT_EQ(render_text(report.problems, false), "");
}

TEST(ClientFiles, OneClientKeepsServersPerProject) {
  auto environment = machine();
  environment.files["/home/u/.claude.json"] =
      R"({"projects": {"/home/u/project": {"history": [], "mcpServers": {"p": {"command": "c"}}},
                       "/else": {"mcpServers": {"q": {"command": "c"}}}},
          "mcpServers": {"g": {"command": "c"}}})";
  std::string names;
  for (auto const& server : check_found(environment).settings.servers) names += server.name + " ";
  EXPECT_EQ(names, "p g ");
}

TEST(ClientFiles, AFileWithoutServersHasNone) {
  for (auto const* text :
       {"{}", "{\"numStartups\": 3}", "[]", "null", "{\"mcpServers\": {}}", "{\"mcpServers\": []}"}) {
    auto const report = check_named("/p/.mcp.json", text);
    EXPECT_TRUE(report.settings.servers.empty()) << text;
    EXPECT_EQ(report.exit_code, 0) << text;
    EXPECT_EQ(render_text(report.problems, false),
              "warning[WEIR-E053]: no servers are found in `/p/.mcp.json`\n"
              "  --> /p/.mcp.json\n"
              "  = fix: write them below `mcpServers`, or name another file\n")
        << text;
  }
  auto environment = machine();
  environment.files["/home/u/.claude.json"] = "{\"numStartups\": 3}";
  EXPECT_TRUE(check_found(environment).problems.empty()) << "nobody has named it";
}

TEST(TrustStore, ConsentIsForOneContentOfOneFile) {
  auto environment = machine();
  auto store = load_trust(environment);
  auto const hash = content_hash("test");
  EXPECT_EQ(hash, "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
  EXPECT_TRUE(store.needs_consent("/p/.mcp.json", hash));
  store.remember("/p/.mcp.json", hash);
  EXPECT_FALSE(store.needs_consent("/p/.mcp.json", hash));
  EXPECT_TRUE(store.needs_consent("/p/.mcp.json", content_hash("test2")));
  EXPECT_TRUE(store.needs_consent("/q/.mcp.json", hash));
  EXPECT_TRUE(store.needs_consent("/p/.mcp.json", ""));

  ASSERT_TRUE(save_trust(store, environment));
  EXPECT_TRUE(environment.files.contains("/home/u/.local/state/weir/trusted.json"));
  EXPECT_FALSE(load_trust(environment).needs_consent("/p/.mcp.json", hash));
  environment.files["/home/u/.local/state/weir/trusted.json"] = "{ damaged";
  EXPECT_TRUE(load_trust(environment).needs_consent("/p/.mcp.json", hash));
}

TEST(TrustStore, LivesInTheStateFolder) {
  auto environment = machine();
  environment.vars["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(trust_path(environment), "/state/weir/trusted.json");
  environment.vars["STATE_DIRECTORY"] = "/var/lib/weir:/other";
  EXPECT_EQ(trust_path(environment), "/var/lib/weir/trusted.json");
}

TEST(TrustStore, HoldsOneThousandFiles) {
  TrustStore store;
  for (int i = 0; i < 1001; ++i) store.remember(fmt::format("/{:05}", i), "sha256:x");
  EXPECT_TRUE(store.needs_consent("/00000", "sha256:x"));
  EXPECT_FALSE(store.needs_consent("/00001", "sha256:x"));
  EXPECT_FALSE(store.needs_consent("/01000", "sha256:x"));
}

}  // namespace
}  // namespace weir::config
