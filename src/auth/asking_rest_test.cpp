#include "auth/asking_rest.hpp"

#include <gtest/gtest.h>

namespace weir::auth {
namespace {

using namespace std::chrono_literals;
using base::Blame;
using base::Error;
using base::Fault;

struct Rests : testing::Test {
  AskingRest rest;
  base::TimePoint now{100s};

  void fail(Fault fault, std::string const& digest = "a", base::Duration after = {}) {
    rest.failed(digest, Error(fault, Blame::upstream, "why").again_in(after), now);
  }
  // For how long that token is not asked about.
  base::Duration left(std::string const& digest = "a") {
    auto const found = rest.find(digest, now);
    return found ? found->retry_after : base::Duration{};
  }
};

TEST_F(Rests, AnIssuerThatIsAwayIsAskedMoreAndMoreSeldomForAllTokens_T59) {
  for (auto const expected : {1s, 2s, 4s, 5s, 5s}) {
    fail(Fault::connect_failed);
    EXPECT_EQ(left(), expected);
    EXPECT_EQ(left("another"), expected);
    now += expected;
    EXPECT_EQ(left(), 0s);
  }
  rest.answered();
  fail(Fault::connect_failed);
  EXPECT_EQ(left(), 1s);
}

TEST_F(Rests, AThrottleHoldsForAllWithinItsBounds) {
  for (auto const& [asked, given] : {std::pair{1ms, 1000ms}, {7000ms, 7000ms}, {86'400'000ms, 300'000ms}}) {
    fail(Fault::unavailable, "a", asked);
    EXPECT_EQ(left("another"), given);
  }
}

TEST_F(Rests, WhenWeirItselfIsRefusedAllWait30Seconds) {
  fail(Fault::config);
  EXPECT_EQ(left("another"), 30s);
}

TEST_F(Rests, WhatMayBeDueToOneTokenHoldsForThatOne) {
  fail(Fault::protocol, "a");
  fail(Fault::unavailable, "b");
  fail(Fault::timed_out, "d");
  EXPECT_EQ(left("d"), 5s);
  EXPECT_EQ(left("a"), 10s);
  EXPECT_EQ(left("b"), 5s);
  EXPECT_EQ(left("c"), 0s);
  now += 5s;
  rest.sweep(now);
  EXPECT_EQ(rest.tokens(), 1U) << "b and d are over";
}

TEST_F(Rests, TokensAreBounded) {
  for (std::size_t i = 0; i < AskingRest::kTokensMax; ++i) {
    now += 1us;
    fail(Fault::protocol, std::to_string(i));
  }
  EXPECT_GT(left("0"), 0s);
  fail(Fault::protocol, "one more");
  EXPECT_EQ(rest.tokens(), AskingRest::kTokensMax);
  EXPECT_EQ(left("0"), 0s);
  EXPECT_GT(left("1"), 0s);
  EXPECT_GT(left("one more"), 0s);
}

}  // namespace
}  // namespace weir::auth
