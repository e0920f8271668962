#include "base/clock.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace weir::base {
namespace {

// Until the machine's clock has moved, which it does within a microsecond.
void until_moved(SystemClock const& clock) {
  TimePoint const before = clock.exact();
  while (clock.exact() == before) {
  }
}

TEST(SystemClock, StandsStillWithinAStepAndIsExactWhenAsked) {
  SystemClock const clock;
  clock.begin_step();
  TimePoint const seen = clock.now();
  until_moved(clock);
  EXPECT_EQ(clock.now(), seen);
  EXPECT_GT(clock.exact(), seen);
  EXPECT_EQ(SystemClock{}.now(), seen);  // all of a thread are one
  clock.end_steps();
}

TEST(SystemClock, TheNextStepSeesLaterTime) {
  SystemClock const clock;
  clock.begin_step();
  TimePoint const first = clock.now();
  until_moved(clock);
  clock.begin_step();
  EXPECT_GT(clock.now(), first);
  clock.end_steps();
}

TEST(SystemClock, OutsideOfStepsEveryLookIsFresh) {
  SystemClock const clock;
  clock.begin_step();
  TimePoint const in_step = clock.now();
  clock.end_steps();
  until_moved(clock);
  TimePoint const later = clock.now();
  EXPECT_GT(later, in_step);
  until_moved(clock);
  EXPECT_GT(clock.now(), later);
}

TEST(SystemClock, AStepIsOfItsThread) {
  SystemClock const clock;
  clock.begin_step();
  TimePoint const here = clock.now();
  until_moved(clock);
  TimePoint there{};
  std::thread([&] { there = clock.now(); }).join();
  EXPECT_GT(there, here);
  clock.end_steps();
}

}  // namespace
}  // namespace weir::base
