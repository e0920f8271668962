#include "cache/freshness.hpp"

#include <gtest/gtest.h>

namespace weir::cache {
namespace {

using namespace std::chrono_literals;
constexpr double kNoLuck = 0.5;  // no jitter for configured lifetimes

CacheOrder order(std::optional<base::Duration> ttl, bool hinted = true) {
  CacheOrder made;
  made.ttl = ttl;
  made.hinted = hinted;
  return made;
}
Hints modern(std::int64_t ttl_ms) { return {true, ttl_ms, false}; }

TEST(Lifetime, IsTheShorterOfHintAndConfiguration_C11) {
  EXPECT_EQ(lifetime_of(order(60s), modern(30'000), 0)->fresh, 30s);
  EXPECT_EQ(lifetime_of(order(60s), modern(90'000), kNoLuck)->fresh, 60s);
  EXPECT_EQ(lifetime_of(order({}), modern(30'000), 0)->fresh, 30s);
  EXPECT_EQ(lifetime_of(order(60s), Hints{}, kNoLuck)->fresh, 60s);  // an older server says nothing
  EXPECT_EQ(lifetime_of(order(60s, false), modern(1'000), kNoLuck)->fresh, 60s);
}

TEST(Lifetime, IsNoneWhereNobodyGrantsOne) {
  EXPECT_FALSE(lifetime_of(order({}), Hints{}, 0));
  EXPECT_FALSE(lifetime_of(order(60s), modern(0), 0));
  EXPECT_FALSE(lifetime_of(order(60s), modern(-5), 0));  // P095
  EXPECT_FALSE(lifetime_of(order(60s), Hints{true, std::nullopt, false}, 0));
  EXPECT_FALSE(lifetime_of(order(0s), Hints{}, 0));
}

TEST(Lifetime, VariesByATenthAndNeverBeyondWhatAServerGrants_F41) {
  EXPECT_EQ(lifetime_of(order(100s), Hints{}, 0)->fresh, 90s);
  EXPECT_NEAR(std::chrono::duration<double>(lifetime_of(order(100s), Hints{}, 0.999)->fresh).count(), 110,
              0.1);
  EXPECT_EQ(lifetime_of(order({}), modern(100'000), 0)->fresh, 100s);
  EXPECT_GE(lifetime_of(order({}), modern(100'000), 0.999)->fresh, 90s);
  EXPECT_LE(lifetime_of(order(60s), modern(61'000), 0.999)->fresh, 61s);  // P097
}

TEST(Lifetime, KeepsAStaleCopyUntilTheLeastOfItsLimits_C3) {
  auto const context7 = [](std::optional<base::Duration> most) {
    auto made = order(7200s);
    made.stale_max = most;
    return lifetime_of(made, Hints{}, kNoLuck)->kept;
  };
  EXPECT_EQ(context7(24h), 24h);
  EXPECT_EQ(context7(std::nullopt), 48h);
  EXPECT_EQ(context7(1h), 7200s);  // a fresh one is kept in any case
}

TEST(Lifetime, BelievesNoPromiseOfMoreThanADay) {
  EXPECT_EQ(lifetime_of(order({}), modern(std::numeric_limits<std::int64_t>::max()), 0)->fresh, 24h);
}

TEST(Lifetime, IsEverybodysOnlyWhereServerOrOperatorSaysSo) {
  EXPECT_FALSE(lifetime_of(order(60s), modern(1'000), 0)->for_everybody);
  EXPECT_TRUE(lifetime_of(order(60s), Hints{true, 1'000, true}, 0)->for_everybody);
  EXPECT_FALSE(lifetime_of(order(60s, false), Hints{true, 1'000, true}, 0)->for_everybody);
  auto shared = order(60s, false);
  shared.shared = true;
  EXPECT_TRUE(lifetime_of(shared, Hints{}, 0)->for_everybody);
}

AnswerFacts facts() {
  AnswerFacts made;
  made.fetched = base::TimePoint{1000h};
  made.fresh_for = 60s;
  made.kept_for = 600s;
  return made;
}
Standing at(AnswerFacts const& of, base::Duration age, double luck = 0.99) {
  return standing_of(of, of.fetched + age, 10s, luck);
}

TEST(Standing, GoesThroughItsStagesAtTheirEnds) {
  EXPECT_EQ(at(facts(), 0s), Standing::fresh);
  EXPECT_EQ(at(facts(), 60s - 1ns), Standing::fresh);
  EXPECT_EQ(at(facts(), 60s), Standing::revalidating);
  EXPECT_EQ(at(facts(), 70s - 1ns), Standing::revalidating);
  EXPECT_EQ(at(facts(), 70s), Standing::stale);
  EXPECT_EQ(at(facts(), 600s - 1ns), Standing::stale);
  EXPECT_EQ(at(facts(), 600s), Standing::over);
}

// T-21: the expected number of early renewals before the end is about one for a busy entry, never many.
TEST(Standing, IsDueForAboutOneOfManyCallers_T21) {
  auto costly = facts();
  costly.cost = 1s;
  int renewals = 0;
  constexpr int kPeriods = 2'000;
  std::uint64_t state = 1;
  auto const luck = [&state] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state >> 11U) * 0x1p-53;
  };
  for (int period = 0; period < kPeriods; ++period) {
    for (auto age = 0ms; age < 60'000ms; age += 10ms) {  // a hundred callers in a second
      if (at(costly, age, luck()) != Standing::due) continue;
      ++renewals;  // it is fetched anew and this period ends
      break;
    }
  }
  EXPECT_GT(renewals, kPeriods * 9 / 10);             // no caller has to wait for the fetch
  EXPECT_EQ(at(costly, 1s, 1e-12), Standing::fresh);  // not long before the end
}

}  // namespace
}  // namespace weir::cache
