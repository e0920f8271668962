#include "app/server_tokens.hpp"

#include <gtest/gtest.h>

#include "app/server_options.hpp"

namespace weir::app {
namespace {

config::Server server_with(config::OAuth oauth) {
  config::Server server;
  server.name = "github";
  server.urls = {"https://s.test/mcp/?a=b"};
  server.oauth = std::move(oauth);
  return server;
}

config::OAuth usual() {
  config::OAuth oauth;
  oauth.client.id = "weir";
  oauth.client.secret = base::Secret("s");
  oauth.issuer = "https://i.test";
  return oauth;
}

base::Result<oauth::TokenSourceOptions> options_of(config::Server const& server) {
  static base::SystemRandom random;
  return token_options(server, random);
}

TEST(ServerTokens, WhatIsConfiguredIsAskedFor) {
  auto oauth = usual();
  oauth.token_url = "https://i.test/token";
  oauth.scopes = {"a"};
  auto const options = options_of(server_with(oauth));
  ASSERT_TRUE(options);
  EXPECT_EQ(options->grant, oauth::Grant::client_credentials);
  EXPECT_EQ(options->wanted.endpoint.text(), "https://i.test/token");
  EXPECT_EQ(options->wanted.resource, "https://s.test/mcp");
  EXPECT_EQ(options->client.id, "weir");
  EXPECT_TRUE(options->any_auth);
}

TEST(ServerTokens, APasswordAndARefreshTokenAreHandedOn) {
  auto oauth = usual();
  oauth.grant = config::OAuthGrant::password;
  oauth.username = "ann";
  oauth.password = base::Secret("p");
  auto const with_password = options_of(server_with(oauth));
  EXPECT_EQ(with_password->grant, oauth::Grant::password);
  EXPECT_EQ(with_password->user, "ann");
  EXPECT_EQ(with_password->password.reveal(), "p");
  oauth = usual();
  oauth.grant = config::OAuthGrant::refresh_token;
  oauth.refresh_token = base::Secret("r");
  oauth.refresh_file = "/var/lib/weir/r";
  auto const with_refresh = options_of(server_with(oauth));
  EXPECT_EQ(with_refresh->grant, oauth::Grant::refresh_token);
  EXPECT_EQ(with_refresh->refresh_token.reveal(), "r");
  EXPECT_EQ(with_refresh->refresh_file, "/var/lib/weir/r");
}

TEST(ServerTokens, WhatMayChangeIsInTheSlotAndNowhereElse_F30) {
  static base::SystemRandom random;
  auto oauth = usual();
  oauth.enterprise_token_url = "https://company.test/token";
  oauth.grant = config::OAuthGrant::exchange;
  oauth.enterprise_client.id = "weir-there";
  oauth.enterprise_client.auth = config::OAuthClientAuth::key;
  // RFC 8410 section 10.3: an Ed25519 private key.
  oauth.enterprise_client.key = base::Secret(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n");
  oauth.password = base::Secret("p");
  oauth.assertion = base::Secret("a");
  auto const server = server_with(oauth);
  auto options = options_of(server);
  ASSERT_TRUE(options);
  auto const fields = shown_fields(server);
  EXPECT_EQ(fields.size(), 4U);
  EXPECT_TRUE(shown_fields(without_credentials(server)).empty());
  take_from(std::make_shared<core::CredentialSlot>(fields, false, nullptr), server, random, *options);
  EXPECT_TRUE(options->client.secret.empty());
  EXPECT_EQ(options->company_client.assertions, nullptr);
  EXPECT_TRUE(options->password.empty() && options->assertion.text.empty());
  oauth::OwnCredentials bare{7, false, options->client, options->company_client, {}, options->assertion};
  auto const own = options->read(bare, *options->slot->use().fields);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->edition, 7U);
  EXPECT_EQ(own->client.secret.reveal(), "s");
  EXPECT_EQ(own->client.id, "weir");
  EXPECT_NE(own->company_client.assertions, nullptr);
  EXPECT_EQ(own->password.reveal(), "p");
  EXPECT_EQ(own->assertion.text.reveal(), "a");
  EXPECT_FALSE(options->read(bare, {{"key", base::Secret("no key")}}));
}

TEST(ServerTokens, WhereTheEndpointIsFoundTheResourceIsToo) {
  auto options = options_of(server_with(usual()));
  EXPECT_EQ(options->wanted.resource, "");
  EXPECT_TRUE(options->sends_resource);
  auto oauth = usual();
  oauth.resource = "urn:x";
  EXPECT_EQ(options_of(server_with(oauth))->wanted.resource, "urn:x");
  oauth.resource.clear();
  oauth.sends_resource = false;
  oauth.token_url = "https://i.test/token";
  EXPECT_EQ(options_of(server_with(oauth))->wanted.resource, "");
}

TEST(ServerTokens, ACompanysIssuerMakesAnExchangeAnIdentityAssertion) {
  auto oauth = usual();
  oauth.grant = config::OAuthGrant::exchange;
  EXPECT_EQ(options_of(server_with(oauth))->grant, oauth::Grant::exchange);
  oauth.enterprise_token_url = "https://company.test/token";
  oauth.enterprise_client.id = "weir-there";
  oauth.subject_type = config::SubjectType::id_token;
  auto const options = options_of(server_with(oauth));
  EXPECT_EQ(options->grant, oauth::Grant::id_jag);
  EXPECT_EQ(options->company.endpoint.host, "company.test");
  EXPECT_EQ(options->company_client.id, "weir-there");
  EXPECT_EQ(options->subject_type, oauth::kIdTokenType);
}

// RFC 8410 section 10.3: an Ed25519 private key.
constexpr std::string_view kPem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";

TEST(ServerTokens, AClientKeySignsAndAnUnusableOneSaysWhy) {
  auto oauth = usual();
  oauth.client.secret = {};
  oauth.client.auth = config::OAuthClientAuth::key;
  oauth.client.key = base::Secret(kPem);
  auto const options = options_of(server_with(oauth));
  ASSERT_TRUE(options) << options.error().detail;
  EXPECT_EQ(options->client.auth, oauth::ClientAuth::private_key_jwt);
  EXPECT_NE(options->client.assertions, nullptr);
  EXPECT_FALSE(options->any_auth);
  oauth.client.key_algorithm = "RS256";
  auto const wrong = options_of(server_with(oauth));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().detail, "client_key: the private key is not one for RS256");
}

TEST(ServerTokens, TokensAreBoundToAKeyThatIsConfiguredOrMade_RFC9449) {
  auto oauth = usual();
  EXPECT_EQ(options_of(server_with(oauth))->client.prover, nullptr);
  oauth.dpop = true;
  auto made = options_of(server_with(oauth));
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->wanted.key_bound);
  ASSERT_NE(made->client.prover, nullptr);
  EXPECT_NE(made->client.prover->thumbprint(), options_of(server_with(oauth))->client.prover->thumbprint());
  oauth.dpop_key = base::Secret(kPem);
  auto const configured = options_of(server_with(oauth));
  ASSERT_TRUE(configured);
  EXPECT_EQ(configured->client.prover->algorithm(), "EdDSA");
  EXPECT_EQ(configured->client.prover->thumbprint(),
            options_of(server_with(oauth))->client.prover->thumbprint());
  oauth.dpop_algorithm = "ES256";
  EXPECT_EQ(options_of(server_with(oauth)).error().detail, "dpop_key: the private key is not one for ES256");
}

TEST(ServerTokens, ASignInBringsItsOwnKeyUnlessOneIsConfigured_RFC9449) {
  auto oauth = usual();
  oauth.grant = config::OAuthGrant::authorization_code;
  oauth.dpop = true;
  auto const own = options_of(server_with(oauth));
  ASSERT_TRUE(own);
  EXPECT_EQ(own->client.prover, nullptr);
  EXPECT_TRUE(own->sign_in_use.key_bound);
  EXPECT_EQ(own->sign_in_use.bound_key, "");
  oauth.dpop_key = base::Secret(kPem);
  auto const configured = options_of(server_with(oauth));
  EXPECT_EQ(configured->sign_in_use.bound_key, configured->client.prover->thumbprint());
}

TEST(ServerTokens, APlatformVouchesWithWhatIsInAFile_RFC7523) {
  config::OAuth oauth;
  oauth.grant = config::OAuthGrant::jwt_bearer;
  oauth.client.auth = config::OAuthClientAuth::none;
  oauth.assertion_file = "/run/token";
  oauth.assertion_audience = "x";
  auto const options = options_of(server_with(oauth));
  ASSERT_TRUE(options);
  EXPECT_EQ(options->grant, oauth::Grant::workload);
  EXPECT_EQ(options->assertion.file, "/run/token");
  EXPECT_EQ(options->assertion.audience, "x");
}

TEST(ServerTokens, TheLoopbackIsOpenOnlyToServersThere) {
  config::Egress egress;
  egress.allow = {"10.0.0.0/24"};
  EXPECT_FALSE(egress_rules(egress, *net::parse_url("https://s.test/")).loopback);
  auto const rules = egress_rules(egress, *net::parse_url("http://127.0.0.1:9/"));
  EXPECT_TRUE(rules.loopback);
  EXPECT_EQ(rules.allow.size(), 1U);
}

}  // namespace
}  // namespace weir::app
