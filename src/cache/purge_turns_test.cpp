#include "cache/purge_turns.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir::cache {
namespace {

using base::TimePoint;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TimePoint kDue{std::chrono::hours(1000)};

PurgeBucket bucket(int i) { return {"server" + std::to_string(i % 50), "tool" + std::to_string(i)}; }

TEST(PurgeTurns, ABucketHasItsPlaceByItsName) {  // F-42
  EXPECT_EQ(PurgeTurns::offset(bucket(1), minutes(5)), PurgeTurns::offset(bucket(1), minutes(5)));
  EXPECT_NE(PurgeTurns::offset(bucket(1), minutes(5)), PurgeTurns::offset(bucket(2), minutes(5)));
  EXPECT_NE(PurgeTurns::offset({"a", "b"}, minutes(5)), PurgeTurns::offset({"b", "a"}, minutes(5)));
  EXPECT_EQ(PurgeTurns::offset(bucket(1), seconds(0)), seconds(0));
}

TEST(PurgeTurns, TheyComeEvenlyWithinTheSpread) {
  PurgeTurns turns;
  for (int i = 0; i < 10'000; ++i) turns.add(kDue, bucket(i), minutes(5));
  std::size_t most = 0, all = 0;
  for (int second = 0; second < 300; ++second) {
    auto const taken = turns.take_due(kDue + seconds(second)).size();
    most = std::max(most, taken);
    all += taken;
  }
  all += turns.take_due(kDue + seconds(300)).size();
  EXPECT_EQ(all, 10'000U);
  EXPECT_LT(most, 80U) << "33 in the mean";
  EXPECT_EQ(turns.next(), std::nullopt);
}

TEST(PurgeTurns, NothingGoesBeforeItsTurnAndNextTellsIt) {
  PurgeTurns turns;
  turns.add(kDue, bucket(1), minutes(5));
  auto const turn = kDue + PurgeTurns::offset(bucket(1), minutes(5));
  EXPECT_EQ(turns.next(), turn);
  EXPECT_TRUE(turns.take_due(turn - base::Duration(1)).empty());
  EXPECT_EQ(turns.take_due(turn), std::vector<PurgeBucket>{bucket(1)});
}

TEST(PurgeTurns, ABucketThatWaitsKeepsItsEarlierTurn) {
  PurgeTurns turns;
  turns.add(kDue, bucket(1), minutes(5));
  auto const turn = *turns.next();
  turns.add(kDue + seconds(9), bucket(1), minutes(5));
  EXPECT_EQ(turns.next(), turn);
  turns.add(kDue - seconds(9), bucket(1), minutes(5));
  EXPECT_EQ(turns.next(), turn - seconds(9));
  EXPECT_EQ(turns.waiting(), 1U);
  EXPECT_EQ(turns.take_due(turn).size(), 1U);
}

TEST(PurgeTurns, WhatDoesNotFitGoesAtOnce) {
  PurgeTurns turns;
  for (int i = 0; i < static_cast<int>(PurgeTurns::kBucketsMax); ++i) turns.add(kDue, bucket(i), minutes(5));
  EXPECT_EQ(turns.unspread(), 0U);
  turns.add(kDue, {"one", "more"}, minutes(5));
  EXPECT_EQ(turns.unspread(), 1U);
  EXPECT_LE(*turns.next(), kDue);
  EXPECT_EQ(turns.take_due(kDue - minutes(5)), (std::vector<PurgeBucket>{{"one", "more"}}));
  EXPECT_EQ(turns.waiting(), PurgeTurns::kBucketsMax);
}

}  // namespace
}  // namespace weir::cache
