#include "oauth/person_sign_in_io.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/base64url.hpp"
#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "oauth/dpop_check_test.hpp"
#include "oauth/error_table.hpp"
#include "oauth/fake_issuer_test.hpp"
#include "oauth/proof_key.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

constexpr char kBack[] = "http://127.0.0.1:7007/callback";

template <class T>
base::Task<void> keep(base::Task<OAuthResult<T>> work, std::optional<OAuthResult<T>>& out) {
  out = co_await std::move(work);
}

struct Person : testing::Test {
  base::VirtualLoop loop;
  FakeIssuer issuer{loop};
  base::SeededRandom random{3};
  PersonSignInOptions options;
  std::optional<PersonSignIn> person;
  std::string challenge_methods = R"(["S256"])";
  std::string more;  // members of the issuer's metadata
  FakeIssuer::Reply registered = FakeIssuer::json(201, R"({"client_id":"c-1"})");
  std::string token_type = "Bearer";
  std::string token = "a-1";
  std::string token_scope;
  std::vector<std::string> seen;

  Person() {
    options.at.server = *net::parse_url("https://s.test/mcp");
    options.at.guard = std::make_shared<net::EgressGuard const>(net::EgressRules{});
    more = R"(,"registration_endpoint":"https://i.test/register")";
    issuer.answer = [this](FakeIssuer::Asked const& asked) { return answered(asked); };
  }
  FakeIssuer::Reply answered(FakeIssuer::Asked const& asked) {
    seen.push_back(asked.url);
    if (asked.url == "https://s.test/mcp") {
      return FakeIssuer::with(FakeIssuer::json(401, ""), "www-authenticate", R"(Bearer scope="read")");
    }
    if (asked.url == "https://s.test/.well-known/oauth-protected-resource/mcp") {
      return FakeIssuer::json(
          200, R"({"resource":"https://s.test/mcp","authorization_servers":["https://i.test"]})");
    }
    if (asked.url == "https://i.test/.well-known/oauth-authorization-server") {
      return FakeIssuer::json(200, R"({"issuer":"https://i.test","token_endpoint":"https://i.test/token",)"
                                   R"("authorization_endpoint":"https://i.test/authorize")" +
                                       (challenge_methods.empty()
                                            ? std::string()
                                            : R"(,"code_challenge_methods_supported":)" + challenge_methods) +
                                       more + "}");
    }
    if (asked.url == "https://i.test/register") return registered;
    if (asked.url == "https://i.test/token") {
      return FakeIssuer::json(200, R"({"access_token":")" + token + R"(","token_type":")" + token_type +
                                       R"(","expires_in":3600,"refresh_token":"r-1")" + token_scope + "}");
    }
    return FakeIssuer::json(404, "");
  }
  template <class T>
  OAuthResult<T> done(base::Task<OAuthResult<T>> work) {
    std::optional<OAuthResult<T>> out;
    base::TaskGroup tasks(loop);
    tasks.spawn(keep(std::move(work), out));
    loop.advance(30s);
    if (!out) return misfit(Cause::transient, 0, "hangs");
    return std::move(*out);
  }
  OAuthResult<void> begin(std::optional<KeptSignIn> before = {}) {
    person.emplace(PersonSignIn::Parts{loop, issuer, random}, options);
    return done(person->begin(kBack, std::move(before), loop.now() + 30s));
  }
  OAuthResult<KeptSignIn> finish() { return done(person->finish(base::Secret("code-1"), loop.now() + 30s)); }
  bool asked_at(std::string const& url) const {
    return std::find(seen.begin(), seen.end(), url) != seen.end();
  }
  std::string form_at(std::string const& url) const {
    for (auto const& asked : issuer.asked) {
      if (asked.url == url) return asked.form;
    }
    return "none";
  }
};

TEST_F(Person, AnUnknownClientRegistersAndGetsTokens_P105) {
  auto const begun = begin();
  ASSERT_TRUE(begun) << begun.error().description;
  EXPECT_NE(form_at("https://i.test/register").find(kBack), std::string::npos);
  auto const& url = person->attempt().url();
  EXPECT_TRUE(url.starts_with("https://i.test/authorize?response_type=code&client_id=c-1&"));
  EXPECT_NE(url.find("&scope=read&resource=https%3A%2F%2Fs.test%2Fmcp"), std::string::npos);
  auto const kept = finish();
  ASSERT_TRUE(kept);
  auto const form = form_at("https://i.test/token");
  EXPECT_TRUE(form.starts_with("grant_type=authorization_code&code=code-1&"));
  EXPECT_NE(form.find("&code_verifier="), std::string::npos);
  EXPECT_NE(form.find("&resource=https%3A%2F%2Fs.test%2Fmcp"), std::string::npos);
  EXPECT_NE(form.find("client_id=c-1"), std::string::npos);
  EXPECT_EQ(kept->server, "https://s.test/mcp");
  EXPECT_EQ(kept->issuer, "https://i.test");
  EXPECT_EQ(kept->client_id, "c-1");
  EXPECT_TRUE(kept->registered);
  EXPECT_EQ(kept->access_token.reveal(), "a-1");
  EXPECT_EQ(kept->refresh_token.reveal(), "r-1");
  ASSERT_TRUE(kept->expires_at);
  EXPECT_EQ(*kept->expires_at, loop.clock().wall() - 30s + 3600s);
}

TEST_F(Person, AnIssuerThatDoesNotAnnounceS256IsRefused_P105) {
  for (auto const* const methods : {"", "[]", R"(["plain"])"}) {
    challenge_methods = methods;
    auto const refused = begin();
    ASSERT_FALSE(refused) << methods;
    EXPECT_EQ(refused.error().cause, Cause::policy);
    EXPECT_FALSE(asked_at("https://i.test/register"));
  }
}

TEST_F(Person, AConfiguredClientIsNeverRegistered) {
  options.client.id = "weir";
  ASSERT_TRUE(begin());
  EXPECT_FALSE(asked_at("https://i.test/register"));
  EXPECT_NE(person->attempt().url().find("client_id=weir&"), std::string::npos);
  EXPECT_FALSE(finish()->registered);
}

TEST_F(Person, ADocumentNamesTheClientWhereTheIssuerReadsSuch) {
  options.client_document = "https://w.test/weir.json";
  ASSERT_TRUE(begin());
  EXPECT_NE(person->attempt().url().find("client_id=c-1&"), std::string::npos);
  more += R"(,"client_id_metadata_document_supported":true)";
  ASSERT_TRUE(begin());
  EXPECT_NE(person->attempt().url().find("client_id=https%3A%2F%2Fw.test%2Fweir.json&"), std::string::npos);
}

TEST_F(Person, WithoutAnyWayToBeAClientTheCureIsNamed) {
  more.clear();
  auto const refused = begin();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, Cause::config);
  EXPECT_NE(refused.error().description.find("client_id"), std::string::npos);
  EXPECT_NE(refused.error().description.find(kBack), std::string::npos);
}

TEST_F(Person, ARegistrationIsUsedAgainAtItsIssuerWithItsWayBackAndInItsTime) {
  ASSERT_TRUE(begin());
  auto const kept = *finish();
  auto const registers = [&](KeptSignIn const& before) {
    seen.clear();
    EXPECT_TRUE(begin(before));
    return asked_at("https://i.test/register");
  };
  EXPECT_FALSE(registers(kept));
  auto other = kept;
  other.issuer = "https://other.test";
  EXPECT_TRUE(registers(other));
  other = kept;
  other.redirect_uri = "http://127.0.0.1:7008/callback";
  EXPECT_TRUE(registers(other));
  other = kept;
  other.client_secret_until = loop.clock().wall();
  EXPECT_TRUE(registers(other));
  other.client_secret_until = loop.clock().wall() + 31s;
  EXPECT_FALSE(registers(other));
  other = kept;
  other.client_id.clear();  // the issuer has forgotten it
  EXPECT_TRUE(registers(other));
}

TEST_F(Person, AnIssuerThatMayHaveForgottenTheClientRegistersItAnew) {
  ASSERT_TRUE(begin());
  EXPECT_EQ(person->reused_client(), "");
  auto const kept = *finish();
  ASSERT_TRUE(begin(kept));
  EXPECT_EQ(person->reused_client(), "c-1");
  auto ended = kept;
  ended.end();
  auto doubted = kept;
  doubted.client_doubted = true;
  registered = FakeIssuer::json(201, R"({"client_id":"c-2"})");
  for (auto const& before : {ended, doubted}) {
    ASSERT_TRUE(begin(before));
    EXPECT_NE(person->attempt().url().find("client_id=c-2&"), std::string::npos);
    EXPECT_EQ(person->reused_client(), "");
    EXPECT_FALSE(finish()->client_doubted);
  }
  registered = FakeIssuer::json(403, "");  // not any more: the one that there is may be good all the same
  for (auto const* const endpoint : {R"(,"registration_endpoint":"https://i.test/register")", ""}) {
    more = endpoint;
    ASSERT_TRUE(begin(ended));
    EXPECT_NE(person->attempt().url().find("client_id=c-1&"), std::string::npos);
    EXPECT_EQ(person->reused_client(), "") << "another one cannot be had";
    EXPECT_TRUE(finish()->registered);
  }
}

TEST_F(Person, ClientsThatAreConfiguredOrDocumentedAreNeverDoubted) {
  KeptSignIn before;
  before.issuer = "https://i.test";
  before.client_id = "weir";
  before.redirect_uri = kBack;
  before.client_doubted = true;
  options.client.id = "weir";
  ASSERT_TRUE(begin(before));
  EXPECT_NE(person->attempt().url().find("client_id=weir&"), std::string::npos);
  options.client.id.clear();
  options.client_document = "https://w.test/weir.json";
  more += R"(,"client_id_metadata_document_supported":true)";
  ASSERT_TRUE(begin(before));
  EXPECT_NE(person->attempt().url().find("client_id=https%3A%2F%2Fw.test%2Fweir.json&"), std::string::npos);
  EXPECT_FALSE(asked_at("https://i.test/register"));
}

TEST_F(Person, ARegistrationForFewerScopesIsMadeAnew) {
  registered = FakeIssuer::json(201, R"({"client_id":"c-1","scope":"read"})");
  ASSERT_TRUE(begin());
  auto const kept = *finish();
  EXPECT_EQ(kept.client_scope, "read");
  seen.clear();
  ASSERT_TRUE(begin(kept));
  EXPECT_FALSE(asked_at("https://i.test/register"));
  EXPECT_EQ(finish()->client_scope, "read");
  registered = FakeIssuer::json(201, R"({"client_id":"c-2","scope":"read write"})");
  options.more = {"write"};
  ASSERT_TRUE(begin(kept));
  EXPECT_NE(person->attempt().url().find("client_id=c-2&"), std::string::npos);
  EXPECT_EQ(finish()->client_scope, "read write");
  auto silent = kept;
  silent.client_scope.clear();  // an issuer that does not say
  ASSERT_TRUE(begin(silent));
  EXPECT_NE(person->attempt().url().find("client_id=c-1&"), std::string::npos);
}

TEST_F(Person, ScopesAreThoseOfBeforeAndTheNewOnes) {
  options.more = {"write"};
  KeptSignIn before;
  before.issuer = "https://i.test";
  before.scopes = {"admin", "read"};
  more += R"(,"scopes_supported":["read","offline_access"])";
  ASSERT_TRUE(begin(before));
  EXPECT_NE(person->attempt().url().find("&scope=read+admin+write+offline_access&"), std::string::npos);
  before.issuer = "https://other.test";
  ASSERT_TRUE(begin(before));
  EXPECT_NE(person->attempt().url().find("&scope=read+write+offline_access&"), std::string::npos);
}

TEST_F(Person, TheTokenIsKeptForNoLongerThanItSaysItself_F02) {
  auto const until = std::chrono::floor<std::chrono::seconds>(loop.clock().wall() + 15min);
  token =
      "h." + base::to_base64url("{\"exp\":" + std::to_string(until.time_since_epoch().count()) + "}") + ".s";
  ASSERT_TRUE(begin());
  auto const kept = finish();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->expires_at, base::WallTime(until)) << "expires_in is an hour";
}

TEST_F(Person, WiderScopesThanAskedForAreNotTaken) {
  ASSERT_TRUE(begin());
  token_scope = R"(,"scope":"read admin")";
  auto const refused = finish();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, Cause::policy);
}

TEST_F(Person, TokensAreBoundToAKeyOfTheSignInWhereThatIsWanted_RFC9449) {
  options.key_bound = true;
  ASSERT_TRUE(begin());
  auto const refused = finish();
  ASSERT_FALSE(refused) << "a bearer token is less than was asked for";
  EXPECT_NE(refused.error().advice.find("`dpop`"), std::string::npos);
  token_type = "DPoP";
  ASSERT_TRUE(begin());
  auto const& url = person->attempt().url();
  auto const kept = finish();
  ASSERT_TRUE(kept);
  DpopCheck check;
  auto const proof = issuer.asked.back().field("DPoP");
  EXPECT_EQ(check(proof, {"POST", "https://i.test/token", loop.clock().wall() - 30s}), "");
  EXPECT_EQ(kept->bound_key, check.thumbprint);
  EXPECT_NE(url.find("dpop_jkt=" + check.thumbprint), std::string::npos);
  auto const key = proof_key({kept->key, ""}, random);
  ASSERT_TRUE(key);
  EXPECT_EQ((*key)->thumbprint(), check.thumbprint) << "which is kept with the tokens";
  options.client.prover = *proof_key({}, random);
  ASSERT_TRUE(begin());
  auto const configured = finish();
  ASSERT_TRUE(configured);
  EXPECT_EQ(configured->bound_key, options.client.prover->thumbprint());
  EXPECT_TRUE(configured->key.empty()) << "it is kept where it is configured";
}

TEST_F(Person, AnIssuerThatTakesOtherAlgorithmsIsNotSignedInAt_RFC9449) {
  options.key_bound = true;
  more += R"(,"dpop_signing_alg_values_supported":["PS256"])";
  auto const refused = begin();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().advice.find("PS256"), std::string::npos);
  EXPECT_FALSE(asked_at("https://i.test/register"));
  options.proof_algorithm = "PS256";
  EXPECT_TRUE(begin());
}

TEST_F(Person, AddressesOfTheInsideAreNotVisited_T53) {
  more = R"(,"registration_endpoint":"https://169.254.169.254/register")";
  EXPECT_FALSE(begin());
  EXPECT_FALSE(asked_at("https://169.254.169.254/register"));
}

TEST_F(Person, TokensAreRevokedWhereTheIssuerWantsToKnow) {
  KeptSignIn kept;
  kept.refresh_token = base::Secret("r-1");
  kept.access_token = base::Secret("a-1");
  ClientIdentity const client{ClientAuth::none, "c-1", {}, nullptr, nullptr};
  PersonSignIn::Parts const parts{loop, issuer, random};
  EXPECT_TRUE(done(revoke(parts, kept, client, nullptr, loop.now() + 9s)));
  EXPECT_TRUE(issuer.asked.empty());
  kept.revocation_endpoint = "https://i.test/revoke";
  issuer.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::json(200, ""); };
  EXPECT_TRUE(done(revoke(parts, kept, client, nullptr, loop.now() + 9s)));
  EXPECT_EQ(issuer.asked.at(0).form, "token=r-1&token_type_hint=refresh_token&client_id=c-1");
  issuer.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::json(503, ""); };
  EXPECT_FALSE(done(revoke(parts, kept, client, nullptr, loop.now() + 9s)));
}

}  // namespace
}  // namespace weir::oauth
