#include <gtest/gtest.h>

#include "config/load.hpp"

namespace weir::config {
namespace {

struct World {
  MemoryEnvironment environment;
  Sources sources{{"weir.yaml"}, {}, {}, false, false};

  explicit World(std::string text) { environment.files["/here/weir.yaml"] = std::move(text); }
  CheckReport check() const { return config::check(sources, environment); }
  std::string text() const { return render_text(check().problems, false); }
  std::string seen() const {
    std::string out;
    for (auto const& problem : check().problems)
      out += std::string(name_of(problem.severity)) + " " + problem.code.substr(5) + ", ";
    return out;
  }
};

constexpr char const* kJwt = "{ issuer: \"https://as.example/\", audience: \"https://mcp.example/mcp\" }";

TEST(Auth, TokensAndPoliciesAreRead) {
  World world(R"(
listeners: [ { auth: [jwt, introspection, keys] } ]
auth:
  jwt: { issuer: "https://as.example/", audience: "https://mcp.example/mcp", algorithms: [ES256], tenant: org.id,
         jwks_url: "https://as.example/keys", jwks_cache: 1h, scopes: [mcp], leeway: 5s, groups: roles }
  introspection: { url: "https://op.example/introspect", client_id: weir, client_secret: "${SECRET}",
                   issuer: "https://op.example", audience: weir }
policies:
  - { who: "group:bots", allow: ["a.get_*"], scopes: [read] }
  - { who: "*", allow: ["*"], deny: ["b.*"] }
)");
  world.environment.vars["SECRET"] = "hunter2hunter2";
  auto const report = world.check();
  EXPECT_EQ(world.text(), "");
  ASSERT_TRUE(report.settings.jwt);
  auto const& jwt = *report.settings.jwt;
  EXPECT_EQ(jwt.issuer, "https://as.example/");
  EXPECT_EQ(jwt.audience, "https://mcp.example/mcp");
  EXPECT_EQ(jwt.jwks_url, "https://as.example/keys");
  EXPECT_EQ(jwt.algorithms, std::vector<std::string>{"ES256"});
  EXPECT_EQ(jwt.claims, (ClaimNames{"sub", "roles", "org.id"}));
  EXPECT_EQ(jwt.scopes, std::vector<std::string>{"mcp"});
  EXPECT_EQ(jwt.keys_lifetime, milliseconds(3'600'000));
  EXPECT_EQ(jwt.leeway, milliseconds(5'000));
  EXPECT_EQ(report.settings.resource, "https://mcp.example/mcp");
  ASSERT_TRUE(report.settings.introspection);
  EXPECT_EQ(report.settings.introspection->client_secret.reveal(), "hunter2hunter2");
  ASSERT_EQ(report.settings.policies.size(), 2U);
  EXPECT_EQ(report.settings.policies[0], (Policy{"group:bots", {"a.get_*"}, {}, {"read"}}));
  EXPECT_EQ(report.settings.policies[1], (Policy{"*", {"*"}, {"b.*"}, {}}));
  ASSERT_FALSE(report.settings.secrets.empty()) << "for the log's mask";
  EXPECT_EQ(report.settings.secrets[0].reveal(), "hunter2hunter2");
}

TEST(Auth, DefaultsAreThoseOfTheTable) {
  World const world(std::string("auth: { jwt: ") + kJwt + " }\n");
  auto const report = world.check();
  TokenAuth expected;
  expected.issuer = "https://as.example/";
  expected.audience = "https://mcp.example/mcp";
  EXPECT_EQ(report.settings.jwt, expected);
  EXPECT_EQ(world.text(), "");
}

TEST(Auth, WhatIsMissingIsSaid) {
  EXPECT_EQ(World("auth: { jwt: {} }\n").seen(), "error E022, error E022, error E022, ");
  EXPECT_EQ(World("auth: { jwt: { issuer: \"https://a/\", audience: weir } }\n").text(),
            "error[WEIR-E022]: `auth.jwt` needs `auth.resource`\n"
            "  --> weir.yaml:1:14\n"
            "1 | auth: { jwt: { issuer: \"https://a/\", audience: weir } }\n"
            "  |              ^\n"
            "  = fix: set it to the URL of /mcp as clients know it, such as https://mcp.example.com/mcp\n");
  EXPECT_EQ(World("auth: { resource: \"https://h/mcp\", jwt: { issuer: \"https://a/\", audience: weir } }\n")
                .seen(),
            "");
  EXPECT_EQ(World("auth: { resource: \"https://h/mcp/\", jwt: { issuer: \"https://a/\", audience: weir } }\n")
                .seen(),
            "error E016, ");
  EXPECT_EQ(World("listeners: [ { auth: [jwt] } ]\n").seen(), "error E022, ");
  EXPECT_EQ(World("listeners: [ { auth: [introspection] } ]\n").seen(), "error E022, ");
}

TEST(Auth, AnIssuerWithoutTlsIsAWarningUnlessItIsHere) {
  auto seen = [](std::string const& issuer) {
    return World("auth: { jwt: { issuer: \"" + issuer + "\", audience: \"https://h/mcp\" } }\n").seen();
  };
  EXPECT_EQ(seen("https://as.example"), "");
  EXPECT_EQ(seen("http://localhost:9000"), "");
  EXPECT_EQ(seen("http://127.0.0.1/x"), "");
  EXPECT_EQ(seen("http://[::1]:1"), "");
  EXPECT_EQ(seen("http://localhost.evil.example"), "warning E016, ");
  EXPECT_EQ(seen("http://as.example"), "warning E016, ");
}

TEST(Auth, ARuleNamesSomebodyWhoCanExist) {
  EXPECT_EQ(World("policies: [ { who: ci, allow: [\"*\"] } ]\n").text(),
            "error[WEIR-E016]: nobody is `ci`\n"
            "  --> weir.yaml:1:20\n"
            "1 | policies: [ { who: ci, allow: [\"*\"] } ]\n"
            "  |                    ^^\n"
            "  = it is *, anonymous, group:NAME, key:NAME, cert:SUBJECT, sub:SUBJECT or tenant:NAME\n"
            "  = fix: write \"sub:ci\"\n");
  EXPECT_EQ(World("policies: [ { allow: [\"*\"] } ]\n").seen(), "error E022, ");
  EXPECT_EQ(World("policies: [ { who: \"*\" } ]\n").seen(), "warning E022, ");
  for (char const* const who : {"*", "anonymous", "group:a", "key:a", "sub:a|b", "tenant:t"}) {
    EXPECT_EQ(World("policies: [ { who: \"" + std::string(who) + "\", deny: [\"*\"] } ]\n").seen(), "")
        << who;
  }
  EXPECT_EQ(World("policies: []\n").seen(), "");
}

TEST(Auth, TheAdminListenerTakesKeysOnly) {
  EXPECT_EQ(World(std::string("admin: { auth: [jwt] }\nauth: { jwt: ") + kJwt + " }\n").seen(),
            "error E013, ");
}

// The same for all ways to bind elsewhere: nothing is open to other machines without a credential.
TEST(Auth, ATokenIsACredentialForAListenerThatOthersReach) {
  EXPECT_EQ(World("listeners: [ { bind: \"0.0.0.0:6270\" } ]\n").seen(), "error E040, ");
  EXPECT_EQ(World(std::string("listeners: [ { bind: \"0.0.0.0:6270\", auth: [jwt] } ]\nauth: { jwt: ") +
                  kJwt + " }\n")
                .seen(),
            "");
  EXPECT_EQ(World("listeners: [ { bind: \"[::]:6270\", auth: [] } ]\n").seen(), "error E040, ");
  EXPECT_EQ(World("listeners: [ { bind: \":6270\" } ]\n").seen(), "error E040, ");
}

}  // namespace
}  // namespace weir::config
