// The section `secrets`, and references to what may change.
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
  std::string text() const { return render_text(check().problems, false); }
  std::string codes() const {
    std::string out;
    for (auto const& problem : check().problems) out += problem.code.substr(5) + " ";
    return out;
  }
};

TEST(Secrets, ReadsWhereSecretsAreKept_R050_R052_R054) {
  World world(R"(
secrets:
  refresh: 45s
  overlap: 10s
  timeout: 2s
  max_age: { token: 30d, password: 7d }
  vault: { address: "http://v:8200", namespace: team, mount: kv, role_id: r, secret_id: "${env:SID}" }
  aws: { region: eu-west-1, endpoint: "http://a:1", profile: p, instance_keys: true }
servers:
  a: { url: http://a/mcp, auth: { type: bearer, token: "${vault:mcp/a#token}" } }
  b: { url: http://b/mcp, headers: { X-Password: "${cred:b}" } }
)");
  world.environment.vars = {
      {"SID", "s3cret-id"}, {"VAULT_TOKEN", "tok-of-env"}, {"VAULT_ADDR", "http://other"}};
  world.environment.files["/run/secrets/b"] = "pass-of-b";
  auto const report = world.check();
  EXPECT_EQ(world.codes(), "E034 ") << world.text();
  EXPECT_EQ(report.exit_code, 0);
  auto const& stores = report.settings.stores;
  EXPECT_EQ(stores.refresh, milliseconds(45'000));
  EXPECT_EQ(stores.overlap, milliseconds(10'000));
  EXPECT_EQ(stores.timeout, milliseconds(2'000));
  EXPECT_EQ(stores.password_age_max, milliseconds(7 * 86'400'000));
  EXPECT_EQ(stores.vault.address, "http://v:8200");
  EXPECT_EQ(stores.vault.space, "team");
  EXPECT_EQ(stores.vault.mount, "kv");
  EXPECT_EQ(stores.vault.secret_id.reveal(), "s3cret-id");
  EXPECT_EQ(stores.vault.token.reveal(), "tok-of-env");
  EXPECT_EQ(stores.aws.region, "eu-west-1");
  EXPECT_TRUE(stores.aws.instance_keys);
  ASSERT_EQ(report.settings.references.size(), 2U);
  EXPECT_EQ(report.settings.references[0], (SecretUse{"vault:mcp/a#token", "servers.a.auth.token", false}));
  EXPECT_EQ(report.settings.references[1], (SecretUse{"cred:b", "servers.b.headers.X-Password", true}));
  EXPECT_NE(report.settings.server("a")->unusable, "") << "nothing may start without its credential";
  EXPECT_EQ(report.settings.server("b")->unusable, "");
  std::vector<std::string> masked;
  for (auto const& secret : report.settings.secrets) masked.emplace_back(secret.reveal());
  EXPECT_NE(std::find(masked.begin(), masked.end(), "tok-of-env"), masked.end());
  EXPECT_NE(std::find(masked.begin(), masked.end(), "s3cret-id"), masked.end());
}

TEST(Secrets, WhatOpensAStoreCannotBeKeptInAStore) {
  World world("secrets: { vault: { address: \"http://v\", token: \"${vault:a#k}\" } }");
  auto const text = world.text();
  EXPECT_NE(text.find("what opens a store cannot be kept in a store"), std::string::npos) << text;
  EXPECT_NE(text.find("weir.yaml:1:"), std::string::npos) << text;
  EXPECT_EQ(world.check().exit_code, 78);
}

TEST(Secrets, AValueThatCannotBeUsedSetsAsideItsServerAlone) {
  World world(R"(
servers:
  a: { url: http://a/mcp, auth: { type: bearer, token: "${file:/a}" } }
  b: { url: http://b/mcp, headers: { X-Key: "b ${file:/b}" } }
  c: { url: http://c/mcp, auth: { type: header, name: X, value: "${file:/c}" } }
  d: { url: http://d/mcp, auth: { type: oauth, client_id: c, client_key: "${file:/d}", token_url: "https://i/t" } }
  e: { url: http://e/mcp, auth: { type: bearer, token: "${file:/e}" } }
)");
  auto& files = world.environment.files;
  files = {{"/here/weir.yaml", files["/here/weir.yaml"]},
           {"/a", "bad\nvalue1"},
           {"/b", std::string("bad\0value2", 10)},
           {"/c", "bad\x7fvalue3"},
           {"/d", "garbage-of-d"},
           {"/e", "good value\n"}};
  auto const report = world.check();
  for (auto const& problem : report.problems) EXPECT_TRUE(problem.confined) << problem.message;
  EXPECT_EQ(world.codes(), "E016 E016 E016 E016 ");
  EXPECT_EQ(report.settings.server("a")->unusable,
            "${file:/a}: the token has a line end or another control character in it");
  for (auto const* const name : {"b", "c", "d"})
    EXPECT_NE(report.settings.server(name)->unusable, "") << name;
  EXPECT_EQ(report.settings.server("e")->unusable, "");
  std::vector<std::string> named;
  for (auto const& misfit : report.settings.misfits) named.push_back(misfit.reference);
  EXPECT_EQ(named, (std::vector<std::string>{"file:/a", "file:/b", "file:/c", "file:/d"}));
  auto const text = world.text();
  EXPECT_NE(text.find("server `a` disabled"), std::string::npos) << text;
  for (auto const* const value : {"value1", "value2", "value3", "garbage"})
    EXPECT_EQ(text.find(value), std::string::npos) << text;
}

TEST(Secrets, WhatIsWrongWithTheFileItselfIsNoFaultOfASecret) {
  World world(R"(
servers:
  a: { url: http://a/mcp, auth: { type: bearer, token: "a\nb" } }
  b: { url: http://b/mcp, auth: { type: oauth, client_id: c, client_secret: s, client_key: "${file:/k}", token_url: "https://i/t" } }
)");
  world.environment.files["/k"] = "{}";
  auto const report = world.check();
  EXPECT_EQ(world.codes(), "E016 E023 ") << world.text();
  for (auto const& problem : report.problems) EXPECT_FALSE(problem.confined) << problem.message;
  EXPECT_TRUE(report.settings.misfits.empty());
}

TEST(Secrets, AnUnknownSecretSchemeNamesPlaceAndKinds) {
  World world("servers: { a: { url: http://a/mcp, headers: { X: \"${gcp-sm:x}\" } } }");
  auto const text = world.text();
  EXPECT_NE(text.find("${gcp-sm:x} is of an unknown kind"), std::string::npos) << text;
  EXPECT_NE(text.find("kinds are env, file, cred, input, vault and aws-sm"), std::string::npos) << text;
}

}  // namespace
}  // namespace weir::config
