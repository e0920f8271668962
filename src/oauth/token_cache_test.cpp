#include "oauth/token_cache.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/virtual_loop.hpp"
#include "oauth/token_reaper_loop.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;
using base::TimePoint;

TokenRef token(std::string const& text) { return std::make_shared<base::Secret const>(base::Secret(text)); }

struct Caching : testing::Test {
  base::SeededRandom random{5};
  TokenKeys keys{random};
  TimePoint now{1000h};
  TokenCache cache{{}, now};
  std::vector<std::string> scopes{"a"};
  TokenUse use{"server", "https://issuer.test", "https://server.test/mcp", "", &scopes};

  TokenKey key(std::string const& subject, std::string const& text = "h.p.s") {
    return *keys.of_caller(use, {"https://login.test", subject, "", "", text});
  }
  TokenOwner owner(std::string const& subject, std::string tenant = "t") {
    return {std::move(tenant), keys.subject("https://login.test", subject)};
  }
  void keep(std::string const& subject, base::Duration life = 300s, std::string tenant = "t") {
    cache.keep(key(subject), owner(subject, std::move(tenant)), token("x-" + subject),
               {now + life, now + life * 4 / 5}, now);
  }
};

TEST_F(Caching, WhoIsToldOfPatienceLaterIsToldOfWhatIsLeftOfIt) {
  OAuthError error;
  error.cause = Cause::throttle;
  error.retry_after = 8s;
  cache.refuse(key("ann"), owner("ann"), error, 8s, now);
  EXPECT_EQ(cache.find(key("ann"), now).refusal->retry_after, 8s);
  EXPECT_EQ(cache.find(key("ann"), now + 5s).refusal->retry_after, 3s);
  EXPECT_FALSE(cache.find(key("ann"), now + 8s).refusal);
}

TEST_F(Caching, AKeyIsMadeOfEverythingThatMakesAToken_F01_F10) {
  std::vector<TokenKey> all;
  auto const add = [&](TokenUse const& of, TokenCaller const& caller) {
    all.push_back(*keys.of_caller(of, caller));
  };
  TokenCaller const base{"https://login.test", "u", "t", "", "h.p.s"};
  add(use, base);
  for (auto const* const text :
       {"h.p2.s", "h2.p.s", "..s", "h.p.s2", "s"}) {  // the same signature, another token
    auto caller = base;
    caller.token = text;
    add(use, caller);
  }
  auto caller = base;
  caller.subject = "v";
  add(use, caller);
  caller = base;
  caller.subject_issuer = "https://other.test";
  add(use, caller);
  caller = base;
  caller.tenant = "t2";
  add(use, caller);
  caller = base;
  caller.actor = "agent";
  add(use, caller);
  caller = base;  // where one field ends and the next begins counts
  caller.subject = "ut";
  caller.tenant = "";
  add(use, caller);
  std::vector<std::string> const wider{"a", "b"};
  for (int field = 0; field < 9; ++field) {
    auto of = use;
    if (field == 0) of.server = "server2";
    if (field == 1) of.issuer = "https://issuer2.test";
    if (field == 2) of.resource = "https://server.test/mcp2";
    if (field == 3) of.audience = "x";
    if (field == 4) of.scopes = &wider;
    if (field == 5) of.bound_key = "thumb";
    if (field == 6) of.sign_in = "thumb";
    if (field == 7) of.credential = "thumb";
    if (field == 8) of.person = "thumb";
    add(of, base);
  }
  all.push_back(keys.own(use));
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(all[i] == all[j]) << i << " and " << j;
  }
  std::vector<std::string> const sorted{"a", "b"};
  std::vector<std::string> const mixed{"b", "a", "b"};
  auto one = use;
  auto two = use;
  one.scopes = &sorted;
  two.scopes = &mixed;
  EXPECT_EQ(keys.of_caller(one, base), keys.of_caller(two, base));
}

TEST_F(Caching, WhoHasNoVerifiedSubjectHasNoKey_F14) {
  EXPECT_FALSE(keys.of_caller(use, {"https://login.test", "", "t", "", "h.p.s"}));
  EXPECT_FALSE(keys.of_caller(use, {"", "u", "t", "", "h.p.s"}));
  EXPECT_FALSE(keys.of_caller(use, {"https://login.test", "u", "t", "", ""}));
}

TEST_F(Caching, TwoProcessesHaveDifferentKeysForTheSame_F10) {
  base::SeededRandom other{6};
  TokenKeys const others(other);
  EXPECT_FALSE(others.own(use) == keys.own(use));
}

TEST_F(Caching, ATokenIsServedUntilItsEndAndNotAtIt_R004_R014) {
  keep("u", 300s);
  EXPECT_EQ(cache.find(key("u"), now + 300s - 1ns).token->reveal(), "x-u");
  EXPECT_EQ(cache.find(key("u"), now + 300s).token, nullptr);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_FALSE(cache.find(key("u", "h.p.t"), now).token);
}

TEST_F(Caching, AnEmptyTokenIsAToken_F03) {
  cache.keep(key("u"), owner("u"), token(""), {now + 1s, now + 1s}, now);
  EXPECT_NE(cache.find(key("u"), now).token, nullptr);
}

TEST_F(Caching, TenThousandUsersFindAtMostFiveThousandPlaces_R003_R012) {
  for (int i = 0; i < 10'000; ++i) {
    keep("u" + std::to_string(i));
    ASSERT_LE(cache.size(), 5000U);
  }
  EXPECT_EQ(cache.size(), 5000U);
  EXPECT_FALSE(cache.find(key("u4999"), now).token);
  EXPECT_TRUE(cache.find(key("u5000"), now).token);
  auto const stats = cache.stats();
  EXPECT_EQ(stats.stored, 10'000U);
  EXPECT_EQ(stats.evicted_full, 5000U);
  EXPECT_EQ(stats.evicted_share, 0U);
  EXPECT_EQ(stats.entries, 5000U);
}

TEST_F(Caching, WhatWasUsedLongestAgoGoesFirst) {
  cache.set_options({2, 300s}, now);
  keep("a");
  keep("b");
  cache.find(key("a"), now);
  keep("c");
  EXPECT_TRUE(cache.find(key("a"), now).token);
  EXPECT_FALSE(cache.find(key("b"), now).token);
}

TEST_F(Caching, OneTenantDoesNotPushOutTheOthers_F12) {
  cache.set_options({100, 300s}, now);
  for (int i = 0; i < 10; ++i) keep("quiet" + std::to_string(i), 300s, "quiet");
  for (int i = 0; i < 1000; ++i) keep("loud" + std::to_string(i), 300s, "loud");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(cache.find(key("quiet" + std::to_string(i)), now).token) << i;
  for (int i = 10; i < 60; ++i) keep("quiet" + std::to_string(i), 300s, "quiet");  // up to its share at once
  EXPECT_EQ(cache.size(), 100U);
  EXPECT_TRUE(cache.find(key("quiet10"), now).token);
  EXPECT_TRUE(cache.find(key("loud999"), now).token);
}

TEST_F(Caching, ManyTenantsOfOneEachTakeTurns) {
  cache.set_options({3, 300s}, now);
  for (int i = 0; i < 50; ++i) {
    keep("u" + std::to_string(i), 300s, "tenant" + std::to_string(i));
    ASSERT_LE(cache.size(), 3U);
  }
  cache.set_options({1, 300s}, now);
  EXPECT_EQ(cache.size(), 1U);
  cache.set_options({0, 300s}, now);
  keep("last");
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(Caching, WhatIsOverGoesWithoutBeingAskedFor_R002_R013_F07_F13) {
  base::VirtualLoop loop;
  TokenCache own({}, loop.now());
  std::uint64_t swept = 0;
  TokenReaperLoop reaper(loop, own, [&swept](TokenReaperLoop::Swept const& round) {
    EXPECT_EQ(round.evicted, 0U);
    swept += round.expired;
  });
  reaper.start();
  reaper.start();
  EXPECT_EQ(reaper.running(), 1U);
  std::weak_ptr<base::Secret const> value;
  for (int i = 0; i < 3000; ++i) {
    auto made = token("secret");
    value = made;
    own.keep(key("u" + std::to_string(i)), owner("u"), made, {loop.now() + 100s, loop.now() + 80s},
             loop.now());
  }
  loop.advance(99s);
  EXPECT_EQ(own.size(), 3000U);
  loop.advance(2s);
  EXPECT_EQ(own.size(), 0U);
  EXPECT_TRUE(value.expired());  // base::Secret wipes with its last user
  EXPECT_EQ(own.stats().expired, 3000U);
  EXPECT_EQ(swept, 3000U);
  reaper.stop();
  EXPECT_EQ(reaper.running(), 0U);
}

TEST_F(Caching, OneFinderRenewsFromFourFifthsOn) {
  keep("u", 100s);
  EXPECT_FALSE(cache.find(key("u"), now + 80s - 1ns).renew);
  EXPECT_TRUE(cache.find(key("u"), now + 80s).renew);
  EXPECT_FALSE(cache.find(key("u"), now + 81s).renew);
  cache.renewal_over(key("u"));
  EXPECT_TRUE(cache.find(key("u"), now + 82s).renew);
}

TEST_F(Caching, ARefusalIsRememberedAndDoesNotPushOutALiveToken_F09) {
  auto error = OAuthError();
  error.code = "invalid_scope";
  cache.refuse(key("u"), owner("u"), error, 30s, now);
  ASSERT_TRUE(cache.find(key("u"), now + 30s - 1ns).refusal);
  EXPECT_EQ(cache.find(key("u"), now).refusal->code, "invalid_scope");
  EXPECT_FALSE(cache.find(key("u"), now + 30s).refusal);
  keep("v", 100s);
  EXPECT_TRUE(cache.find(key("v"), now + 85s).renew);
  cache.refuse(key("v"), owner("v"), error, 5s, now + 85s);
  EXPECT_TRUE(cache.find(key("v"), now + 86s).token);
  EXPECT_FALSE(cache.find(key("v"), now + 90s - 1ns).renew);
  EXPECT_TRUE(cache.find(key("v"), now + 90s).renew);
}

TEST_F(Caching, EveryChangeIsCountedUnderOneReason_R009) {
  cache.set_options({4, 300s}, now);
  OAuthError error;
  error.code = "invalid_scope";
  cache.refuse(key("no"), owner("no"), error, 30s, now);
  EXPECT_EQ(cache.stats().negative, 1U);
  EXPECT_TRUE(cache.find(key("no"), now).refusal);
  keep("a", 100s);
  keep("b", 100s);
  keep("c", 100s);
  keep("d", 100s, "other");  // makes room at the tenant that holds most
  auto stats = cache.stats();
  EXPECT_EQ(stats.evicted_share, 1U);
  EXPECT_EQ(stats.evicted_full, 0U);
  EXPECT_EQ(stats.negative, 0U);
  cache.set_options({0, 300s}, now);
  EXPECT_EQ(cache.stats().evicted_full, 4U);
  cache.set_options({1, 300s}, now);
  keep("e", 100s);
  EXPECT_TRUE(cache.find(key("e"), now + 90s).renew);
  cache.refuse(key("e"), owner("e"), error, 1s, now + 90s);
  EXPECT_TRUE(cache.find(key("e"), now + 91s).renew);
  cache.find(key("e"), now + 100s);
  keep("f");
  cache.drop(key("f"), cache.find(key("f"), now).token);
  keep("g");
  cache.drop_subject(keys.subject("https://login.test", "g"));
  stats = cache.stats();
  EXPECT_EQ(stats.refusals, 1U);
  EXPECT_EQ(stats.refused, 1U);
  EXPECT_EQ(stats.stored, 7U);
  EXPECT_EQ(stats.renewals, 2U);
  EXPECT_EQ(stats.renewals_failed, 1U);
  EXPECT_EQ(stats.expired, 1U);
  EXPECT_EQ(stats.dropped, 1U);
  EXPECT_EQ(stats.revoked, 1U);
  EXPECT_EQ(stats.hits, 3U);
  EXPECT_EQ(stats.misses, 1U);
  EXPECT_EQ(stats.entries, 0U);
  EXPECT_EQ(stats.stored + stats.refused, stats.evicted() + stats.expired + stats.dropped + stats.revoked);
}

TEST_F(Caching, OtherSettingsLoseNothingThatHasRoom_R003_R004) {
  keep("u", 300s);
  cache.keep(keys.own(use), {}, token("own"), {now + 24h, now + 20h}, now);
  cache.set_options({2, 300s}, now);
  EXPECT_EQ(cache.size(), 2U);
  cache.set_options({2, 60s}, now);
  EXPECT_EQ(cache.life_max(), 60s);
  EXPECT_FALSE(cache.find(key("u"), now + 48s - 1ns).renew);
  EXPECT_TRUE(cache.find(key("u"), now + 48s).renew);
  EXPECT_TRUE(cache.find(key("u"), now + 60s - 1ns).token);
  EXPECT_EQ(cache.expire(now + 60s, 10), 1U);
  EXPECT_TRUE(cache.find(keys.own(use), now + 23h).token) << "the gateway's own has a life of its own";
  keep("v", 60s);
  cache.set_options({2, 300s}, now);
  EXPECT_FALSE(cache.find(key("v"), now + 60s).token) << "a longer life is for those to come";
}

TEST_F(Caching, OnlyTheTokenThatWasRefusedIsDropped) {
  keep("u");
  auto const old = cache.find(key("u"), now).token;
  keep("u");
  EXPECT_FALSE(cache.drop(key("u"), old));
  EXPECT_TRUE(cache.drop(key("u"), cache.find(key("u"), now).token));
  EXPECT_FALSE(cache.find(key("u"), now).token);
}

TEST_F(Caching, AUserWhoIsGoneHasNoTokens_F11) {
  keep("u");
  cache.keep(key("u", "second.token.s"), owner("u"), token("x"), {now + 300s, now + 200s}, now);
  keep("v");
  EXPECT_EQ(cache.drop_subject(keys.subject("https://login.test", "u")), 2U);
  EXPECT_FALSE(cache.find(key("u"), now).token);
  EXPECT_TRUE(cache.find(key("v"), now).token);
  EXPECT_EQ(cache.drop_subject(keys.subject("https://other.test", "v")), 0U) << "a namesake";
  EXPECT_TRUE(cache.find(key("v"), now).token);
  EXPECT_EQ(cache.size(), 1U);
}

TEST_F(Caching, WhatAUserHadGoesBackToWhereItCameFrom_F11) {
  struct Returns final : TokenReturns {
    void give_back(TokenRef token) override { got.emplace_back(token->reveal()); }
    std::vector<std::string> got;
  };
  auto const returns = std::make_shared<Returns>();
  auto gone = std::make_shared<Returns>();
  auto const with = [&](std::string const& subject, std::shared_ptr<Returns> const& to) {
    auto made = owner(subject);
    made.returns = to;
    return made;
  };
  cache.keep(key("u"), with("u", returns), token("x-u"), {now + 300s, now + 200s}, now);
  cache.keep(key("v"), with("v", returns), token("x-v"), {now + 300s, now + 200s}, now);
  cache.keep(key("u", "of.another.server"), with("u", gone), token("x-2"), {now + 300s, now + 200s}, now);
  cache.refuse(key("u", "refused"), with("u", returns), OAuthError(), 30s, now);
  gone.reset();
  EXPECT_EQ(cache.drop_subject(keys.subject("https://login.test", "u")), 3U);
  EXPECT_EQ(returns->got, std::vector<std::string>{"x-u"});
}

TEST(TokenLife, IsTheLeastOfAllEnds_C1_F02) {
  base::SeededRandom random{1};
  TimePoint const now{1000h};
  base::WallTime const wall{1000h};
  auto const life = [&](TokenEnds const& ends) -> std::optional<base::Duration> {
    auto const made = life_of(ends, 300s, now, now, wall, random);
    if (!made) return std::nullopt;
    EXPECT_GE(made->renew_at, now + (made->until - now) * 3 / 4);
    EXPECT_LE(made->renew_at, now + (made->until - now) * 17 / 20 + 1ns);
    return made->until - now;
  };
  EXPECT_EQ(life({}), 300s);
  EXPECT_EQ(life({3600s, {}, {}}), 300s);
  EXPECT_EQ(life({330s, {}, {}}), 300s);
  EXPECT_EQ(life({329s, {}, {}}), 299s);
  EXPECT_EQ(life({60s, {}, {}}), 30s);
  EXPECT_EQ(life({40s, {}, {}}), 20s);  // half the life, not 30 s
  EXPECT_EQ(life({1s, {}, {}}), 500ms);
  EXPECT_EQ(life({3600s, wall + 100s, {}}), 70s);
  EXPECT_EQ(life({100s, wall + 3600s, {}}), 70s);
  EXPECT_EQ(life({3600s, {}, wall + 17s}), 17s);  // never longer than what it was exchanged for
  EXPECT_EQ(life({3600s, {}, wall}), std::nullopt);
  EXPECT_EQ(life({3600s, wall, {}}), std::nullopt);
  EXPECT_EQ(life({3600s, wall - 1s, {}}), std::nullopt);
}

TEST(TokenLife, ThoseOfOneInstantAreNotRenewedInOneInstant) {
  base::SeededRandom random{1};
  TimePoint const now{1000h};
  std::set<TimePoint> times;
  for (int i = 0; i < 100; ++i) times.insert(life_of({}, 300s, now, now, {}, random)->renew_at);
  EXPECT_GT(times.size(), 90U);
  EXPECT_GT(*times.rbegin() - *times.begin(), 20s);
}

TEST(TokenLife, TheTimeThatTheAnswerTookIsNotLife) {
  base::SeededRandom random{1};
  TimePoint const now{1000h};
  auto const life = life_of({100s, {}, {}}, 300s, now - 10s, now, base::WallTime{1000h}, random);
  EXPECT_EQ(life->until - now, 60s);
  EXPECT_FALSE(life_of({10s, {}, {}}, 300s, now - 10s, now, base::WallTime{1000h}, random));
}

TEST(TokenLife, AStepOfTheWallClockAfterwardsChangesNothing_F08) {
  base::SeededRandom random{1};
  base::SeededRandom same{1};
  TimePoint const now{1000h};
  auto const before = life_of({100s, {}, {}}, 300s, now, now, base::WallTime{1000h}, random);
  auto const after = life_of({100s, {}, {}}, 300s, now, now, base::WallTime{2000h}, same);
  EXPECT_EQ(before->until, after->until);
}

TEST(TokenLife, OfAnothersTokenAThirdHasToBeLeftAnd30SecondsAtMost) {
  base::WallTime const asked{1000h};
  EXPECT_EQ(left_to_take(asked, asked + 3600s), 30s);
  EXPECT_EQ(left_to_take(asked, asked + 90s), 30s);
  EXPECT_EQ(left_to_take(asked, asked + 60s), 20s);
  EXPECT_EQ(left_to_take(asked, asked + 3s), 1s);
  EXPECT_EQ(left_to_take(asked, asked), 0s);
  EXPECT_EQ(left_to_take(asked, asked - 1h), 0s) << "one that is over is never taken";
  EXPECT_EQ(left_to_take(asked, std::nullopt), 30s);
  EXPECT_EQ(left_to_take(asked, base::WallTime::max()), 30s);
}

TEST(TokenLife, AnEndThatIsNeverOrFarAwayLeavesTheCap) {
  base::SeededRandom random{1};
  base::TimePoint const now{1000h};
  base::WallTime const wall{1000h};
  base::WallTime const year_9999{std::chrono::seconds{253'402'300'799}};
  for (auto const end : {base::WallTime::max(), year_9999}) {
    for (auto const& ends : {TokenEnds{{}, {}, end}, TokenEnds{{}, end, {}}, TokenEnds{100h, end, end}}) {
      auto const life = life_of(ends, 300s, now, now, wall, random);
      ASSERT_TRUE(life);
      EXPECT_EQ(life->until, now + 300s);
    }
  }
  EXPECT_FALSE(life_of({{}, {}, base::WallTime{}}, 300s, now, now, wall, random));
}

}  // namespace
}  // namespace weir::oauth
