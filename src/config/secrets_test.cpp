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

TEST(Secrets, AnUnknownSecretSchemeNamesPlaceAndKinds) {
  World world("servers: { a: { url: http://a/mcp, headers: { X: \"${gcp-sm:x}\" } } }");
  auto const text = world.text();
  EXPECT_NE(text.find("${gcp-sm:x} is of an unknown kind"), std::string::npos) << text;
  EXPECT_NE(text.find("kinds are env, file, cred, input, vault and aws-sm"), std::string::npos) << text;
}

}  // namespace
}  // namespace weir::config
