#include <gtest/gtest.h>
#include <unistd.h>

#include "oauth/source_rig_test.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

// A server whose configuration holds the refresh token r-0.
struct Refreshed : SourceRig {
  Refreshed() {
    options.server = "github";
    options.grant = Grant::refresh_token;
    options.refresh_token = base::Secret("r-0");
    options.wanted.endpoint = *net::parse_url("https://issuer.test/token");
    options.wanted.issuer = "https://issuer.test";
    options.wanted.resource = "https://server.test/mcp";
    options.client =
        ClientIdentity{ClientAuth::basic, "weir", base::Secret("client-secret-1"), nullptr, nullptr};
    issuer.answer = [this](FakeIssuer::Asked const& asked) { return rotated(asked, 60); };
  }
  std::string text() {
    auto const got = get();
    return got ? std::string((*got)->reveal()) : std::string(base::name_of(got.error().fault));
  }
};

TEST_F(Refreshed, ARotatedRefreshTokenReplacesTheOldOne_F31) {
  options.refresh_file = testing::TempDir() + "weir_refresh_" + std::to_string(::getpid());
  begin();
  for (int i = 1; i <= 5; ++i) {
    EXPECT_EQ(text(), "Bearer x-" + std::to_string(i));
    loop.advance(60s);
  }
  RefreshBook after_restart;
  EXPECT_EQ(after_restart.current("github", options.refresh_token, options.refresh_file).reveal(), "r-5");
  EXPECT_EQ(after_restart.current("github", base::Secret("r-new"), options.refresh_file).reveal(), "r-new");
  made = 77;  // somebody else has used it
  loop.advance(60s);
  EXPECT_EQ(text(), "config");
  auto const asked = issuer.asked.size();
  loop.advance(10min);
  EXPECT_EQ(text(), "config");
  EXPECT_EQ(issuer.asked.size(), asked);  // a dead chain is not tried again
  EXPECT_FALSE(alarms.empty());
  for (auto const& alarm : alarms) EXPECT_EQ(alarm.find("r-5"), std::string::npos);
  ::unlink(options.refresh_file.c_str());
}

TEST_F(Refreshed, ManyWhoWaitForARefreshUseTheRefreshTokenOnce_F31) {
  issuer.takes = 200ms;
  begin();
  std::vector<Got> got(100);
  base::TaskGroup tasks(loop);
  for (auto& one : got) tasks.spawn(take(*source, nullptr, loop.now() + 5s, one));
  loop.advance(1s);
  for (auto const& one : got) EXPECT_TRUE(one && *one);
  EXPECT_EQ(issuer.asked.size(), 1U);
  EXPECT_EQ(book.current("github", options.refresh_token, "").reveal(), "r-1");
}

TEST_F(Refreshed, WiderScopesThanConfiguredAreNotTaken_F26) {
  std::string scope = "read";
  issuer.answer = [this, &scope](FakeIssuer::Asked const&) {
    return FakeIssuer::json(200, R"({"access_token":"x-)" + std::to_string(++made) +
                                     R"(","token_type":"Bearer","expires_in":60,"scope":")" + scope +
                                     R"("})");
  };
  begin();
  scope = "read admin";
  EXPECT_EQ(text(), "Bearer x-1") << "nobody has said what it is good for";
  options.wanted.scopes = {"read"};
  begin();
  auto const refused = get();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("scopes that were not asked for"), std::string::npos);
  EXPECT_EQ(alarms.size(), 1U);
  loop.advance(31s);
  scope = "read";
  EXPECT_EQ(text(), "Bearer x-3");
  EXPECT_EQ(issuer.asked.back().form.find("scope="), std::string::npos);
}

TEST_F(Refreshed, WhatTheServerWantsIsNotWhatWasGranted) {
  options.wanted.endpoint = {};
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(200, R"({"access_token":"x","token_type":"Bearer","scope":"read write"})");
  };
  begin([](base::TimePoint, bool) -> base::Task<OAuthResult<TokenPlace>> {
    TokenPlace place;
    place.endpoint = *net::parse_url("https://issuer.test/token");
    place.scopes = {"read"};
    co_return place;
  });
  EXPECT_EQ(text(), "Bearer x");
}

// The answer is not used, but the token that was shown for it is spent.
TEST_F(Refreshed, WhatComesWithAnAnswerThatIsRefusedIsKept_R047) {
  options.wanted.scopes = {"read"};
  bool wider = true;
  issuer.answer = [&](FakeIssuer::Asked const& asked) {
    auto reply = rotated(asked);
    if (wider && reply->status == 200) reply->body.insert(1, R"("scope":"read write",)");
    return reply;
  };
  begin();
  EXPECT_EQ(text(), "config");
  wider = false;
  loop.advance(31s);
  EXPECT_EQ(text(), "Bearer x-2");
  EXPECT_EQ(outcomes, (std::vector<std::string>{"refresh_token policy", "refresh_token ok"}));
}

TEST_F(Refreshed, OneThatWasReplacedCountsAtOnce) {
  options.refresh_token = base::Secret("r-dead");
  begin();
  EXPECT_EQ(text(), "config");
  options.refresh_token = base::Secret("r-0");
  begin();  // a reload
  EXPECT_EQ(text(), "Bearer x-1");
  options.refresh_token = base::Secret("r-1");
  begin();
  EXPECT_EQ(text(), "Bearer x-2") << "what an earlier one gave counts no more";
}

TEST_F(Refreshed, SoDoesAPasswordOrAUserThatWasReplaced) {
  options.grant = Grant::password;
  issuer.answer = [](FakeIssuer::Asked const& asked) {
    if (asked.form.find("password=old") != std::string::npos)
      return FakeIssuer::json(400, R"({"error":"invalid_grant"})");
    return FakeIssuer::token(asked.form.find("username=ann") != std::string::npos ? "ann" : "bob");
  };
  options.user = "ann";
  options.password = base::Secret("old");
  begin();
  EXPECT_EQ(text(), "config");
  options.password = base::Secret("new");
  begin();
  EXPECT_EQ(text(), "Bearer ann");
  options.user = "bob";
  begin();
  EXPECT_EQ(text(), "Bearer bob");
}

// Whoever ends the process waits while it is in use: what the issuer answers is the only token there is.
TEST_F(Refreshed, ARefreshTokenIsInUseUntilItsSuccessorIsKept_T17) {
  options.refresh_file = testing::TempDir() + "weir_refresh_use_" + std::to_string(::getpid());
  issuer.takes = 3s;
  begin();
  Got got;
  base::TaskGroup tasks(loop);
  tasks.spawn(take(*source, nullptr, loop.now() + 20s, got));
  loop.advance(1s);
  EXPECT_TRUE(book.in_use("github"));
  EXPECT_FALSE(book.in_use("another"));
  book.close();
  loop.advance(1s);
  EXPECT_TRUE(book.in_use("github"));
  loop.advance(2s);
  EXPECT_FALSE(book.in_use("github"));
  EXPECT_TRUE(got && *got);
  EXPECT_EQ(RefreshBook().current("github", options.refresh_token, options.refresh_file).reveal(), "r-1");
  loop.advance(60s);
  EXPECT_EQ(text(), "unavailable") << "what is begun now might be lost";
  EXPECT_EQ(issuer.asked.size(), 1U);
  ::unlink(options.refresh_file.c_str());
}

TEST_F(Refreshed, AFileThatCannotBeWrittenIsToldAndCostsNothing) {
  options.refresh_file = "/nowhere/at/all/refresh";
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(200, R"({"access_token":"x","token_type":"Bearer","refresh_token":"r-1"})");
  };
  begin();
  EXPECT_EQ(text(), "Bearer x");
  EXPECT_EQ(book.current("github", options.refresh_token, "").reveal(), "r-1");
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].find("r-1"), std::string::npos);
}

}  // namespace
}  // namespace weir::oauth
