#include "resilience/concurrency_limit.hpp"

#include <gtest/gtest.h>

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

struct Server {
  void answer(base::Duration took, unsigned in_flight, unsigned times = 1) {
    for (unsigned i = 0; i < times; ++i) {
      now += 10ms;
      limit.answered(took, in_flight, now);
    }
  }
  base::TimePoint now{1h};
  ConcurrencyLimit limit{ConcurrencyOptions{}};
};

TEST(ConcurrencyLimit, BeginsAtTwoHundred) { EXPECT_EQ(ConcurrencyLimit({}).limit(), 200U); }

TEST(ConcurrencyLimit, AFixedOneNeverMoves) {
  ConcurrencyOptions options;
  options.fixed = 7;
  ConcurrencyLimit limit(options);
  for (int i = 0; i < 100; ++i) limit.dropped(7, base::TimePoint(1h) + i * 1s);
  EXPECT_EQ(limit.limit(), 7U);
}

TEST(ConcurrencyLimit, GrowsWhileItIsUsedAndAnswersTakeAsLongAsUsual) {
  Server server;
  server.answer(10ms, 100, 50);
  EXPECT_GT(server.limit.limit(), 130U);
  server.answer(10ms, 1000, 2000);
  EXPECT_EQ(server.limit.limit(), 1000U) << "and not beyond the maximum";
}

TEST(ConcurrencyLimit, DoesNotGrowWhileLessThanHalfOfItIsUsed) {
  Server server;
  server.answer(10ms, 99, 500);
  EXPECT_EQ(server.limit.limit(), 200U);
  server.answer(10ms, 101, 2);
  EXPECT_GT(server.limit.limit(), 200U);
}

TEST(ConcurrencyLimit, ShrinksWhenAnswersTakeMuchLongerThanUsual) {
  Server server;
  server.answer(10ms, 10, 200);
  server.answer(50ms, 200, 20);
  EXPECT_LT(server.limit.limit(), 40U);
  server.answer(500ms, 100, 100);
  EXPECT_EQ(server.limit.limit(), 20U) << "and not below the minimum";
}

TEST(ConcurrencyLimit, ToleratesAnswersThatTakeHalfAgainAsLong) {
  Server quick;
  quick.answer(10ms, 10, 200);
  quick.answer(14ms, 200, 20);
  EXPECT_GT(quick.limit.limit(), 200U);
  Server slow;
  slow.answer(10ms, 10, 200);
  slow.answer(17ms, 200, 20);
  EXPECT_LT(slow.limit.limit(), 200U);
}

TEST(ConcurrencyLimit, CallsWithoutAnAnswerShrinkIt) {
  Server server;
  server.answer(10ms, 10, 20);
  for (int i = 0; i < 20; ++i) server.limit.dropped(200, server.now += 10ms);
  EXPECT_LT(server.limit.limit(), 40U);
}

TEST(ConcurrencyLimit, OneSlowToolAmongQuickOnesIsNoAlarm) {
  Server server;
  for (int i = 0; i < 20'000; ++i) {  // forty answers in each window, one of them slow
    server.now += 125us;
    server.limit.answered(i % 40 == 0 ? 200ms : 10ms, server.limit.limit(), server.now);
  }
  EXPECT_GT(server.limit.limit(), 200U);
}

TEST(ConcurrencyLimit, WhatWasUsualUnderLoadIsGivenUpWhenAnswersAreQuickAgain) {
  Server server;
  for (int i = 0; i < 2000; ++i) server.limit.answered(100ms, 30, server.now += 100ms);
  for (int i = 0; i < 100; ++i) server.limit.answered(10ms, 30, server.now += 100ms);
  unsigned const before = server.limit.limit();
  for (int i = 0; i < 10; ++i) server.limit.answered(60ms, before, server.now += 100ms);
  EXPECT_LT(server.limit.limit(), before) << "60 ms is slow for a server that answers in 10 ms";
}

TEST(ConcurrencyLimit, NewOptionsBoundWhatWasFound) {
  Server server;
  ConcurrencyOptions options;
  options.most = 50;
  server.limit.set_options(options);
  EXPECT_EQ(server.limit.limit(), 50U);
  options.fixed = 3;
  server.limit.set_options(options);
  EXPECT_EQ(server.limit.limit(), 3U);
  server.limit.set_options({});
  EXPECT_EQ(server.limit.limit(), 50U);
}

}  // namespace
}  // namespace weir::resilience
