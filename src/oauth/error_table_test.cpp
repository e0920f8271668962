#include "oauth/error_table.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "oauth/client_key.hpp"
#include "oauth/fake_issuer_test.hpp"
#include "oauth/token_endpoint_io.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;
using base::Fault;

constexpr Flow kFlows[] = {Flow::refresh_token,  Flow::client_credentials, Flow::password,
                           Flow::token_exchange, Flow::authorization_code, Flow::jwt_bearer,
                           Flow::workload,       Flow::introspection};

struct Cell {
  char const* name;
  std::function<FakeIssuer::Reply(Flow)> reply;
  Cause cause;
  std::size_t sends = 1;         // of a grant that may be repeated
  std::size_t sends_single = 1;  // of one that may not
  base::Duration remember = 30s;
  base::Duration spread = 0s;
  Fault fault = Fault::config;
  bool introspected = true;  // the row exists for introspection as well
  bool of_caller = false;    // another row where the grant stands for a caller, who is denied
};

std::function<FakeIssuer::Reply(Flow)> error(int status, std::string code) {
  return [=](Flow) {
    return FakeIssuer::json(status, R"({"error":")" + code + R"(","error_description":"because"})");
  };
}
std::function<FakeIssuer::Reply(Flow)> plain(int status, std::string body = "<html>no</html>") {
  return [=](Flow) { return FakeIssuer::json(status, body); };
}
std::function<FakeIssuer::Reply(Flow)> failing(Fault fault, base::Retry retry = base::Retry::never) {
  return [=](Flow) { return FakeIssuer::Reply(base::Error(fault, base::Blame::upstream, "gone", retry)); };
}
// Answers with one member more, or another one, than a good one of that flow.
std::function<FakeIssuer::Reply(Flow)> tampered(std::string members) {
  return [=](Flow flow) {
    std::string const type = flow == Flow::token_exchange
                                 ? R"(,"issued_token_type":"urn:ietf:params:oauth:token-type:access_token")"
                                 : "";
    return FakeIssuer::json(200, "{" + members + type + "}");
  };
}
std::function<FakeIssuer::Reply(Flow)> later(int status) {
  return [=](Flow) { return FakeIssuer::with(FakeIssuer::json(status, ""), "retry-after", "7"); };
}
std::function<FakeIssuer::Reply(Flow)> until(int status) {
  return [=](Flow) {
    auto const sent = FakeIssuer::with(FakeIssuer::json(status, ""), "date", "Sun, 06 Nov 1994 08:49:37 GMT");
    return FakeIssuer::with(sent, "retry-after", "Sun, 06 Nov 1994 08:50:37 GMT");
  };
}
std::function<FakeIssuer::Reply(Flow)> nonce(int status) {
  return [=](Flow) {
    return FakeIssuer::with(FakeIssuer::json(status, R"({"error":"use_dpop_nonce"})"), "dpop-nonce", "n-1");
  };
}

// aud: https://elsewhere.test
constexpr char kForeign[] =
    R"("token_type":"Bearer","access_token":"eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL2Vsc2V3aGVyZS50ZXN0In0.x")";

std::vector<Cell> refused_cells() {
  auto const t = Cause::transient;
  return {
      {"400 invalid_grant", error(400, "invalid_grant"), Cause::reauth, 1, 1, 5min},
      {"400 invalid_client", error(400, "invalid_client"), Cause::config},
      {"401 invalid_client", error(401, "invalid_client"), Cause::config},
      {"400 unauthorized_client", error(400, "unauthorized_client"), Cause::config},
      {"400 unsupported_grant_type", error(400, "unsupported_grant_type"), Cause::config},
      {"400 invalid_scope", error(400, "invalid_scope"), Cause::scope, 1, 1, 30s, 0s, Fault::denied},
      {"400 invalid_target", error(400, "invalid_target"), Cause::scope, 1, 1, 30s, 0s, Fault::denied},
      {"400 access_denied", error(400, "access_denied"), Cause::config, 1, 1, 30s, 0s, Fault::config, true,
       true},
      {"403 access_denied", error(403, "access_denied"), Cause::config, 1, 1, 30s, 0s, Fault::config, true,
       true},
      {"302 access_denied", error(302, "access_denied"), Cause::config},
      {"400 invalid_request", error(400, "invalid_request"), Cause::config},
      {"400 invalid_dpop_proof", error(400, "invalid_dpop_proof"), Cause::config},
      {"400 unknown code", error(400, "made_up"), Cause::config},
      {"400 bare", plain(400), Cause::config},
      {"404", plain(404), Cause::config},
      {"405", plain(405), Cause::config},
      {"400 use_dpop_nonce", nonce(400), Cause::nonce, 2, 2, 0s},
      {"401 use_dpop_nonce", nonce(401), Cause::nonce, 2, 2, 0s},
      {"401 bare", plain(401), Cause::config, 1, 1, 10s},
      {"403 bare", plain(403), Cause::config, 1, 1, 10s},
      {"429 at a time", later(429), Cause::throttle, 1, 1, 7s, 0s, Fault::throttled},
      {"503 at a time", later(503), Cause::throttle, 1, 1, 7s, 0s, Fault::throttled},
      {"429 at a date", until(429), Cause::throttle, 1, 1, 60s, 0s, Fault::throttled},
      {"429", plain(429), Cause::throttle, 1, 1, 5s, 0s, Fault::throttled},
      {"500", plain(500), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"502", plain(502), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"503", plain(503), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"504", plain(504), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"500 with a code", error(500, "invalid_grant"), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"400 server_error", error(400, "server_error"), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"400 temporarily", error(400, "temporarily_unavailable"), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"connect", failing(Fault::connect_failed, base::Retry::always), t, 3, 3, 1s, 4s, Fault::unavailable},
      {"reset", failing(Fault::connection_lost), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"timeout", failing(Fault::timed_out, base::Retry::if_idempotent), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"TLS", failing(Fault::config), Cause::config},
      {"TLS trust", failing(Fault::connect_failed, base::Retry::never), Cause::config},
      {"408", plain(408), t, 3, 1, 1s, 4s, Fault::unavailable},
      {"301", plain(301, ""), Cause::config},
      {"302 with a code", error(302, "server_error"), Cause::config},
      {"302", plain(302, R"({"access_token":"a","token_type":"Bearer"})"), Cause::config},
      {"307", plain(307, ""), Cause::config},
  };
}

// What answers 200, or cannot be read.
std::vector<Cell> broken_cells() {
  auto const p = Cause::protocol;
  return {
      {"200 with error", error(200, "invalid_grant"), p, 1, 1, 5s},
      {"200 with error and token",
       plain(200, R"({"error":"invalid_grant","active":true,"access_token":"a","token_type":"Bearer"})"), p,
       1, 1, 5s},
      {"200 bad JSON", plain(200, R"({"access_token":)"), p, 1, 1, 5s},
      {"200 HTML", plain(200), p, 1, 1, 5s},
      {"200 array", plain(200, "[]"), p, 1, 1, 5s},
      {"too large", failing(Fault::too_large), p, 1, 1, 5s},
      {"not HTTP", failing(Fault::protocol), p, 1, 1, 5s},
      {"no token", tampered(R"("token_type":"Bearer")"), p, 1, 1, 5s},
      {"empty token", tampered(R"("access_token":"","token_type":"Bearer")"), p, 1, 1, 5s},
      {"token with a line end", tampered(R"("access_token":"a\nb","token_type":"Bearer")"), p, 1, 1, 5s},
      {"token twice", tampered(R"("access_token":"a","access_token":"b","token_type":"Bearer")"), p, 1, 1,
       5s},
      {"no type", tampered(R"("access_token":"a")"), p, 1, 1, 5s},
      {"wrong type", tampered(R"("access_token":"a","token_type":"mac")"), p, 1, 1, 5s},
      {"expires_in word", tampered(R"("access_token":"a","token_type":"Bearer","expires_in":"soon")"), p, 1,
       1, 5s},
      {"expires_in -1", tampered(R"("access_token":"a","token_type":"Bearer","expires_in":-1)"), p, 1, 1, 5s},
      {"expires_in 0", tampered(R"("access_token":"a","token_type":"Bearer","expires_in":0)"), p, 1, 1, 5s},
      {"expires_in too far", tampered(R"("access_token":"a","token_type":"Bearer","expires_in":1e19)"), p, 1,
       1, 5s},
      {"scope no text", tampered(R"("access_token":"a","token_type":"Bearer","scope":7)"), p, 1, 1, 5s},
      {"wider scope", tampered(R"("access_token":"a","token_type":"Bearer","scope":"read write")"),
       Cause::policy, 1, 1, 30s, 0s, Fault::config, false},
      {"foreign audience", tampered(kForeign), Cause::policy, 1, 1, 30s, 0s, Fault::config, false},
  };
}

std::vector<Cell> cells() {
  auto all = refused_cells();
  for (auto& cell : broken_cells()) all.push_back(std::move(cell));
  return all;
}

// RFC 8410 section 10.3: an Ed25519 private key.
constexpr char kClientKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";

struct Prover final : KeyProver {
  base::Result<base::Secret> proof(Proven const& of, base::WallTime) const override {
    return base::Secret("proof:" + std::string(of.nonce));
  }
  std::string const& thumbprint() const noexcept override { return thumb; }
  std::string_view algorithm() const noexcept override { return "ES256"; }
  base::Secret written() const override { return {}; }
  std::string thumb = "of-the-key";
};

base::Task<void> keep(TokenEndpoint& endpoint, TokenRequest const& request, ClientIdentity const& client,
                      base::TimePoint deadline, std::optional<OAuthResult<TokenAnswer>>& out) {
  out = co_await endpoint.ask(request, client, deadline);
}

struct ErrorTable : testing::Test {
  base::VirtualLoop loop;
  FakeIssuer issuer{loop};
  base::SeededRandom random{7};
  TokenRequest request;
  ClientIdentity client{ClientAuth::post, "weir", base::Secret("client-secret-1"), nullptr, nullptr};

  ErrorTable() { request.endpoint = *net::parse_url("https://issuer.test/token"); }

  OAuthError refused(Flow flow, FakeIssuer::Reply reply, base::Duration within = 60s) {
    request.expected = Expected{flow, {"read"}, {"https://server.test/mcp"}, {}, false};
    issuer.asked.clear();
    issuer.at.clear();
    issuer.answers = {std::move(reply)};
    std::optional<OAuthResult<TokenAnswer>> out;
    TokenEndpoint endpoint(loop, issuer, random);
    base::TaskGroup tasks(loop);
    tasks.spawn(keep(endpoint, request, client, loop.now() + within, out));
    loop.advance(within);
    EXPECT_TRUE(out && !*out);
    return out && !*out ? out->error() : OAuthError();
  }
};

std::string assertion_of(FakeIssuer::Asked const& asked) {
  auto const at = asked.form.find("client_assertion=");
  return at == std::string::npos ? "" : asked.form.substr(at);
}

struct ErrorTableOfClients : ErrorTable, testing::WithParamInterface<ClientAuth> {};

TEST_P(ErrorTableOfClients, EachRowMeansTheSameInEachFlow_R046_R047_F26_T59) {
  client.auth = GetParam();
  client.assertions = *read_client_key({base::Secret(kClientKey), "", ""}, random);
  client.prover = std::make_shared<Prover>();
  std::size_t seen = 0;
  for (auto const& cell : cells()) {
    for (auto const flow : kFlows) {
      SCOPED_TRACE(std::string(cell.name) + " × " + std::string(name_of(flow)));
      if (flow == Flow::introspection && !cell.introspected) continue;
      auto const error = refused(flow, cell.reply(flow));
      bool const denied = cell.of_caller && of_caller(flow);
      EXPECT_EQ(name_of(error.cause), name_of(denied ? Cause::scope : cell.cause));
      EXPECT_EQ(error.retryable, cell.cause == Cause::transient || cell.cause == Cause::throttle ||
                                     cell.cause == Cause::nonce);
      EXPECT_EQ(issuer.asked.size(), single_use(flow) ? cell.sends_single : cell.sends);
      std::set<std::string> assertions;  // an issuer takes each of them once
      for (auto const& asked : issuer.asked) assertions.insert(assertion_of(asked));
      bool const signs = client.auth == ClientAuth::private_key_jwt;
      EXPECT_EQ(assertions.size(), signs ? issuer.asked.size() : 1U);
      EXPECT_EQ(assertions.count(""), signs ? 0U : 1U);
      EXPECT_EQ(error.remember, cell.remember);
      EXPECT_EQ(error.remember_spread, cell.spread);
      auto expected = denied ? Fault::denied : cell.fault;
      if (cell.cause == Cause::reauth && of_caller(flow)) expected = Fault::unauthenticated;
      auto const told = error_for_caller(error, flow, request.expected.scopes);
      EXPECT_EQ(base::name_of(told.fault), base::name_of(expected));
      EXPECT_NE(told.blame, base::Blame::upstream);
      EXPECT_FALSE(told.hint.empty());
      EXPECT_EQ(told.scopes,
                cell.cause == Cause::scope ? std::vector<std::string>{"read"} : std::vector<std::string>());
      ++seen;
    }
  }
  EXPECT_EQ(seen, cells().size() * std::size(kFlows) - 2);
}

INSTANTIATE_TEST_SUITE_P(EachClient, ErrorTableOfClients,
                         testing::Values(ClientAuth::post, ClientAuth::basic, ClientAuth::private_key_jwt));

TEST_F(ErrorTable, ARefusalKeepsItsCauseAndItsWords_R047) {
  auto const error =
      refused(Flow::client_credentials,
              FakeIssuer::json(401, R"({"error":"invalid_client","error_description":"unknown \"weir\""})"));
  EXPECT_EQ(error.code, "invalid_client");
  EXPECT_EQ(error.description, R"(unknown "weir")");
  EXPECT_EQ(error.status, 401);
  EXPECT_FALSE(error.retryable);
}

TEST_F(ErrorTable, ACallerWhoIsDeniedHearsOfThatAndOfNoScopes) {
  for (auto const flow : {Flow::token_exchange, Flow::jwt_bearer}) {
    auto const error = refused(flow, FakeIssuer::json(400, R"({"error":"access_denied"})"));
    auto const told = error_for_caller(error, flow, {"read"});
    EXPECT_EQ(told.blame, base::Blame::client);
    EXPECT_NE(told.hint.find("denies this caller"), std::string::npos) << told.hint;
    EXPECT_TRUE(told.scopes.empty()) << "other scopes are no cure";
  }
}

TEST_F(ErrorTable, AGrantThatIsRefusedIsASignInOnlyWhereSomebodySignedIn) {
  auto const hint = [&](Flow flow) {
    return error_for_caller(refused(flow, FakeIssuer::json(400, R"({"error":"invalid_grant"})")), flow, {})
        .hint;
  };
  EXPECT_NE(hint(Flow::refresh_token).find("sign-in at the server has ended"), std::string::npos);
  for (auto const& [flow, key] : {std::pair{Flow::client_credentials, "`client_id`"},
                                  {Flow::client_credentials, "`grant`"},
                                  {Flow::password, "`username`"},
                                  {Flow::password, "`password`"}}) {
    EXPECT_EQ(hint(flow).find("sign-in"), std::string::npos) << hint(flow);
    EXPECT_NE(hint(flow).find(key), std::string::npos) << hint(flow);
  }
}

TEST_F(ErrorTable, WordsAreCutAndHoldNeitherSecretsNorAddresses) {
  std::string const words = "secret client-secret-1 at https://issuer.test/x?token=1 " +
                            std::string(40, 'A') + " \\u0007" + "\\u202e " + std::string(300, '-') + " end";
  auto const error =
      refused(Flow::client_credentials,
              FakeIssuer::json(400, R"({"error":"invalid_request","error_description":")" + words + R"("})"));
  EXPECT_EQ(error.description.find("client-secret-1"), std::string::npos);
  EXPECT_EQ(error.description.find("issuer.test"), std::string::npos);
  EXPECT_EQ(error.description.find("AAAAAAAA"), std::string::npos);
  for (char const c : error.description) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  EXPECT_LE(error.description.size(), 256U);

  std::string words_256;
  while (words_256.size() < 300) words_256 += "word ";
  auto const cut =
      refused(Flow::client_credentials,
              FakeIssuer::json(400, R"({"error":"x","error_description":")" + words_256 + R"("})"));
  EXPECT_EQ(cut.description, words_256.substr(0, 256));
}

TEST_F(ErrorTable, PatienceThatIsAskedForIsToldAtOnceAndIsAtLeastASecond) {
  for (auto const& [said, time] : {std::pair{"7", 7s}, {"0", 1s}, {"86400", 3600s}}) {
    auto const error =
        refused(Flow::client_credentials, FakeIssuer::with(FakeIssuer::json(503, ""), "retry-after", said));
    EXPECT_EQ(issuer.at.size(), 1U);
    EXPECT_EQ(error.retry_after, time) << said;
    EXPECT_EQ(error.remember, time) << said;
  }
}

TEST_F(ErrorTable, ACertificateThatIsNotTrustedIsToldAsSuch) {
  auto const error =
      refused(Flow::client_credentials,
              base::Error(Fault::connect_failed, base::Blame::upstream, "TLS with issuer.test"));
  EXPECT_EQ(error.cause, Cause::config);
  auto const told = error_for_caller(error, Flow::client_credentials, {});
  EXPECT_NE(told.hint.find("certificate"), std::string::npos) << told.hint;
}

TEST_F(ErrorTable, AnIssuerThatWantsAClientCertificateIsToldWithItsCure) {
  auto const error =
      refused(Flow::client_credentials, base::Error(Fault::connect_failed, base::Blame::gateway,
                                                    "TLS with issuer.test: it wants a client certificate"));
  EXPECT_EQ(error.cause, Cause::config);
  auto const told = error_for_caller(error, Flow::client_credentials, {});
  EXPECT_NE(told.detail.find("it wants a client certificate"), std::string::npos) << told.detail;
  EXPECT_NE(told.hint.find("`cert` and `key`"), std::string::npos) << told.hint;
}

TEST_F(ErrorTable, ANonceIsUsedOnceAndOnlyWhereAKeyIsProved) {
  auto const reply =
      FakeIssuer::with(FakeIssuer::json(401, R"({"error":"use_dpop_nonce"})"), "dpop-nonce", "n-1");
  refused(Flow::client_credentials, reply);
  EXPECT_EQ(issuer.asked.size(), 1U);
  client.prover = std::make_shared<Prover>();
  refused(Flow::client_credentials, reply);
  ASSERT_EQ(issuer.asked.size(), 2U);
  EXPECT_EQ(issuer.asked[0].field("DPoP"), "proof:");
  EXPECT_EQ(issuer.asked[1].field("DPoP"), "proof:n-1");
}

TEST_F(ErrorTable, WhatMayBeUsedOnceIsNeverSentTwice) {
  for (auto const flow : {Flow::refresh_token, Flow::authorization_code, Flow::jwt_bearer}) {
    refused(flow, FakeIssuer::json(503, ""));
    EXPECT_EQ(issuer.asked.size(), 1U);
  }
}

}  // namespace
}  // namespace weir::oauth
