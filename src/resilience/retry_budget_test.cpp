#include "resilience/retry_budget.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

struct Run {
  unsigned calls = 0, useful = 0, sends = 0, again = 0;
  double useful_percent() const { return 100.0 * useful / calls; }
  double again_percent() const { return 100.0 * again / sends; }
};

// Calls that may be repeated, twice at most, to a server of whose attempts `faults` percent fail.
Run run(RetryBudget& budget, base::VirtualClock& clock, unsigned calls, unsigned faults,
        base::Duration between, base::Random& random) {
  Run made;
  for (made.calls = 0; made.calls < calls; ++made.calls) {
    clock.advance(between);
    for (unsigned sends = 1;; ++sends) {
      ++made.sends;
      budget.sent();
      if (random.below(100) >= faults) {
        budget.succeeded();
        ++made.useful;
        break;
      }
      budget.failed();
      if (sends > 2 || !budget.take(clock.now())) break;
      ++made.again;
    }
  }
  return made;
}

struct Loads : testing::TestWithParam<base::Duration> {};
INSTANTIATE_TEST_SUITE_P(Between, Loads, testing::Values(1ms, 10ms, 100ms, 1s));

TEST_P(Loads, AFifthOfTheAttemptsFailingLeavesNinetyNineOfAHundredUseful) {  // T-02
  base::SeededRandom random(5);
  base::VirtualClock clock;
  RetryBudget budget(0.2);
  auto const made = run(budget, clock, 100'000, 20, GetParam(), random);
  EXPECT_GE(made.useful_percent(), 99.0);
  EXPECT_LE(made.again_percent(), 20.0);
  RecordProperty("useful_per_mille", static_cast<int>(made.useful_percent() * 10));
  RecordProperty("again_per_mille", static_cast<int>(made.again_percent() * 10));
}

TEST(RetryBudget, AServerThatFailsAlwaysSeesHardlyMoreThanIsAsked) {  // T-07
  base::SeededRandom random(5);
  base::VirtualClock clock;
  RetryBudget budget(0.2);
  run(budget, clock, 10'000, 0, 10ms, random);  // all is well and saved up
  for (int stretch = 0; stretch < 6; ++stretch) {
    auto const made = run(budget, clock, 100, 100, 100ms, random);  // 10 s
    EXPECT_LE(made.sends, 110U) << "stretch " << stretch;
    EXPECT_TRUE(stretch == 0 || made.again == 0) << "stretch " << stretch;
  }
}

TEST(RetryBudget, NoMoreThanTheShareIsSentAgainInTheLongRun) {
  base::VirtualClock clock;
  RetryBudget budget(0.1);
  unsigned again = 0;
  for (int i = 0; i < 10'000; ++i) {
    budget.sent();
    budget.succeeded();
    again += budget.take(clock.now()) ? 1U : 0U;
  }
  EXPECT_GE(again, 1000U);
  EXPECT_LE(again, 1000U + RetryBudget::kFloor + static_cast<unsigned>(RetryBudget::kSavedMax));
}

TEST(RetryBudget, ThreeInTenSecondsAreFree) {
  base::VirtualClock clock;
  RetryBudget budget(0.2);
  while (budget.take(clock.now())) continue;
  clock.advance(10s);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.take(clock.now()));
  EXPECT_FALSE(budget.take(clock.now()));
  clock.advance(10s - 1ns);
  EXPECT_FALSE(budget.take(clock.now()));
  clock.advance(1ns);
  EXPECT_TRUE(budget.take(clock.now()));
}

TEST(RetryBudget, ManyCallsThatFailTogetherAreOneMisfortune) {
  base::VirtualClock clock;
  for (unsigned const crowd : {1U, 12U}) {
    RetryBudget budget(0.2);
    budget.under_way(crowd);
    for (int i = 0; i < 400; ++i) {
      budget.sent();
      budget.succeeded();
    }
    for (int i = 0; i < 24; ++i) budget.failed();
    EXPECT_EQ(budget.allows(clock.now()), crowd == 12) << crowd;
    for (int i = 0; i < 24; ++i) budget.failed();
    EXPECT_FALSE(budget.allows(clock.now())) << "a server that goes on failing";
  }
}

TEST(RetryBudget, NothingIsSentAgainAtHalfHealthAndBelow) {
  base::VirtualClock clock;
  RetryBudget budget(0.2);
  for (int i = 0; i < 9; ++i) budget.failed();
  EXPECT_TRUE(budget.allows(clock.now()));
  budget.failed();
  EXPECT_FALSE(budget.allows(clock.now()));
  budget.succeeded();
  EXPECT_TRUE(budget.allows(clock.now()));
}

TEST(RetryBudget, AShareOfNothingAllowsNothing) {
  base::VirtualClock clock;
  RetryBudget budget(0);
  budget.sent();
  EXPECT_FALSE(budget.take(clock.now()));
}

}  // namespace
}  // namespace weir::resilience
