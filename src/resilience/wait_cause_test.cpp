#include "resilience/wait_cause.hpp"

#include <gtest/gtest.h>

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

using Finding = WaitCause::Finding;

// So many calls are there all the time, each of which takes so long.
struct Server {
  Finding period(unsigned calls, base::Duration took) {
    for (;;) {
      now += took / calls;
      if (auto const found = cause.left(took, calls, now); found != Finding::none) return found;
    }
  }
  base::TimePoint now{1h};
  WaitCause cause;
};

TEST(WaitCause, FewerCallsThatAreNoQuickerHaveAnotherCause) {
  Server server;
  EXPECT_EQ(server.period(200, 1s), Finding::settled);
  EXPECT_EQ(server.period(20, 1s), Finding::elsewhere);
  EXPECT_NEAR(server.cause.seconds(), 1, 0.01);
}

TEST(WaitCause, MoreCallsThatAreNoSlowerHaveAnotherCause) {
  Server server;
  server.period(20, 1s);
  EXPECT_EQ(server.period(40, 1s), Finding::elsewhere);
}

TEST(WaitCause, CallsThatWaitForEachOtherAreTheCause) {
  Server server;
  server.period(200, 1s);
  EXPECT_EQ(server.period(100, 500ms), Finding::settled);
  EXPECT_EQ(server.period(20, 100ms), Finding::settled);
  EXPECT_EQ(server.period(40, 200ms), Finding::settled);
}

TEST(WaitCause, FourFifthsAreFewer) {
  Server more, fewer;
  more.period(100, 1s);
  fewer.period(100, 1s);
  EXPECT_EQ(more.period(82, 1s), Finding::settled);
  EXPECT_EQ(fewer.period(78, 1s), Finding::elsewhere);
}

TEST(WaitCause, NinetyPerCentAreTheSameTime) {
  Server quicker, same;
  quicker.period(100, 1s);
  same.period(100, 1s);
  EXPECT_EQ(quicker.period(50, 880ms), Finding::settled);
  EXPECT_EQ(same.period(50, 920ms), Finding::elsewhere);
}

TEST(WaitCause, WhatStillDrainsIsNoSign) {
  Server server;
  server.period(200, 1s);
  for (unsigned calls = 200; calls > 20; --calls) {  // each waited for all that were let in before it
    EXPECT_NE(server.cause.left(1s, calls, server.now += 5ms), Finding::elsewhere);
  }
  EXPECT_NE(server.period(20, 100ms), Finding::elsewhere);
}

TEST(WaitCause, CallsWithoutAnAnswerMakeNoPeriodSettled) {
  Server server;
  server.period(200, 1s);
  for (int i = 0; i < 1000; ++i) {
    auto const took = i % 2 == 0 ? std::optional<base::Duration>(1s) : std::nullopt;
    EXPECT_EQ(server.cause.left(took, 20, server.now += 10ms), Finding::none) << i;
  }
}

TEST(WaitCause, WhatWasLongAgoIsForgotten) {
  Server recent, old;
  recent.period(100, 1s);
  old.period(100, 1s);
  recent.now += 20s;
  old.now += 40s;
  EXPECT_EQ(recent.period(50, 1s), Finding::elsewhere);
  EXPECT_EQ(old.period(50, 1s), Finding::settled);
}

}  // namespace
}  // namespace weir::resilience
