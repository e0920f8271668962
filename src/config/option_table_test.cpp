#include "config/option_table.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "config/load.hpp"
#include "config/option_rows.hpp"
#include "config/reader.hpp"

namespace weir::config {
namespace {

std::string file_text(std::string const& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(OptionTable, EveryDefaultIsAllowedByItsOwnRow) {
  for (auto const& row : options()) {
    if (row.fallback.empty() || row.type == Type::list) continue;
    Node node;
    node.kind = plain_kind(row.fallback);
    node.text = row.fallback;
    auto const complaint = check_scalar(node, row);
    EXPECT_TRUE(complaint.code.empty()) << row.path << ": " << complaint.message;
  }
}

TEST(OptionTable, EveryNumberHasARangeThatIsNotEmpty) {
  for (auto const& row : options()) {
    bool const counts = row.type == Type::integer || row.type == Type::count || row.type == Type::duration ||
                        row.type == Type::seconds || row.type == Type::size || row.type == Type::rate ||
                        row.type == Type::percent || row.type == Type::instances ||
                        row.type == Type::duration_range;
    EXPECT_EQ(counts, !row.range.empty()) << row.path;
    if (row.range.empty()) continue;
    for (auto const end :
         {row.range.substr(0, row.range.find("..")), row.range.substr(row.range.find("..") + 2)}) {
      Node node;
      node.text = std::string(end);
      node.kind = plain_kind(end);
      EXPECT_TRUE(check_scalar(node, row).code.empty())
          << row.path << ": both ends of the range are allowed: " << end;
    }
  }
}

TEST(OptionTable, EveryRowIsDescribedAndHasItsSectionsAboveIt) {
  std::set<std::string> known;
  for (auto const& row : options()) {
    EXPECT_TRUE(row.description.ends_with('.') || row.description.ends_with('`')) << row.path;
    auto const dot = row.path.rfind('.');
    bool const nested = dot != std::string_view::npos;
    EXPECT_TRUE(!nested || known.contains(std::string(row.path.substr(0, dot)))) << row.path;
    known.insert(std::string(row.path));
    EXPECT_TRUE(row.type != Type::word || !row.words.empty()) << row.path;
  }
}

TEST(OptionTable, ALaterSectionHoldsOnlyLaterKeys) {
  for (auto const& row : options()) {
    for (auto const& below : options()) {
      if (row.effect == Effect::later && below.path.starts_with(std::string(row.path) + ".")) {
        EXPECT_EQ(below.effect, Effect::later) << below.path;
      }
    }
  }
}

// A section `l2_redis` is there to choose it; its defaults are checked in caching_test.cpp.
bool is_choice_of_redis(std::string_view path) { return path.starts_with("caching.l2_redis."); }

// The structs of settings.hpp and the table state the same defaults: a file that writes all of the table's
// out gives the settings of an empty one.
TEST(OptionTable, DefaultsOfTheTableAreTheDefaultsOfTheStructs) {
  std::string text =
      "servers: { s: { command: c, stdio: {share: per_principal, instances: 1..4, idle_stop: 10m, restart: "
      "100ms..30s, "
      "memory_max: 512MiB }, required: false, disabled: false, expose: true } }\n"
      "degradation: { defaults: { timeout_ms: 5000, max_timeout_ms: 600000, start_timeout_ms: 30000, "
      "parked_max_ms: 600000 } }\n"
      "listeners: [ { name: default, bind: \"127.0.0.1:6270\", protocol: { eras: [modern, legacy], "
      "legacy_sse: false } } ]\n";
  std::string const auth =
      "auth: { jwt: { issuer: \"https://a/\", audience: \"https://h/mcp\" }, introspection: { url: "
      "\"https://a/i\", "
      "client_id: w, client_secret: \"${SECRET:-s}\", issuer: \"https://a/\", audience: \"https://h/mcp\" } "
      "}\n";
  text += auth;
  std::map<std::string, std::string> sections;
  for (auto const& row : options()) {
    auto const top = row.path.substr(0, row.path.find('.'));
    bool const plain = row.path.find_first_of("*[") == std::string_view::npos && !row.fallback.empty();
    if (!plain || row.effect == Effect::later || row.path == "version") continue;
    sections[std::string(top)] = "";
    MemoryEnvironment environment;
    environment.files["/here/weir.yaml"] = text;
    Sources sources{
        {"weir.yaml"}, {}, {{"--x", std::string(row.path), std::string(row.fallback)}}, false, false};
    Problems problems;
    auto const with = load(sources, environment, problems).settings;
    EXPECT_FALSE(problems.has_errors()) << row.path << "\n" << render_text(problems.sorted(), false);
    sources.flags.clear();
    environment.files["/here/weir.yaml"] = auth + "servers: { s: { command: c } }";
    if (top == "caching")
      environment.files["/here/weir.yaml"] += "\ncaching: {}";  // its presence says something
    auto const without = load(sources, environment, problems).settings;
    EXPECT_EQ(with.servers, without.servers) << row.path;
    EXPECT_EQ(with.listeners, without.listeners) << row.path;
    EXPECT_EQ(with.admin, without.admin) << row.path;
    EXPECT_EQ(with.jwt, without.jwt) << row.path;
    EXPECT_EQ(with.introspection, without.introspection) << row.path;
    EXPECT_EQ(with.names, without.names) << row.path;
    EXPECT_EQ(with.limits, without.limits) << row.path;
    EXPECT_EQ(with.sessions, without.sessions) << row.path;
    EXPECT_EQ(with.streams, without.streams) << row.path;
    EXPECT_EQ(with.log, without.log) << row.path;
    EXPECT_EQ(with.metrics, without.metrics) << row.path;
    EXPECT_EQ(with.caching == without.caching, !is_choice_of_redis(row.path)) << row.path;
    EXPECT_EQ(with.rates, without.rates) << row.path;
    EXPECT_EQ(with.shedding, without.shedding) << row.path;
    EXPECT_EQ(with.drain, without.drain) << row.path;
    EXPECT_EQ(with.error_style, without.error_style) << row.path;
  }
  EXPECT_GE(sections.size(), 6U);
  for (auto const& [path, value] :
       std::map<std::string_view, std::string_view>{{"servers.*.stdio.instances", "1..4"},
                                                    {"servers.*.stdio.restart", "100ms..30s"},
                                                    {"servers.*.stdio.memory_max", "512MiB"},
                                                    {"servers.*.stdio.idle_stop", "10m"},
                                                    {"degradation.*.timeout_ms", "5000"},
                                                    {"degradation.*.max_timeout_ms", "600000"},
                                                    {"degradation.*.start_timeout_ms", "30000"},
                                                    {"degradation.*.parked_max_ms", "600000"},
                                                    {"listeners[].bind", "127.0.0.1:6270"},
                                                    {"listeners[].protocol.legacy_sse", "false"}}) {
    EXPECT_EQ(default_of(path), value);
  }
}

TEST(OptionTable, TheReferencePageIsUpToDate) {
  auto const committed = file_text(WEIR_SOURCE_DIR "/docs/config.md");
  auto const generated = reference_markdown();
  if (committed == generated) return;
  auto const path = testing::TempDir() + "config.md";
  std::ofstream(path) << generated;
  FAIL() << "docs/config.md differs from the option table; copy " << path << " over it";
}

TEST(OptionTable, TheSchemaIsJsonAndKnowsEveryKey) {
  Problems problems;
  auto const schema = read_json(make_source("schema.json", schema_json(), 0), problems, kClientBytesMax);
  EXPECT_FALSE(problems.has_errors()) << render_text(problems.sorted(), false);
  EXPECT_EQ(schema.find("$schema")->text, "https://json-schema.org/draft/2020-12/schema");
  auto const* properties = schema.find("properties");
  ASSERT_NE(properties, nullptr);
  for (auto const& row : options()) {
    auto const top = row.path.substr(0, row.path.find_first_of(".["));
    EXPECT_NE(properties->find(top), nullptr) << row.path;
  }
  EXPECT_NE(schema_json().find(R"("memory_max":{"description":"Memory after which it is stopped.")"),
            std::string::npos);
}

TEST(Nearest, FindsTyposAndOtherSpellingsButNotStrangers) {
  std::vector<std::string_view> const keys{"cache", "auth", "limits", "allowed_origins", "env"};
  EXPECT_EQ(nearest("cahce", keys), "cache");
  EXPECT_EQ(nearest("allowedOrigins", keys), "allowed_origins");
  EXPECT_EQ(nearest("Limit", keys), "limits");
  EXPECT_EQ(nearest("evn", keys), "env");
  EXPECT_EQ(nearest("zzz", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), keys), "");
}

}  // namespace
}  // namespace weir::config
