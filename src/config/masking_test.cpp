// What of a configuration is masked, from the files to the settings.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/load.hpp"

namespace weir::config {
namespace {

struct World {
  MemoryEnvironment environment;
  Sources sources{{"weir.yaml"}, {}, {}, false, false};

  explicit World(std::string text) { environment.files["/here/weir.yaml"] = std::move(text); }
  CheckReport check() const { return config::check(sources, environment); }
};

TEST(Masking, CollectsWhatTheLogMustMask) {
  World world(R"(servers:
  a:
    url: "http://h/mcp?key=${URL_KEY}&id=literal-of-query-1"
    headers: { Authorization: "Bearer ${T}", Accept: application/json, X-Api-Key: literal-key }
  b:
    command: c
    args: ["${PLAIN}", "--tok=${MY_TOK}", --api-key, sk-of-argument-1, "db://u:hunter%2F2@h/"]
    env: { DB_PASSWORD: pass-word, LEVEL: "${LEVEL}", DSN: "pg://u:p@h/d", FILE: "${cred:f}",
           GITHUB_PAT: ghp_literal, PGPASS: "${PASS}", DIR: "${HOME}/data", MODE: production,
           SPARE: "${NOBODY:-default-of-spare-1}" }
    envFile: b.env
)");
  world.environment.vars = {{"T", "token-value"},    {"PLAIN", "plain-value"}, {"MY_TOK", "arg-token"},
                            {"URL_KEY", "url-key1"}, {"LEVEL", "123456"},      {"PASS", "db-pass-1"},
                            {"HOME", "/home/u"}};
  world.environment.files["/run/secrets/f"] = "file-value";
  world.environment.files["/here/b.env"] = "ANY=of-env-file-1\nWORD=production\nMODE=not-used-here-1\n";
  std::vector<std::string> values;
  for (auto const& secret : world.check().settings.secrets) values.emplace_back(secret.reveal());
  auto const count = [&](std::string_view value) { return std::count(values.begin(), values.end(), value); };
  for (auto const* masked :
       {"token-value", "literal-key", "arg-token", "pass-word", "pg://u:p@h/d", "file-value", "plain-value",
        "url-key1", "literal-of-query-1", "sk-of-argument-1", "hunter%2F2", "hunter/2", "ghp_literal",
        "db-pass-1", "default-of-spare-1", "of-env-file-1"}) {
    EXPECT_EQ(count(masked), 1) << masked;
  }
  for (auto const* open : {"application/json", "http://h/mcp", "123456", "/home/u", "/home/u/data",
                           "production", "not-used-here-1", "--api-key"}) {
    EXPECT_EQ(count(open), 0) << open;
  }
}

TEST(Masking, ExplainsWithoutCredentialsThatAreWrittenOut) {
  World world(
      "servers:\n"
      "  a: { command: c, args: [--api-key, sk-ARG-998877, x], env: { GITHUB_PAT: ghp_PAT1234, MODE: "
      "\"${M:-warn}\" } }\n"
      "  b: { url: \"http://u:hunter22@h/mcp?key=${K:-}&id=of-query-1\", headers: { X.Y: literal-of-header-1 "
      "} }\n");
  std::string all;
  for (auto const& origin : origins(world.check().tree)) all += origin.path + " = " + origin.text + "\n";
  EXPECT_EQ(all,
            "servers.a.args.0 = --api-key\n"
            "servers.a.args.1 = ***\n"
            "servers.a.args.2 = x\n"
            "servers.a.command = c\n"
            "servers.a.env.GITHUB_PAT = ***\n"
            "servers.a.env.MODE = ${M:-warn}\n"
            "servers.b.headers.X.Y = ***\n"
            "servers.b.url = http://u:***@h/mcp?key=${K:-}&id=***\n");
}

}  // namespace
}  // namespace weir::config
