#include "vault/vault_source_io.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "vault/fake_store_test.hpp"

namespace weir::vault {
namespace {

using namespace std::chrono_literals;
using base::Fault;

constexpr char const* kValue = R"({"data":{"data":{"token":"s3cret"},"metadata":{"version":2}}})";
constexpr char const* kLogin = R"({"auth":{"client_token":"hvs.1","lease_duration":60,"renewable":true}})";
constexpr char const* kLongLogin =
    R"({"auth":{"client_token":"hvs.2","lease_duration":2764800,"renewable":true}})";

struct VaultShell : testing::Test {
  base::VirtualLoop loop;
  base::SeededRandom random{1};
  FakeStore store;
  secrets::SecretReference about{secrets::Store::vault, "mcp/a", "token"};
  base::TaskGroup tasks{loop};
  std::unique_ptr<VaultSource> source;

  void with_token() {
    secrets::VaultOptions options;
    options.token = base::Secret("tok");
    source = std::make_unique<VaultSource>(loop, store, *net::parse_url("http://vault.test:8200"), options,
                                           random);
  }
  void with_role() {
    secrets::VaultOptions options;
    options.role_id = "r";
    options.secret_id = base::Secret("s");
    source = std::make_unique<VaultSource>(loop, store, *net::parse_url("http://vault.test:8200"), options,
                                           random);
  }
  base::Result<secrets::StoreAnswer> read() {
    base::Result<secrets::StoreAnswer> out = base::Error();
    tasks.spawn(keep_answer(source->read(about, loop.now() + 5s), out));
    loop.run();
    return out;
  }
};

TEST_F(VaultShell, RenewsAGivenTokenOnceAndReads_R054_F29) {
  with_token();
  store.answers = {{200, R"({"auth":{"lease_duration":60,"renewable":true}})"}, {200, kValue}, {200, kValue}};
  auto const answer = read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->version, "2");
  ASSERT_TRUE(read());
  ASSERT_EQ(store.asked.size(), 3U);
  EXPECT_EQ(store.asked[0].line, "POST http://vault.test:8200/v1/auth/token/renew-self");
  EXPECT_EQ(store.asked[1].line, "GET http://vault.test:8200/v1/secret/data/mcp/a");
  EXPECT_EQ(store.asked[1].field("X-Vault-Token"), "tok");
}

TEST_F(VaultShell, AsksToBeReadAgainBeforeItsTokenEnds_F29) {
  with_token();
  store.answers = {{200, R"({"auth":{"lease_duration":60,"renewable":true}})"}, {200, kValue}, {200, kValue}};
  EXPECT_EQ(read()->lease, base::Duration(60s));
  loop.advance(20s);
  EXPECT_EQ(read()->lease, base::Duration(40s));
}

TEST_F(VaultShell, LogsInAnewWhenItsTokenIsRefused_R054) {
  with_role();
  store.answers = {{200, kLongLogin}, {200, kValue}, {403, "{}"}, {200, kLongLogin}, {200, kValue}};
  ASSERT_TRUE(read());
  loop.advance(2min);
  ASSERT_TRUE(read());
  ASSERT_EQ(store.asked.size(), 5U);
  EXPECT_EQ(store.asked[3].line, "POST http://vault.test:8200/v1/auth/approle/login");
}

TEST_F(VaultShell, GivesUpWhenTheFreshTokenIsRefusedToo) {
  with_role();
  store.answers = {{200, kLongLogin}, {403, "{}"}};
  EXPECT_EQ(read().error().fault, Fault::denied);
  EXPECT_EQ(store.asked.size(), 2U);
  loop.advance(2min);
  store.answers = {{403, "{}"}, {200, kLongLogin}, {403, "{}"}};
  EXPECT_EQ(read().error().fault, Fault::denied);
  EXPECT_EQ(store.asked.size(), 5U);
}

TEST_F(VaultShell, ADocumentThatIsDeniedForGoodDoesNotLogInForEver) {
  with_role();
  int logins = 0;
  for (int i = 0; i < 150; ++i) {  // five minutes, two documents
    for (auto const* const document : {"allowed", "denied"}) {
      about.document = document;
      bool const denied = about.document == "denied";
      // At most one login and one more reading can follow.
      auto const first = store.asked.size();
      auto const reply =
          denied ? std::pair<int, std::string>{403, "{}"} : std::pair<int, std::string>{200, kValue};
      if (i > 0 || denied) store.answers = {reply, {200, kLongLogin}, reply};
      if (i == 0 && !denied) store.answers = {{200, kLongLogin}, reply};
      EXPECT_EQ(read().has_value(), !denied);
      for (auto at = first; at < store.asked.size(); ++at)
        logins += store.asked[at].line.ends_with("/login") ? 1 : 0;
    }
    loop.advance(2s);
  }
  EXPECT_EQ(logins, 2);
}

TEST_F(VaultShell, ManyReadersLogInOnce_F29) {
  with_role();
  store.answers = {{200, kLogin}, {200, kValue}, {200, kValue}, {200, kValue}};
  std::vector<base::Result<secrets::StoreAnswer>> out(3, base::Error());
  for (auto& one : out) tasks.spawn(keep_answer(source->read(about, loop.now() + 5s), one));
  loop.run();
  for (auto const& one : out) EXPECT_TRUE(one);
  EXPECT_EQ(store.asked.size(), 4U);
}

TEST_F(VaultShell, ANoAnswerNamesTheStoreAndNoSecret) {
  with_role();
  auto const answer = read();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().detail, "no answer from vault.test:8200: connection refused");
}

// Also one that another has taken the place of while the question was under way.
TEST_F(VaultShell, WhatAStoreRepeatsOfACredentialIsMasked_F57) {
  secrets::VaultOptions options;
  options.token = base::Secret("hvs.CANARY");
  source =
      std::make_unique<VaultSource>(loop, store, *net::parse_url("http://vault.test:8200"), options, random);
  store.answers = {{200, "{}"}, {403, R"({"errors":["bad token hvs.CANARY"]})"}};
  EXPECT_EQ(read().error().detail, "read: Vault answered 403: bad token ***");
  options = {};
  options.role_id = "r";
  options.secret_id = base::Secret("secret-CANARY");
  source =
      std::make_unique<VaultSource>(loop, store, *net::parse_url("http://vault.test:8200"), options, random);
  store.answers = {{400, R"({"errors":["no secret-CANARY"]})"}, {403, "{}"}};
  EXPECT_EQ(read().error().detail.find("CANARY"), std::string::npos);
  store.answers = {{200, R"({"auth":{"client_token":"hvs.lent-CANARY","lease_duration":60}})"},
                   {403, R"({"errors":["bad token hvs.lent-CANARY"]})"}};
  EXPECT_EQ(read().error().detail, "read: Vault answered 403: bad token ***");
}

}  // namespace
}  // namespace weir::vault
