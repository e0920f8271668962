#include "auth/key_keeper.hpp"

#include <gtest/gtest.h>

namespace weir::auth {
namespace {

using namespace std::chrono_literals;
using Why = KeyKeeper::Why;

struct KeyKeeperTest : testing::Test {
  KeyKeeper keeper{{}};
  base::TimePoint const start{1000h};
  void have(std::optional<base::Duration> max_age = {}) {
    ASSERT_TRUE(keeper.begin(Why::due, start));
    keeper.took(max_age, start);
  }
};

TEST_F(KeyKeeperTest, KeysAreFetchedAtOnceAndOneAtATime) {
  EXPECT_EQ(keeper.usable_until(), base::TimePoint::min());
  EXPECT_TRUE(keeper.begin(Why::none_yet, start));
  EXPECT_FALSE(keeper.begin(Why::none_yet, start));
  EXPECT_FALSE(keeper.begin(Why::due, start));
  EXPECT_FALSE(keeper.begin(Why::unknown_key, start));
}

TEST_F(KeyKeeperTest, TheyAreFetchedAnewAtThreeQuartersOfTheirTime) {
  have();
  EXPECT_FALSE(keeper.begin(Why::none_yet, start));
  EXPECT_EQ(keeper.due(), start + 450s);
  EXPECT_FALSE(keeper.begin(Why::due, start + 450s - 1ns));
  EXPECT_TRUE(keeper.begin(Why::due, start + 450s));
}

TEST_F(KeyKeeperTest, WhatTheIssuerSaysCountsFromFiveMinutesToADay) {
  for (auto const& [said, due] : std::vector<std::pair<base::Duration, base::Duration>>{
           {0s, 225s}, {299s, 225s}, {300s, 225s}, {301s, 225750ms}, {1h, 45min}, {24h, 18h}, {25h, 18h}}) {
    KeyKeeper one{{}};
    one.begin(Why::due, start);
    one.took(said, start);
    EXPECT_EQ(one.due(), start + due) << said.count();
  }
}

TEST_F(KeyKeeperTest, AnUnknownKeyHasThemFetchedOnceInThirtySeconds) {
  have();
  EXPECT_TRUE(keeper.begin(Why::unknown_key, start + 1s)) << "keys may have changed right after";
  keeper.took({}, start + 1s);
  EXPECT_FALSE(keeper.begin(Why::unknown_key, start + 31s - 1ns));
  EXPECT_EQ(keeper.unknown_from(), start + 31s);
  EXPECT_TRUE(keeper.begin(Why::unknown_key, start + 31s));
}

TEST_F(KeyKeeperTest, AKeyIsNotUnknownWhileTheyAreFetchedNorWhenTheyCouldNotBe_T61) {
  have();
  auto const open = base::TimePoint::min();
  ASSERT_TRUE(keeper.begin(Why::unknown_key, start + 1s));
  EXPECT_EQ(keeper.unknown_from(), open) << "what comes may have it";
  EXPECT_FALSE(keeper.begin(Why::unknown_key, start + 2s));
  keeper.took({}, start + 3s);
  EXPECT_EQ(keeper.unknown_from(), start + 31s);
  ASSERT_TRUE(keeper.begin(Why::due, start + 453s));
  EXPECT_EQ(keeper.unknown_from(), open);
  keeper.failed(start + 453s);
  EXPECT_EQ(keeper.unknown_from(), open) << "the issuer has said nothing";
  ASSERT_TRUE(keeper.begin(Why::unknown_key, start + 454s));
  keeper.failed(start + 455s);
  EXPECT_FALSE(keeper.begin(Why::unknown_key, start + 484s - 1ns)) << "which makes none of them come sooner";
  EXPECT_TRUE(keeper.begin(Why::unknown_key, start + 484s));
  keeper.took({}, start + 484s);
  EXPECT_EQ(keeper.unknown_from(), start + 514s);
}

// T-48: a flood of tokens with made-up keys costs the issuer two requests a minute.
TEST_F(KeyKeeperTest, AFloodOfUnknownKeysIsTwoFetchesAMinute_T48) {
  have();
  int fetches = 0;
  for (auto now = start; now < start + 60s; now += 10ms) {
    if (!keeper.begin(Why::unknown_key, now)) continue;
    ++fetches;
    keeper.took({}, now);
  }
  EXPECT_EQ(fetches, 2);
}

TEST_F(KeyKeeperTest, TheLastGoodOnesAreUsedForADayWhileTheIssuerIsDown) {
  have();
  auto now = start + 450s;
  for (int i = 0; i < 20; ++i, now += 30s) {
    ASSERT_TRUE(keeper.begin(Why::due, now));
    keeper.failed(now);
  }
  EXPECT_EQ(keeper.usable_until(), start + 24h);
}

TEST_F(KeyKeeperTest, AnIssuerThatIsDownIsAskedLessAndLess) {
  auto now = start;
  for (auto const wait : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    ASSERT_TRUE(keeper.begin(Why::none_yet, now));
    keeper.failed(now);
    EXPECT_FALSE(keeper.begin(Why::none_yet, now + wait - 1ns));
    EXPECT_FALSE(keeper.begin(Why::unknown_key, now + wait - 1ns));
    EXPECT_FALSE(keeper.begin(Why::due, now + wait - 1ns));
    now += wait;
  }
  ASSERT_TRUE(keeper.begin(Why::due, now));
  keeper.took({}, now);
  ASSERT_TRUE(keeper.begin(Why::unknown_key, now));
  keeper.failed(now);
  EXPECT_TRUE(keeper.begin(Why::due, now + 1s)) << "it had recovered in between";
}

TEST(CacheControl, MaxAgeIsRead) {
  EXPECT_EQ(max_age_of(""), std::nullopt);
  EXPECT_EQ(max_age_of("public, max-age=600, must-revalidate"), 600s);
  EXPECT_EQ(max_age_of("Max-Age=5"), 5s);
  EXPECT_EQ(max_age_of("max-age=600, no-store"), 0s);
  EXPECT_EQ(max_age_of("no-cache"), 0s);
  for (char const* const text :
       {"max-age", "max-age=", "max-age=-1", "max-age=1x", "s-maxage=9", "max-age=99999999999"}) {
    EXPECT_EQ(max_age_of(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace weir::auth
