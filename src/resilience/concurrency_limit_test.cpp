#include "resilience/concurrency_limit.hpp"

#include <gtest/gtest.h>

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

// Nothing is tolerable but what is usual.
ConcurrencyOptions strict() {
  ConcurrencyOptions options;
  options.tolerable = {};
  return options;
}

// So many calls are there all the time, each of which takes so long.
struct Server {
  void serve(base::Duration took, unsigned in_flight, base::Duration for_long) {
    for (auto const until = now + for_long; now < until;) {
      now += took / in_flight;
      limit.answered(took, in_flight, now);
    }
  }
  base::TimePoint now{1h};
  ConcurrencyLimit limit{strict()};
};

TEST(ConcurrencyLimit, BeginsAtTwoHundred) { EXPECT_EQ(ConcurrencyLimit({}).limit(), 200U); }

TEST(ConcurrencyLimit, AFixedOneNeverMoves) {
  ConcurrencyOptions options;
  options.fixed = 7;
  ConcurrencyLimit limit(options);
  for (int i = 0; i < 100; ++i) limit.dropped(1s, 7, base::TimePoint(1h) + i * 1s);
  EXPECT_EQ(limit.limit(), 7U);
}

TEST(ConcurrencyLimit, GrowsWhileItIsUsedAndAnswersTakeAsLongAsUsual) {
  Server server;
  server.serve(10ms, 150, 500ms);
  EXPECT_GT(server.limit.limit(), 250U);
  server.serve(10ms, 1000, 10s);
  EXPECT_EQ(server.limit.limit(), 1000U) << "and not beyond the maximum";
}

TEST(ConcurrencyLimit, DoesNotGrowWhileLessThanHalfOfItIsUsed) {
  Server server;
  server.serve(10ms, 99, 5s);
  EXPECT_EQ(server.limit.limit(), 200U);
  server.serve(10ms, 101, 20ms);
  EXPECT_GT(server.limit.limit(), 200U);
}

TEST(ConcurrencyLimit, GrowsByAQuarterAtMostWhileOneAnswerTakes) {
  Server server;
  server.serve(4s, 20, 40s);
  server.serve(1s, 20, 40s);  // less than half is used
  ConcurrencyOptions options;
  options.most = 20;
  server.limit.set_options(options);
  server.limit.set_options(strict());
  server.serve(1s, 20, 1s);
  EXPECT_GT(server.limit.limit(), 20U);
  EXPECT_LE(server.limit.limit(), 25U);
}

TEST(ConcurrencyLimit, ShrinksToWhatIsAnsweredInTheUsualTime) {
  Server server;
  server.serve(10ms, 10, 2s);
  server.serve(50ms, 200, 300ms);
  EXPECT_NEAR(server.limit.limit(), 60, 3) << "4000 a second, 15 ms";
  for (int i = 0; i < 10; ++i) server.limit.dropped(5s, 60, server.now += 6s);
  EXPECT_EQ(server.limit.limit(), 20U) << "and not below the minimum";
}

TEST(ConcurrencyLimit, TwoBatchesMakeACutAndOneDoesNot) {
  Server server;
  server.serve(10ms, 10, 2s);
  server.serve(50ms, 200, 190ms);
  EXPECT_EQ(server.limit.limit(), 200U);
  server.serve(50ms, 200, 30ms);
  EXPECT_LE(server.limit.limit(), 63U);
}

TEST(ConcurrencyLimit, AStallThatPassesIsNoAlarm) {
  Server server;
  server.serve(10ms, 200, 2s);
  auto const before = server.limit.limit();
  server.now += 1800ms;
  server.serve(1800ms, 36'000, 10ms);  // all that were there, at once
  server.serve(10ms, 200, 50ms);
  EXPECT_GE(server.limit.limit(), before);
}

TEST(ConcurrencyLimit, GrowsBackQuicklyToWhereItWasCut) {
  Server server;
  server.serve(10ms, 150, 2s);
  auto const before = server.limit.limit();
  server.serve(500ms, 300, 2s);
  EXPECT_LT(server.limit.limit(), before / 4);
  server.serve(10ms, 150, 400ms);
  EXPECT_GE(server.limit.limit(), before * 9 / 10);
}

TEST(ConcurrencyLimit, WhatIsTolerableIsNotSlow) {
  Server patient, cross;
  ConcurrencyOptions options;
  options.tolerable = 50ms;
  for (auto* const one : {&patient, &cross}) {
    one->limit.set_options(options);
    one->serve(10ms, 10, 2s);
  }
  patient.serve(49ms, 200, 1s);
  cross.serve(60ms, 200, 1s);
  EXPECT_EQ(patient.limit.limit(), 200U) << "nor usual: it does not grow";
  EXPECT_NEAR(cross.limit.limit(), 166, 5);
}

TEST(ConcurrencyLimit, ToleratesAnswersThatTakeHalfAgainAsLong) {
  Server quick;
  quick.serve(10ms, 10, 2s);
  quick.serve(14ms, 200, 200ms);
  EXPECT_GT(quick.limit.limit(), 200U);
  Server slow;
  slow.serve(10ms, 10, 2s);
  slow.serve(17ms, 200, 200ms);
  EXPECT_LT(slow.limit.limit(), 200U);
}

TEST(ConcurrencyLimit, CallsWithoutAnAnswerShrinkIt) {
  Server server;
  server.serve(10ms, 10, 200ms);
  for (int i = 0; i < 20; ++i) server.limit.dropped(5s, 200, server.now += 1s);
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
  server.serve(100ms, 30, 100s);
  server.serve(10ms, 30, 10s);
  unsigned const before = server.limit.limit();
  server.serve(60ms, before, 1s);
  EXPECT_LT(server.limit.limit(), before) << "60 ms is slow for a server that answers in 10 ms";
}

// As many calls are there as are let in, of two hundred and fifty, each of which takes so long then, and so
// many are refused a second.
struct Crowd : Server {
  Crowd() {
    limit.set_options({});
    serve(2ms, 10, 2s);
  }
  void serve_all(base::Duration for_long) {
    for (auto const until = now + for_long; now < until;) {
      auto const calls = std::min(limit.limit(), 250U);
      auto const took =
          std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(takes(calls)));
      now += took / calls;
      refused += std::chrono::duration<double>(took).count() / calls * refused_a_second(calls);
      for (; refused >= 1; refused -= 1) limit.refused();
      limit.answered(took, calls, now);
      least = std::min(least, limit.limit());
    }
  }
  double (*takes)(unsigned calls) = [](unsigned calls) { return calls * 0.001; };  // one at a time
  double (*refused_a_second)(unsigned calls) = [](unsigned) { return 500.0; };
  double refused = 0;
  unsigned least = 1000;
};

TEST(ConcurrencyLimit, FewerAreTriedAndKeptWhereAsManyAreAnswered) {
  Crowd crowd;
  crowd.serve_all(3s);
  EXPECT_NEAR(crowd.limit.limit(), 100, 15) << "a thousand a second, 100 ms";
}

TEST(ConcurrencyLimit, FewerAreNotTriedWhereNobodyIsRefused) {
  Crowd crowd;
  crowd.refused_a_second = [](unsigned) { return 0.0; };
  crowd.serve_all(3s);
  EXPECT_EQ(crowd.least, 200U);
}

TEST(ConcurrencyLimit, FewerAreTriedAndGivenBackWhereFewerAreAnswered) {
  Crowd crowd;
  crowd.takes = [](unsigned) { return 0.5; };  // each takes its time
  unsigned given_back = 0;                     // at once
  for (int i = 0; i < 1000; ++i) {
    auto const before = crowd.limit.limit();
    crowd.serve_all(20ms);
    given_back = std::max(given_back, crowd.limit.limit() - std::min(before, crowd.limit.limit()));
  }
  EXPECT_NEAR(crowd.least, 140, 1);
  EXPECT_GE(given_back, 59U);
  EXPECT_GE(crowd.limit.limit(), 250U) << "and more, since the time is usual now";
}

// The callers wait for their answers, and come again when they are refused.
TEST(ConcurrencyLimit, FewerAreTriedAndGivenBackWhereMoreAreRefused) {
  Crowd crowd;
  crowd.refused_a_second = [](unsigned calls) { return (250.0 - calls) * 10; };
  crowd.serve_all(20s);
  EXPECT_NEAR(crowd.least, 140, 1);
  EXPECT_GE(crowd.limit.limit(), 250U);
}

TEST(ConcurrencyLimit, MoreAreTriedAndKeptWhereFewerAreRefused) {
  for (bool const come_again : {false, true}) {
    Crowd crowd;
    crowd.serve_all(3s);
    EXPECT_LE(crowd.limit.limit(), 115U);
    if (come_again) crowd.refused_a_second = [](unsigned calls) { return (250.0 - calls) * 10; };
    crowd.serve_all(60s);
    EXPECT_EQ(crowd.limit.limit() >= 200, come_again) << crowd.limit.limit();
  }
}

TEST(ConcurrencyLimit, FewerAreTriedAboveATenthOfASecondOnly) {
  for (bool const slow : {false, true}) {
    Crowd crowd;
    crowd.takes = slow ? [](unsigned) { return 0.12; } : [](unsigned) { return 0.099; };
    crowd.serve_all(1s);
    EXPECT_EQ(crowd.least < 180, slow) << crowd.least;
  }
}

// Servers lose a call now and then, and sessions that have to be begun anew take their time.
TEST(ConcurrencyLimit, LessThanHalfOfTheCallsWithoutAnAnswerDoNotShrinkIt) {
  for (auto const& [answered, dropped] : {std::pair{2, 1}, {1, 2}}) {
    Server server;
    server.serve(10ms, 250, 1s);
    auto const before = server.limit.limit();
    unsigned least = before;
    for (int i = 0; i < 300; ++i) {
      server.serve(10ms, 250, answered * 40us);
      for (int k = 0; k < dropped; ++k) server.limit.dropped(1s, 250, server.now);
      least = std::min(least, server.limit.limit());
    }
    EXPECT_EQ(least == before, dropped == 1) << least << " of " << before;
  }
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
