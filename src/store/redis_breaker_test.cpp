#include "store/redis_breaker.hpp"

#include <gtest/gtest.h>

namespace weir::store {
namespace {

using namespace std::chrono_literals;

struct Breaker : testing::Test {
  base::SeededRandom random{7};
  RedisBreaker breaker{random};
  base::TimePoint now{100h};

  void fail(unsigned times) {
    for (unsigned i = 0; i < times; ++i) breaker.failed(now);
  }
};

TEST_F(Breaker, OpensAfterFiveFailuresInARow) {  // T-28
  fail(4);
  EXPECT_TRUE(breaker.closed());
  EXPECT_TRUE(breaker.failed(now));
  EXPECT_FALSE(breaker.closed());
}

TEST_F(Breaker, ASuccessBetweenFailuresKeepsItClosed) {
  fail(4);
  EXPECT_FALSE(breaker.succeeded());
  fail(4);
  EXPECT_TRUE(breaker.closed());
}

TEST_F(Breaker, LetsOneProbeThroughWhenItsRestIsOver) {
  fail(5);
  EXPECT_GE(breaker.probe_at(), now + 800ms);
  EXPECT_LE(breaker.probe_at(), now + 1200ms);
  now = breaker.probe_at() - 1ns;
  EXPECT_FALSE(breaker.take_probe(now));
  now += 1ns;
  EXPECT_TRUE(breaker.take_probe(now));
  EXPECT_FALSE(breaker.take_probe(now));
  EXPECT_FALSE(breaker.closed());
  EXPECT_TRUE(breaker.succeeded());
  EXPECT_TRUE(breaker.closed());
}

TEST_F(Breaker, RestsLongerEachTimeUpToHalfAMinute) {
  fail(5);
  base::Duration before{};
  for (int i = 0; i < 12; ++i) {
    auto const rest = breaker.probe_at() - now;
    EXPECT_TRUE(rest > before || i > 4);
    EXPECT_LE(rest, 36s);
    EXPECT_TRUE(rest >= 24s || i <= 6);
    before = rest;
    now = breaker.probe_at();
    ASSERT_TRUE(breaker.take_probe(now));
    EXPECT_TRUE(breaker.failed(now));
  }
}

TEST_F(Breaker, StartsWithAShortRestAgainAfterARecovery) {
  fail(5);
  for (int i = 0; i < 6; ++i) {
    now = breaker.probe_at();
    ASSERT_TRUE(breaker.take_probe(now));
    breaker.failed(now);
  }
  now = breaker.probe_at();
  ASSERT_TRUE(breaker.take_probe(now));
  EXPECT_TRUE(breaker.succeeded());
  fail(5);
  EXPECT_LE(breaker.probe_at(), now + 1200ms);
}

TEST_F(Breaker, ProbesAtOnceOverANewConnection) {
  breaker.hurry(now);
  EXPECT_TRUE(breaker.closed());
  fail(5);
  EXPECT_FALSE(breaker.take_probe(now));
  breaker.hurry(now);
  EXPECT_TRUE(breaker.take_probe(now));
}

TEST_F(Breaker, LateAnswersNeitherCloseItNorMakeItRestLonger) {
  fail(5);
  auto const due = breaker.probe_at();
  EXPECT_FALSE(breaker.succeeded());
  EXPECT_FALSE(breaker.closed());
  fail(10);
  EXPECT_EQ(breaker.probe_at(), due);
}

}  // namespace
}  // namespace weir::store
