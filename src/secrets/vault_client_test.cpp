#include "secrets/vault_client.hpp"

#include <gtest/gtest.h>

namespace weir::secrets {
namespace {

using namespace std::chrono_literals;
using base::Fault;
using Step = VaultClient::Step;

// As the API documentation of Vault shows it.
constexpr std::string_view kRead =
    R"({"request_id":"x","lease_id":"","renewable":false,"lease_duration":0,"data":{
  "data":{"token":"s3cret","port":5432,"list":[]},
  "metadata":{"created_time":"2018-03-22T02:24:06.945319214Z","deletion_time":"","destroyed":false,"version":3}}})";
constexpr std::string_view kLongLogin =
    R"({"auth":{"client_token":"hvs.long","lease_duration":2764800,"renewable":true}})";
constexpr std::string_view kLogin =
    R"({"auth":{"client_token":"hvs.abc","lease_duration":60,"renewable":true}})";

struct Vault : testing::Test {
  base::VirtualClock clock;
  base::SeededRandom random{3};
  VaultOptions options;

  Vault() { options.token = base::Secret("root-token"); }
  static VaultOptions by_role() {
    VaultOptions options;
    options.role_id = "role";
    options.secret_id = base::Secret("s\"id");
    return options;
  }
  static std::string field(StoreQuestion const& question, std::string_view name) {
    for (auto const& [key, value] : question.fields) {
      if (key == name) return std::string(value.reveal());
    }
    return "-";
  }
};

TEST_F(Vault, AsksForADocumentOfItsMountInItsNamespace_R054_F29) {
  options.space = "team/a";
  options.mount = "kv";
  VaultClient const client(options, random);
  auto const question = client.read("mcp/git hub");
  EXPECT_EQ(question.method, "GET");
  EXPECT_EQ(question.target, "/v1/kv/data/mcp/git%20hub");
  EXPECT_EQ(field(question, "X-Vault-Token"), "root-token");
  EXPECT_EQ(field(question, "X-Vault-Namespace"), "team/a");
  EXPECT_EQ(field(question, "X-Vault-Request"), "true");
}

TEST_F(Vault, ReadsValuesVersionAndTime_R054) {
  VaultClient client(options, random);
  auto const answer = client.answer(200, kRead);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->values.size(), 2U);
  EXPECT_EQ(answer->values[0].second.reveal(), "s3cret");
  EXPECT_EQ(answer->values[1].second.reveal(), "5432");
  EXPECT_EQ(answer->version, "3");
  EXPECT_EQ(answer->created, base::WallTime(std::chrono::seconds{1'521'685'446}));
}

TEST_F(Vault, AGivenTokenIsRenewedFirstAndThenAtTwoThirds_F29) {
  VaultClient client(options, random);
  EXPECT_EQ(client.next(clock.now()), Step::renew);
  EXPECT_EQ(client.renew().target, "/v1/auth/token/renew-self");
  client.renewed(200, R"({"auth":{"lease_duration":60,"renewable":true}})", clock.now());
  EXPECT_EQ(client.next(clock.now() + 33s), Step::read);
  EXPECT_EQ(client.next(clock.now() + 40s), Step::renew);
  EXPECT_EQ(field(client.read("a"), "X-Vault-Token"), "root-token");
}

TEST_F(Vault, ATokenThatCannotBeRenewedIsUsedAsItIs) {
  VaultClient client(options, random);
  client.renewed(400, R"({"errors":["lease is not renewable"]})", clock.now());
  EXPECT_EQ(client.next(clock.now()), Step::read);
  EXPECT_EQ(client.next(clock.now() + 24h), Step::read);
}

TEST_F(Vault, ARenewalWithoutAnAnswerIsTriedAgainAndHoldsUpNothing) {
  VaultClient client(options, random);
  client.renewal_failed(clock.now());
  EXPECT_EQ(client.next(clock.now() + 9s), Step::read);
  EXPECT_EQ(client.next(clock.now() + 10s), Step::renew);
  client.renewed(503, "", clock.now() + 10s);
  EXPECT_EQ(client.next(clock.now() + 19s), Step::read);
  EXPECT_EQ(client.next(clock.now() + 20s), Step::renew);
}

TEST_F(Vault, ARoleLogsInRenewsAndLogsInAgainWhenItsTokenIsOver_R054_F29) {
  VaultClient client(by_role(), random);
  EXPECT_EQ(client.next(clock.now()), Step::login);
  auto const login = client.login();
  EXPECT_EQ(login.target, "/v1/auth/approle/login");
  EXPECT_EQ(login.body.reveal(), R"({"role_id":"role","secret_id":"s\"id"})");
  EXPECT_EQ(field(login, "X-Vault-Token"), "-");
  ASSERT_TRUE(client.logged_in(200, kLogin, clock.now()));
  EXPECT_EQ(field(client.read("a"), "X-Vault-Token"), "hvs.abc");
  EXPECT_EQ(client.next(clock.now() + 33s), Step::read);
  EXPECT_EQ(client.next(clock.now() + 40s), Step::renew);
  EXPECT_EQ(client.next(clock.now() + 60s), Step::login);
}

TEST_F(Vault, ARefusedTokenOfARoleIsFetchedAnewUnlessItIsYoung) {
  VaultClient client(by_role(), random);
  ASSERT_TRUE(client.logged_in(200, kLongLogin, clock.now()));
  auto const refused = client.answer(403, R"({"errors":["permission denied"]})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::denied);
  EXPECT_EQ(refused.error().detail, "read: Vault answered 403: permission denied");
  EXPECT_FALSE(client.heard("a", true, client.login_number(), clock.now() + 59s));
  EXPECT_EQ(client.next(clock.now() + 59s), Step::read);
  EXPECT_TRUE(client.heard("a", true, client.login_number(), clock.now() + 60s));
  EXPECT_EQ(client.next(clock.now() + 60s), Step::login);
  client.login_failed();
  EXPECT_EQ(client.next(clock.now() + 60s), Step::read) << "it may be good for others";
  EXPECT_EQ(field(client.read("b"), "X-Vault-Token"), "hvs.long");
}

TEST_F(Vault, ALoginThatDoesNotHelpADocumentIsNotTriedForItAgainSoon) {
  VaultClient client(by_role(), random);
  unsigned logins = 0;
  auto const login = [&] {
    ++logins;
    ASSERT_TRUE(client.logged_in(200, kLongLogin, clock.now()));
  };
  login();
  for (int i = 0; i < 330; ++i) {  // eleven minutes
    for (auto const* const document : {"x", "y"}) {
      if (client.heard(document, true, client.login_number(), clock.now())) login();
    }
    EXPECT_FALSE(client.heard("good", false, client.login_number(), clock.now()));
    clock.advance(2s);
  }
  EXPECT_EQ(logins, 2U);
  clock.advance(1min);
  EXPECT_TRUE(client.heard("x", true, client.login_number(), clock.now())) << "the role may do more by now";
}

TEST_F(Vault, ARefusalOfATokenThatWasReplacedMeanwhileSaysNothing) {
  VaultClient client(by_role(), random);
  ASSERT_TRUE(client.logged_in(200, kLongLogin, clock.now()));
  auto const sent_with = client.login_number();
  clock.advance(2min);
  ASSERT_TRUE(client.logged_in(200, kLongLogin, clock.now()));
  EXPECT_TRUE(client.heard("a", true, sent_with, clock.now())) << "it is asked for again";
  EXPECT_EQ(client.next(clock.now()), Step::read);
}

TEST_F(Vault, SaysWhatFailed_F29) {
  VaultClient client(by_role(), random);
  EXPECT_EQ(client.logged_in(400, R"({"errors":["invalid role ID"]})", clock.now()).error().fault,
            Fault::unauthenticated);
  EXPECT_EQ(client.logged_in(200, "{}", clock.now()).error().fault, Fault::protocol);
  EXPECT_EQ(client.answer(404, R"({"errors":[]})").error().fault, Fault::not_found);
  EXPECT_EQ(
      client.answer(404, R"({"data":{"data":null,"metadata":{"deletion_time":"2020-01-01T00:00:00Z"}}})")
          .error()
          .detail,
      "read: the newest version has been deleted");
  EXPECT_EQ(client.answer(503, "sealed").error().fault, Fault::unavailable);
  EXPECT_EQ(client.answer(200, R"({"data":{"token":"version 1"}})").error().fault, Fault::protocol);
  EXPECT_EQ(client.answer(200, "<html>").error().fault, Fault::protocol);
}

TEST_F(Vault, AnErrorRepeatsNoCredentialOfItsQuestion_F57) {
  options.token = base::Secret("hvs.CANARY+token");
  VaultClient const client(options, random);
  auto const asked = client.read("a");
  auto const denied =
      client.answer(403, R"({"errors":["bad token hvs.CANARY\u002btoken"]})", asked.credentials);
  EXPECT_EQ(denied.error().detail, "read: Vault answered 403: bad token ***");
  auto const missing = client.answer(404, R"({"errors":["hvs.CANARY+token"]})", asked.credentials);
  EXPECT_EQ(missing.error().detail, "read: Vault answered 404: ***");
  auto by_id = by_role();
  by_id.secret_id = base::Secret("id-of-the-secret");
  VaultClient other(by_id, random);
  auto const login = other.login();
  auto const refused =
      other.logged_in(400, R"({"errors":["id-of-the-secret?"]})", clock.now(), login.credentials);
  EXPECT_EQ(refused.error().detail, "login: Vault answered 400: ***?");
}

}  // namespace
}  // namespace weir::secrets
