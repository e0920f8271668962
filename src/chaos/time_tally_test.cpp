#include "chaos/time_tally.hpp"

#include <gtest/gtest.h>

namespace weir::chaos {
namespace {

using namespace std::chrono_literals;

TEST(TimeTally, GivesSharesToTwoPercentAndTheLongestExactly) {
  TimeTally tally;
  for (int i = 1; i <= 1000; ++i) tally.add(i * 1ms);
  EXPECT_EQ(tally.count(), 1000u);
  EXPECT_EQ(tally.most(), 1s);
  EXPECT_NEAR(std::chrono::duration<double>(tally.of_thousand(500)).count(), 0.5, 0.01);
  EXPECT_NEAR(std::chrono::duration<double>(tally.of_thousand(990)).count(), 0.99, 0.02);
  EXPECT_EQ(tally.of_thousand(1000), 1s);
}

TEST(TimeTally, TakesNothingAndTheExtremes) {
  TimeTally tally;
  EXPECT_EQ(tally.of_thousand(500), 0ms);
  tally.add(0ms);
  EXPECT_LE(tally.of_thousand(500), 1us);
  tally.add(48h);
  EXPECT_EQ(tally.of_thousand(1000), 48h);
}

}  // namespace
}  // namespace weir::chaos
