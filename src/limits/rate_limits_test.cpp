#include "limits/rate_limits.hpp"

#include <gtest/gtest.h>

namespace weir::limits {
namespace {

using namespace std::chrono_literals;

config::RateLimits per_principal(double rate, unsigned burst = 0) {
  config::RateLimits made;
  made.per_principal.per_second = rate;
  made.burst = burst;
  return made;
}

struct Door {
  explicit Door(config::RateLimits const& limits, std::size_t most = RateTable::kPrincipalsMax)
      : table(limits, 7, most) {}
  RateVerdict ask(std::string_view who = "key:a") { return table.ask(who, now, wall); }
  int passed(int times, std::string_view who = "key:a") {
    int count = 0;
    for (int i = 0; i < times; ++i) count += ask(who).refused == RateReason::none ? 1 : 0;
    return count;
  }
  void after(base::Duration by) {
    now += by;
    wall += std::chrono::floor<std::chrono::milliseconds>(by);
  }
  base::TimePoint now{1000h};
  base::WallTime wall{std::chrono::sys_days{std::chrono::year{2026} / 11 / 29} + 23h + 59min + 50s};
  RateTable table;
};

TEST(RateLimits, WithoutAnyNobodyIsAsked) {
  EXPECT_FALSE(Door({}).table.active());
  EXPECT_TRUE(Door(per_principal(1)).table.active());
}

TEST(RateLimits, ABurstPassesAndOneMoreDoesNotUntilItsTime) {
  Door door(per_principal(10, 5));
  EXPECT_EQ(door.passed(6), 5);
  auto const refused = door.ask();
  EXPECT_EQ(refused.refused, RateReason::rate);
  EXPECT_EQ(refused.retry_after, 100ms);
  door.after(100ms - 1ns);
  EXPECT_EQ(door.ask().refused, RateReason::rate);
  door.after(1ns);
  EXPECT_EQ(door.passed(2), 1);
}

TEST(RateLimits, WithoutABurstOneSecondsWorthPassesAtOnce) {
  EXPECT_EQ(Door(per_principal(20)).passed(100), 20);
  EXPECT_EQ(Door(per_principal(.5)).passed(100), 1);
}

TEST(RateLimits, OverAMinuteTheRateIsExact) {
  Door door(per_principal(7, 7));
  int passed = 0;
  for (int i = 0; i < 60'000; ++i) {
    passed += door.passed(1);
    door.after(1ms);
  }
  EXPECT_NEAR(passed, 7 + 7 * 60, 1);
}

TEST(RateLimits, EachPrincipalHasItsOwn) {
  Door door(per_principal(1, 2));
  EXPECT_EQ(door.passed(9, "key:a"), 2);
  EXPECT_EQ(door.passed(9, "key:b"), 2);
}

TEST(RateLimits, AllTogetherHaveALimitToo) {
  config::RateLimits limits;
  limits.global.per_second = 10;
  Door door(limits);
  EXPECT_EQ(door.passed(8, "key:a"), 8);
  EXPECT_EQ(door.passed(8, "key:b"), 2);
  auto const refused = door.ask("key:c");
  EXPECT_EQ(refused.refused, RateReason::global_rate);
  EXPECT_EQ(refused.retry_after, 100ms);
  EXPECT_EQ(refused.principal.quota, 0U);
}

TEST(RateLimits, ARefusedCallCostsNobodyAnything) {
  auto limits = per_principal(1, 2);
  limits.global.per_second = 4;
  Door door(limits);
  door.passed(100, "key:a");
  EXPECT_EQ(door.passed(9, "key:b"), 2) << "the first one's refusals took nothing from all";
  EXPECT_EQ(door.ask("key:c").refused, RateReason::global_rate);
  door.after(250ms);
  EXPECT_EQ(door.passed(1, "key:c"), 1) << "nor has all together's refusal taken from it";
}

TEST(RateLimits, TheDaysCallsAreCountedByUtcDays) {
  config::RateLimits limits;
  limits.daily_calls = 3;
  Door door(limits);
  EXPECT_EQ(door.passed(5), 3);
  auto const refused = door.ask();
  EXPECT_EQ(refused.refused, RateReason::daily);
  EXPECT_EQ(refused.retry_after, 10s) << "until midnight";
  door.after(10s - 1ms);
  EXPECT_EQ(door.passed(1), 0);
  door.after(1ms);
  EXPECT_EQ(door.passed(5), 3);
  door.wall -= 24h;
  EXPECT_EQ(door.passed(5), 0) << "a clock that is set back gives nobody another day";
}

TEST(RateLimits, SaysWhatIsLeftForTheHeaders) {
  Door door(per_principal(10, 5));
  auto const state = door.ask().principal;
  EXPECT_EQ(state.quota, 5U);
  EXPECT_EQ(state.remaining, 4U);
  EXPECT_EQ(state.full_in, 100ms);
  EXPECT_EQ(state.window, 500ms);
  door.passed(4);
  EXPECT_EQ(door.ask().principal.remaining, 0U);
  door.after(1h);
  EXPECT_EQ(door.ask().principal.remaining, 4U);
}

TEST(RateLimits, NobodyLosesADebtByBeingPushedOut) {
  Door door(per_principal(1, 2), 4);
  for (auto const* who : {"a", "b", "c", "d"}) EXPECT_EQ(door.passed(2, who), 2);
  for (int i = 0; i < 100; ++i) door.ask("evil" + std::to_string(i));
  EXPECT_EQ(door.table.size(), 4U);
  for (auto const* who : {"a", "b", "c", "d"}) EXPECT_EQ(door.passed(1, who), 0) << who;
}

TEST(RateLimits, WhoComesWithManyNamesGetsOneMoreShareWithThem) {
  Door door(per_principal(1, 2), 4);
  for (auto const* who : {"a", "b", "c", "d"}) door.passed(2, who);
  int passed = 0;
  for (int i = 0; i < 1000; ++i) passed += door.passed(1, "evil" + std::to_string(i));
  EXPECT_EQ(passed, 2);
}

TEST(RateLimits, WhoOwesNothingMakesRoom) {
  Door door(per_principal(1, 2), 4);
  for (auto const* who : {"a", "b", "c", "d"}) door.passed(2, who);
  door.after(2s);
  EXPECT_EQ(door.passed(2, "e"), 2);
  EXPECT_EQ(door.passed(2, "f"), 2);
  EXPECT_EQ(door.table.size(), 4U);
  EXPECT_EQ(door.passed(2, "e"), 0);
}

TEST(RateLimits, ADaysCountIsADebtUntilTheDayIsOver) {
  config::RateLimits limits;
  limits.daily_calls = 1;
  Door door(limits, 2);
  door.ask("a");
  door.ask("b");
  door.ask("c");
  EXPECT_EQ(door.passed(1, "a"), 0);
  door.after(10s);
  EXPECT_EQ(door.passed(1, "c"), 1);
  EXPECT_EQ(door.passed(1, "c"), 0) << "it has an entry of its own now";
}

TEST(RateLimits, NewLimitsHoldAtOnceAndNoDebtIsLargerThanTheyAllow) {
  Door door(per_principal(.001, 1));
  EXPECT_EQ(door.passed(5), 1);
  door.table.set_limits(per_principal(10, 5));
  EXPECT_EQ(door.ask().refused, RateReason::rate);
  door.after(100ms);
  EXPECT_EQ(door.passed(1), 1);
  door.table.set_limits({});
  EXPECT_FALSE(door.table.active());
}

TEST(RateLimits, AbsurdNumbersAreBounded) {
  Door slow(per_principal(1e-6, 4'000'000'000U));
  EXPECT_GT(slow.ask().principal.window, 0s);
  Door quick(per_principal(1e12));
  EXPECT_EQ(quick.passed(1000), 1000);
}

}  // namespace
}  // namespace weir::limits
