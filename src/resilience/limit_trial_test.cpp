#include "resilience/limit_trial.hpp"

#include <gtest/gtest.h>

namespace weir::resilience {
namespace {

using Kind = LimitTrial::Kind;

CallRates::OfTwo rates(double ended, double refused) { return {ended, ended, refused, refused, 1, {}}; }

bool worth_it(Kind kind, double limit, CallRates::OfTwo const& after) {
  return LimitTrial{kind, 100, rates(1000, 400), 0.1}.worth_it(after, limit);
}

TEST(LimitTrial, FewerPlacesMustNotCostHalfOfWhatTheyWouldGive) {
  for (auto const kind : {Kind::fewer, Kind::must}) {
    EXPECT_TRUE(worth_it(kind, 60, rates(801, 400)));
    EXPECT_FALSE(worth_it(kind, 60, rates(799, 400)));
    EXPECT_TRUE(worth_it(kind, 90, rates(951, 400))) << "small steps are no way round it";
    EXPECT_FALSE(worth_it(kind, 90, rates(949, 400)));
  }
}

TEST(LimitTrial, FewerPlacesMustNotMeanMoreRefusalsUnlessAnswersCameTooLate) {
  EXPECT_TRUE(worth_it(Kind::fewer, 60, rates(1000, 549)));
  EXPECT_FALSE(worth_it(Kind::fewer, 60, rates(1000, 551)));
  EXPECT_TRUE(worth_it(Kind::must, 60, rates(1000, 4000)));
}

TEST(LimitTrial, MorePlacesAreWorthItForMoreAnswers) {
  EXPECT_TRUE(worth_it(Kind::more, 200, rates(1501, 400)));
  EXPECT_FALSE(worth_it(Kind::more, 200, rates(1499, 400)));
}

TEST(LimitTrial, MorePlacesAreWorthItForFewerRefusalsIfTheyCostNoAnswers) {
  EXPECT_TRUE(worth_it(Kind::more, 200, rates(1000, 249)));
  EXPECT_FALSE(worth_it(Kind::more, 200, rates(1000, 251)));
  EXPECT_TRUE(worth_it(Kind::more, 200, rates(851, 0)));
  EXPECT_FALSE(worth_it(Kind::more, 200, rates(849, 0)));
}

}  // namespace
}  // namespace weir::resilience
