#include "upstream/restart_policy.hpp"

#include <gtest/gtest.h>

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr base::TimePoint kNow{1000h};

TEST(RestartPolicy, WaitsTwiceAsLongEachTimeUpToItsMaximum) {
  base::SeededRandom random(1);
  RestartPolicy policy({.attempts_max = 100});
  base::Duration expected = 100ms;
  for (int i = 0; i < 20; ++i) {
    auto const next = policy.failed(kNow, random);
    ASSERT_TRUE(next);
    EXPECT_LE(*next - kNow, expected) << i;
    EXPECT_GE(*next - kNow, expected / 2) << i;
    expected = std::min<base::Duration>(expected * 2, 30s);
  }
}

TEST(RestartPolicy, SpreadsServersThatDiedTogether) {
  base::SeededRandom random(1);
  RestartPolicy a({});
  RestartPolicy b({});
  EXPECT_NE(*a.failed(kNow, random), *b.failed(kNow, random));
}

TEST(RestartPolicy, ForgetsFailuresAfterAStableRunOnly) {
  base::SeededRandom random(1);
  RestartPolicy policy({});
  for (int i = 0; i < 3; ++i) (void)policy.failed(kNow, random);
  policy.started(kNow);
  (void)policy.failed(kNow + 60s - 1ns, random);
  EXPECT_EQ(policy.failures(), 4);
  policy.started(kNow);
  auto const next = policy.failed(kNow + 60s, random);
  EXPECT_EQ(policy.failures(), 1);
  EXPECT_LE(*next - (kNow + 60s), 100ms);
}

TEST(RestartPolicy, GivesUpAfterItsAttemptsUntilAsked) {
  base::SeededRandom random(1);
  RestartPolicy policy({.attempts_max = 3});
  EXPECT_TRUE(policy.failed(kNow, random));
  EXPECT_TRUE(policy.failed(kNow, random));
  EXPECT_FALSE(policy.failed(kNow, random));
  EXPECT_FALSE(policy.may_ask(kNow + 30s - 1ns));
  EXPECT_TRUE(policy.may_ask(kNow + 30s));
  policy.asked();
  EXPECT_FALSE(policy.failed(kNow + 31s, random)) << "one attempt for one question";
  EXPECT_EQ(policy.failures(), 3);
  EXPECT_FALSE(policy.may_ask(kNow + 60s));
}

}  // namespace
}  // namespace weir::upstream
