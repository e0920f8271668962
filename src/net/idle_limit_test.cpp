#include "net/idle_limit.hpp"

#include <gtest/gtest.h>

namespace weir::net {
namespace {

using namespace std::chrono_literals;

TEST(IdleLimit, TrustsAnUnknownServerForFourSeconds) {
  IdleLimit const limit;
  EXPECT_TRUE(limit.allows(4s - 1ns));
  EXPECT_FALSE(limit.allows(4s));
}

TEST(IdleLimit, AConnectionThatIsStillOpenProvesItsAgeLessTheMargin) {
  IdleLimit limit;
  limit.seen_open(3s);
  EXPECT_EQ(limit.value(), 4s);
  limit.seen_open(12s);
  EXPECT_EQ(limit.value(), 11s);
}

TEST(IdleLimit, AClosedOneTakesItBackToBeforeTheEarliestMomentOfTheClose) {
  IdleLimit limit;
  limit.seen_open(30s);
  limit.seen_closed(6s, 1s);
  EXPECT_EQ(limit.value(), 4s);
  limit.seen_closed(20s, 1s);  // says nothing new
  EXPECT_EQ(limit.value(), 4s);
}

TEST(IdleLimit, ARestartOfTheServerCostsReuseForAMomentOnly) {
  IdleLimit limit;
  limit.seen_closed(100ms, 1s);
  EXPECT_EQ(limit.value(), IdleLimit::kLeast);
  limit.seen_open(3s);
  EXPECT_EQ(limit.value(), 2s);
}

// A server that closes after 5 s, looked at every second for a minute.
TEST(IdleLimit, NeverReachesTheAgeAtWhichTheServerCloses) {
  IdleLimit limit;
  for (int round = 0; round < 60; ++round) {
    for (auto age = 300ms; age < 5s; age += 1s) limit.seen_open(age);
    limit.seen_closed(5'300ms, 1s);
    EXPECT_LE(limit.value(), 4s);
    EXPECT_GE(limit.value(), 3s);
  }
}

}  // namespace
}  // namespace weir::net
