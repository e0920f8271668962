#include <gtest/gtest.h>

#include "config/environment.hpp"
#include "config/load.hpp"

namespace weir::config {
namespace {

CheckReport check(std::string auth, std::string rest = "") {
  MemoryEnvironment environment;
  environment.files["/here/weir.yaml"] =
      "servers:\n  a:\n    url: https://s.test/mcp\n    auth: " + std::move(auth) + "\n" + std::move(rest);
  Sources const sources{{"weir.yaml"}, {}, {}, false, false};
  return config::check(sources, environment);
}

// "severity CODE line:column message; "
std::string seen(CheckReport const& report) {
  std::string out;
  for (auto const& problem : report.problems) {
    if (problem.severity == Severity::note) continue;
    out += std::string(name_of(problem.severity)) + " " + problem.code + " " +
           std::to_string(problem.mark.line) + ":" + std::to_string(problem.mark.column) + " " +
           problem.message + "; ";
  }
  return out;
}

TEST(OAuthSettings, AreReadWhole) {
  auto const report = check(
      "{ type: oauth, issuer: 'https://i.test', client_id: weir, client_secret: s3cr3t-value, scopes: [a, "
      "b], audience: x }");
  EXPECT_EQ(seen(report), "");
  auto const& oauth = report.settings.servers.at(0).oauth;
  ASSERT_TRUE(oauth);
  EXPECT_EQ(oauth->grant, OAuthGrant::client_credentials);
  EXPECT_EQ(oauth->issuer, "https://i.test");
  EXPECT_EQ(oauth->client.id, "weir");
  EXPECT_EQ(oauth->client.secret.reveal(), "s3cr3t-value");
  EXPECT_EQ(oauth->scopes, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(oauth->sends_resource);
  bool masked = false;
  for (auto const& secret : report.settings.secrets) masked = masked || secret.reveal() == "s3cr3t-value";
  EXPECT_TRUE(masked);
}

TEST(OAuthSettings, WhatIsMissingIsNamed) {
  EXPECT_EQ(seen(check("{ type: oauth }")),
            "error WEIR-E022 4:11 `auth` with the grant `client_credentials` needs `client_id`; "
            "error WEIR-E022 4:11 `auth` with the grant `client_credentials` needs `client_secret`; "
            "error WEIR-E022 4:11 `auth` does not say whose tokens it gets; ");
  EXPECT_EQ(seen(check("{ type: oauth, grant: refresh_token, client_id: w, issuer: 'https://i.test' }")),
            "error WEIR-E022 4:11 `auth` with the grant `refresh_token` needs `refresh_token`; ");
  EXPECT_EQ(seen(check("{ type: exchange, client_id: w, client_secret: s, token_url: 'https://i.test/t' }")),
            "");
}

TEST(OAuthSettings, TokensMayBeBoundToAKey_RFC9449) {
  std::string const rest = ", client_id: w, client_secret: s, issuer: 'https://i.test' }";
  auto const plain = check("{ type: oauth, dpop: true" + rest);
  EXPECT_EQ(seen(plain), "");
  EXPECT_TRUE(plain.settings.servers.at(0).oauth->dpop);
  EXPECT_FALSE(check("{ type: oauth" + rest).settings.servers.at(0).oauth->dpop);
  auto const report =
      check("{ type: oauth, dpop: true, dpop_key: '{\"kty\":\"OKP\"}', dpop_algorithm: EdDSA" + rest);
  EXPECT_EQ(seen(report), "");
  auto const& oauth = *report.settings.servers.at(0).oauth;
  EXPECT_EQ(oauth.dpop_key.reveal(), R"({"kty":"OKP"})");
  EXPECT_EQ(oauth.dpop_algorithm, "EdDSA");
  bool masked = false;
  for (auto const& secret : report.settings.secrets) masked = masked || secret == oauth.dpop_key;
  EXPECT_TRUE(masked);
  EXPECT_EQ(seen(check("{ type: oauth, dpop_key: '{}', dpop_algorithm: ES256" + rest)),
            "error WEIR-E022 4:36 `dpop_key` is set without `dpop: true`; "
            "error WEIR-E022 4:58 `dpop_algorithm` is set without `dpop: true`; ");
  EXPECT_EQ(seen(check("{ type: oauth, dpop: true, dpop_key: /etc/key.pem" + rest)),
            "error WEIR-E016 4:48 `dpop_key` is neither PEM nor a JSON Web Key; ");
  EXPECT_NE(seen(check("{ type: oauth, dpop: true, dpop_algorithm: HS256" + rest)), "");
  std::string const renewed = "{ type: oauth, grant: refresh_token, refresh_token: r, dpop: true";
  EXPECT_EQ(seen(check(renewed + rest)),
            "error WEIR-E022 4:72 `dpop` with the grant `refresh_token` needs `dpop_key`; ");
  EXPECT_EQ(seen(check(renewed + ", dpop_key: '{}'" + rest)), "");
}

TEST(OAuthSettings, APlatformMayVouchForTheGateway_RFC7523) {
  auto const report = check(
      "{ type: oauth, grant: jwt_bearer, assertion_file: tokens/weir, assertion_audience: x, "
      "issuer: 'https://i.test' }");
  EXPECT_EQ(seen(report), "");
  auto const& oauth = *report.settings.servers.at(0).oauth;
  EXPECT_EQ(oauth.grant, OAuthGrant::jwt_bearer);
  EXPECT_EQ(oauth.assertion_file, "/here/tokens/weir");
  EXPECT_EQ(oauth.assertion_audience, "x");
  EXPECT_EQ(oauth.client.auth, OAuthClientAuth::none);
  auto const text = check("{ type: oauth, grant: jwt_bearer, assertion: a.b.c, client_id: w }");
  EXPECT_EQ(seen(text), "") << "it names the only issuer that it is sent to";
  bool masked = false;
  for (auto const& secret : text.settings.secrets) masked = masked || secret.reveal() == "a.b.c";
  EXPECT_TRUE(masked);
  EXPECT_EQ(
      seen(check("{ type: oauth, grant: jwt_bearer, issuer: 'https://i.test' }")),
      "error WEIR-E022 4:11 `auth` with the grant `jwt_bearer` needs `assertion_file` or `assertion`; ");
  EXPECT_EQ(seen(check("{ type: oauth, grant: jwt_bearer, assertion: a, assertion_file: b }")),
            "error WEIR-E023 4:56 `assertion` and `assertion_file` are both set; ");
  std::string const secret = "{ type: oauth, grant: jwt_bearer, assertion: a, client_secret: s";
  EXPECT_EQ(seen(check(secret + ", client_id: w }")),
            "error WEIR-E022 4:11 `auth` does not say whose tokens it gets; ");
  EXPECT_EQ(seen(check(secret + ", client_id: w, issuer: 'https://i.test' }")), "");
  EXPECT_EQ(seen(check(secret + ", issuer: 'https://i.test' }")),
            "error WEIR-E022 4:11 `auth` has a `client_secret` and no `client_id`; ");
  EXPECT_EQ(seen(check("{ type: oauth, grant: jwt_bearer, assertion: a, assertion_audience: x }")),
            "error WEIR-E022 4:11 `auth` does not say whose tokens it gets; ")
      << "any issuer could be called so";
}

TEST(OAuthSettings, AKeyStandsInForASecret) {
  std::string const rest = ", client_id: w, issuer: 'https://i.test' }";
  auto const report = check("{ type: exchange, client_key: '{\"kty\":\"OKP\"}', client_key_id: k1" + rest);
  EXPECT_EQ(seen(report), "");
  auto const& client = report.settings.servers.at(0).oauth->client;
  EXPECT_EQ(client.auth, OAuthClientAuth::key);
  EXPECT_EQ(client.key.reveal(), R"({"kty":"OKP"})");
  EXPECT_EQ(client.key_id, "k1");
  bool masked = false;
  for (auto const& secret : report.settings.secrets)
    masked = masked || secret.reveal() == client.key.reveal();
  EXPECT_TRUE(masked);
  EXPECT_EQ(seen(check("{ type: oauth, client_auth: private_key_jwt" + rest)),
            "error WEIR-E022 4:39 `private_key_jwt` needs `client_key`; ");
  EXPECT_EQ(seen(check("{ type: oauth, client_secret: s, client_key: '{}'" + rest)),
            "error WEIR-E023 4:56 `client_key` and `client_secret` are both set; ");
  EXPECT_EQ(seen(check("{ type: oauth, client_auth: post, client_key: '{}'" + rest)),
            "error WEIR-E023 4:57 `client_key` does not go with `client_auth: post`; ");
  EXPECT_EQ(seen(check("{ type: oauth, client_key: /etc/key.pem" + rest)),
            "error WEIR-E016 4:38 `client_key` is neither PEM nor a JSON Web Key; ");
  EXPECT_NE(seen(check("{ type: oauth, client_key: '{}', client_key_algorithm: HS256" + rest)), "");
}

TEST(OAuthSettings, ACompanyVouchesToAnIssuerByName) {
  std::string const exchange = "{ type: exchange, client_id: w, client_secret: s, ";
  std::string const company = ", enterprise: { token_url: 'https://c.test/t', client_id: w } }";
  auto const report = check(exchange + "token_url: 'https://i.test/t'" + company);
  EXPECT_EQ(seen(report), "error WEIR-E022 4:104 `enterprise` needs `issuer` beside it; ");
  EXPECT_EQ(seen(check(exchange + "token_url: 'https://i.test/t', issuer: 'https://i.test'" + company)), "");
  EXPECT_EQ(seen(check(exchange + "token_url: 'https://i.test/t', enterprise: {} }")), "");
}

CheckReport check_addresses(std::string urls, std::string const& auth) {
  MemoryEnvironment environment;
  environment.files["/here/weir.yaml"] =
      "servers:\n  a:\n    urls: [" + std::move(urls) + "]\n    auth: " + auth + "\n";
  Sources const sources{{"weir.yaml"}, {}, {}, false, false};
  return config::check(sources, environment);
}

TEST(OAuthSettings, ATokenIsNotForAnAddressOfAnotherOrigin) {
  std::string const auth = "{ type: oauth, client_id: w, client_secret: s, issuer: 'https://i.test'";
  for (auto const* const other : {"https://t.test/mcp", "http://s.test/mcp", "https://s.test:8443/mcp"}) {
    auto const urls = "'https://s.test/mcp', '" + std::string(other) + "'";
    EXPECT_EQ(seen(check_addresses(urls, auth + " }")),
              "error WEIR-E022 3:34 a token for the first of the `urls` would be sent to another origin; ")
        << other;
    EXPECT_NE(seen(check_addresses(urls, "{ type: oauth, grant: authorization_code }")), "") << other;
    EXPECT_EQ(seen(check_addresses(urls, auth + ", resource: 'https://s.test/mcp' }")), "") << other;
    EXPECT_EQ(seen(check_addresses(urls, auth + ", resource: none }")), "") << other;
    EXPECT_EQ(seen(check_addresses(urls, "{ type: bearer, token: abcdef }")), "") << other;
  }
  EXPECT_EQ(seen(check_addresses("'https://s.test/a', 'https://S.test:443/b?c=/d'", auth + " }")), "");
}

TEST(OAuthSettings, ACompanyVouchesForIdTokens) {
  auto const type = [](std::string const& more) {
    auto const report =
        check("{ type: exchange, client_id: w, client_secret: s, issuer: 'https://i.test'" + more + " }");
    EXPECT_EQ(seen(report), "");
    return report.settings.servers.at(0).oauth->subject_type;
  };
  std::string const company = ", enterprise: { token_url: 'https://c.test/t', client_id: w }";
  EXPECT_EQ(type(""), SubjectType::access_token);
  EXPECT_EQ(type(", subject_token_type: id_token"), SubjectType::id_token);
  EXPECT_EQ(type(", subject_token_type: jwt"), SubjectType::jwt);
  EXPECT_EQ(type(company), SubjectType::id_token);
  EXPECT_EQ(type(company + ", subject_token_type: access_token"), SubjectType::access_token);
}

TEST(OAuthSettings, WhereAPersonSignsInNothingElseIsNeeded) {
  auto const report = check("{ type: oauth, grant: authorization_code }");
  EXPECT_EQ(seen(report), "");
  auto const& oauth = report.settings.servers.at(0).oauth;
  ASSERT_TRUE(oauth);
  EXPECT_EQ(oauth->grant, OAuthGrant::authorization_code);
  EXPECT_EQ(oauth->redirect_port, 0U);
  auto const whole = check(
      "{ type: oauth, grant: authorization_code, issuer: 'https://i.test', client_id: w, client_secret: s, "
      "redirect_port: 65535, client_document: 'https://w.test/weir.json', scopes: [a] }");
  EXPECT_EQ(seen(whole), "");
  EXPECT_EQ(whole.settings.servers.at(0).oauth->redirect_port, 65535U);
  EXPECT_EQ(whole.settings.servers.at(0).oauth->client_document, "https://w.test/weir.json");
}

TEST(OAuthSettings, ASecretOfASignInHasAClientAndAnIssuer) {
  EXPECT_EQ(seen(check("{ type: oauth, grant: authorization_code, client_secret: s }")),
            "error WEIR-E022 4:11 `auth` has a `client_secret` and no `client_id`; "
            "error WEIR-E022 4:11 `auth` does not say whose client this is; ");
  EXPECT_EQ(
      seen(check("{ type: oauth, grant: authorization_code, token_url: 'https://i.test/t' }")),
      "error WEIR-E022 4:64 `token_url` does not say where a person signs in, and nobody would look at it; ");
  for (auto const* const bad : {"http://w.test/a", "https://w.test", "https://w.test/"}) {
    auto const found = seen(
        check(std::string("{ type: oauth, grant: authorization_code, client_document: '") + bad + "' }"));
    EXPECT_EQ(found, "error WEIR-E016 4:70 `client_document` is not an https address with a path; ") << bad;
  }
  EXPECT_NE(seen(check("{ type: oauth, grant: authorization_code, redirect_port: 65536 }")), "");
}

TEST(OAuthSettings, ThePasswordGrantIsWarnedOf_C12_F27) {
  EXPECT_EQ(seen(check("{ type: oauth, grant: password, client_id: w, username: u, password: p, issuer: "
                       "'https://i.test' }")),
            "warning WEIR-E062 4:33 the grant `password` is deprecated; ");
  auto const usual = check(
      "{ type: oauth, client_id: w, client_secret: s, issuer: 'https://i.test', username: u, password: p }");
  EXPECT_EQ(usual.settings.servers.at(0).oauth->grant, OAuthGrant::client_credentials);
}

TEST(OAuthSettings, SecretsDoNotTravelInClear) {
  EXPECT_EQ(seen(check("{ type: oauth, client_id: w, client_secret: s, issuer: 'http://i.test' }")),
            "error WEIR-E016 4:66 `issuer` is not https; ");
  EXPECT_EQ(seen(check("{ type: oauth, client_id: w, client_secret: s, token_url: 'http://127.0.0.1:1/t' }")),
            "");
}

TEST(OAuthSettings, OneAuthorizationIsEnough) {
  auto const report = check(
      "{ type: oauth, client_id: w, client_secret: s, issuer: 'https://i.test' }\n    headers: { "
      "Authorization: x }");
  EXPECT_EQ(seen(report), "error WEIR-E023 5:16 `headers` and `auth` both set `Authorization`; ");
}

TEST(OAuthSettings, EachCallerMayHaveASignInOfTheirOwn) {
  for (auto const* auth :
       {"{ type: oauth, per: principal }", "{ type: oauth, grant: authorization_code, per: principal }"}) {
    auto const report = check(auth);
    EXPECT_EQ(seen(report), "");
    EXPECT_TRUE(report.settings.deferred.empty());
    auto const& oauth = report.settings.servers.at(0).oauth;
    ASSERT_TRUE(oauth);
    EXPECT_EQ(oauth->grant, OAuthGrant::authorization_code);
    EXPECT_TRUE(oauth->per_principal);
    EXPECT_FALSE(oauth->names_issuer);
  }
  EXPECT_FALSE(
      check("{ type: oauth, grant: authorization_code }").settings.servers.at(0).oauth->per_principal);
}

TEST(OAuthSettings, ATokenWithoutAPersonCannotBeForEachOfThem) {
  for (auto const* grant : {"client_credentials", "refresh_token, refresh_token: r",
                            "password, username: u, password: p", "jwt_bearer, assertion: a"}) {
    auto const report = check(
        "{ type: oauth, client_id: w, client_secret: s, issuer: 'https://i.test', per: principal, grant: " +
        std::string(grant) + " }");
    auto const name = std::string(grant).substr(0, std::string(grant).find(','));
    EXPECT_NE(
        seen(report).find("error WEIR-E023 4:89 `per: principal` does not go with the grant `" + name + "`"),
        std::string::npos)
        << seen(report);
  }
  EXPECT_EQ(seen(check("{ type: bearer, token: t, per: principal }")),
            "error WEIR-E023 4:42 `per: principal` does not go with type `bearer`; ");
  EXPECT_EQ(seen(check("{ type: exchange, per: principal, client_id: w, client_secret: s, issuer: "
                       "'https://i.test' }")),
            "")
      << "that is what happens there anyway";
}

TEST(OAuthSettings, SeveralIssuersOfCallersAreNoted) {
  std::string const callers =
      "auth:\n  jwt: { issuer: 'https://a.test', audience: x, jwks_url: 'https://a.test/k' }\n"
      "  introspection: { url: 'https://b.test/i', client_id: w, client_secret: s, audience: x, issuer: ";
  auto const noted = [&](std::string const& issuer) {
    return check("{ type: oauth, per: principal }", callers + issuer + " }\n")
        .settings.servers.at(0)
        .oauth->names_issuer;
  };
  EXPECT_TRUE(noted("'https://b.test'"));
  EXPECT_FALSE(noted("'https://a.test'"));
}

TEST(TokenSettings, AreBoundedOnBothSides_R003_R004) {
  auto const with = [](std::string const& tokens) {
    return check("{ type: none }", "tokens: { " + tokens + " }\n");
  };
  EXPECT_EQ(check("{ type: none }").settings.tokens, (TokenKeeping{5000, milliseconds(300'000)}));
  for (auto const* good : {"max: 1", "max: 100000", "lifetime: 1s", "lifetime: 1h"})
    EXPECT_EQ(seen(with(good)), "") << good;
  EXPECT_EQ(with("max: 7").settings.tokens.max, 7U);
  EXPECT_EQ(with("lifetime: 4m").settings.tokens.lifetime, milliseconds(240'000));
  for (auto const* bad : {"max: 0", "max: 100001", "max: many", "lifetime: 999ms", "lifetime: 3601s"}) {
    auto const text = seen(with(bad));
    EXPECT_NE(text.find("error WEIR-E"), std::string::npos) << bad;
    EXPECT_NE(text.find(" 5:"), std::string::npos) << text;
  }
}

TEST(EgressSettings, AreAddressesAndNetworks) {
  auto const report =
      check("{ type: exchange, client_id: w, client_secret: s, issuer: 'https://i.test' }",
            "security: { ssrf: { deny_private: true, allow: [10.0.0.0/24, 10.0.4.9, 'fd00::/8'] } }\n");
  EXPECT_EQ(seen(report), "");
  ASSERT_TRUE(report.settings.servers.at(0).oauth);
  EXPECT_EQ(report.settings.servers.at(0).oauth->egress.allow.size(), 3U);
  EXPECT_EQ(
      seen(check("{ type: none }", "security: { ssrf: { allow: [10.0.0.1/24, host, 10.0.0.0/33] } }\n")),
      "error WEIR-E016 5:29 `10.0.0.1/24` is neither an address nor a network; "
      "error WEIR-E016 5:42 `host` is neither an address nor a network; "
      "error WEIR-E016 5:48 `10.0.0.0/33` is neither an address nor a network; ");
}

}  // namespace
}  // namespace weir::config
