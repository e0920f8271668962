#include "resilience/call_rates.hpp"

#include <gtest/gtest.h>

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

struct Rates {
  // One answer each millisecond, and so many refusals.
  std::optional<CallRates::OfTwo> run(int milliseconds, base::Duration took, int refused_each = 0) {
    std::optional<CallRates::OfTwo> last;
    for (int i = 0; i < milliseconds; ++i) {
      now += 1ms;
      rates.answered(took);
      for (int k = 0; k < refused_each; ++k) rates.refused();
      if (auto const found = rates.of_two(now)) last = found;
    }
    return last;
  }
  base::TimePoint now{1h};
  CallRates rates;
};

TEST(CallRates, TwoBatchesAreTogether) {
  Rates one;
  one.rates.restart(one.now);
  EXPECT_FALSE(one.run(199, 5ms));
  auto const found = one.run(1, 5ms);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->ended_low, 1000, 1e-6);
  EXPECT_NEAR(found->ended_high, 1000, 1e-6);
  EXPECT_NEAR(found->seconds, 0.1, 1e-9);
}

TEST(CallRates, ABatchIsAsLongAsAnAnswerWithinBounds) {
  for (auto const& [took, batch] : {std::pair{1ms, 100}, {300ms, 300}, {5000ms, 1000}}) {
    Rates one;
    one.rates.restart(one.now);
    EXPECT_FALSE(one.run(2 * batch - 1, took));
    EXPECT_TRUE(one.run(1, took));
  }
}

TEST(CallRates, TenAnswersMakeABatchAndNineDoNot) {
  CallRates rates;
  base::TimePoint now{1h};
  rates.restart(now);
  for (int i = 0; i < 19; ++i) {
    rates.answered(1ms);
    now += 1s;
    EXPECT_FALSE(rates.of_two(now)) << i;
  }
  rates.answered(1ms);
  EXPECT_TRUE(rates.of_two(now));
}

TEST(CallRates, WhatEndsWithoutAnAnswerAndWhatIsRefusedIsCountedApart) {
  Rates one;
  one.rates.restart(one.now);
  one.run(100, 5ms, 2);
  for (int i = 0; i < 50; ++i) one.rates.ended();
  auto const found = one.run(100, 5ms, 3);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->ended_low, 1000, 1e-6);
  EXPECT_NEAR(found->ended_high, 1500, 1e-6);
  EXPECT_NEAR(found->refused_low, 2000, 1e-6);
  EXPECT_NEAR(found->refused_high, 3000, 1e-6);
}

TEST(CallRates, ARestartForgetsBoth) {
  Rates one;
  one.rates.restart(one.now);
  one.run(150, 5ms);
  one.rates.restart(one.now);
  EXPECT_FALSE(one.run(199, 5ms));
  EXPECT_TRUE(one.run(1, 5ms));
}

TEST(CallRates, MoreRefusalsThanChanceExplains) {
  EXPECT_FALSE(refused_more(110, 100, 10, 100));
  EXPECT_TRUE(refused_more(111, 100, 10, 100));
  EXPECT_FALSE(refused_more(130, 100, 10, 1)) << "three standard deviations of a hundred";
  EXPECT_TRUE(refused_more(131, 100, 10, 1));
}

}  // namespace
}  // namespace weir::resilience
