#include "app/status_words.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using core::ServerState;
using resilience::BreakerMove;
using resilience::BreakerStanding;
using resilience::BreakerState;

TEST(StatusWords, LastWordsAreBoundedWholeLinesAndTheBeginningOfOneMore) {
  EXPECT_EQ(last_words("one\ntwo\n", 8), "one\ntwo\n") << "what fits stays as it is";
  auto const wide = "Error: " + std::string(60, 'x');
  EXPECT_EQ(last_words("first\n" + wide + "\nlast\n", 40), "Error: " + std::string(25, 'x') + "…\nlast");
  EXPECT_EQ(last_words("first\nsecond is long enough\nthe last of them\n", 24), "the last of them")
      << "no scrap of a line";
  EXPECT_EQ(last_words(std::string(10, 'x') + "éééé", 15), std::string(10, 'x') + "é…")
      << "between two characters";
  for (std::size_t most = 3; most < 80; ++most) EXPECT_LE(last_words(wide + "\n" + wide, most).size(), most);
}

TEST(StatusWords, WhatAServerSaysIsToldInBoundedSize) {
  core::ServerStatus status;
  status.cause = std::string(2000, 'c');
  for (int line = 0; line < 20; ++line) status.last_stderr += std::string(4000, 'e') + "\n";
  shorten(status);
  EXPECT_LE(status.cause.size(), 1024U);
  EXPECT_LE(status.last_stderr.size(), 2048U);
  EXPECT_GE(status.last_stderr.size(), 1500U);
}

TEST(StatusWords, ABreakerSaysWhyAndUntilWhen) {
  EXPECT_EQ(breaker_members({}), R"(,"breaker":"closed")");
  EXPECT_EQ(breaker_members({BreakerState::open, BreakerMove::Reason::failures, 41s, 18s + 1ns}),
            R"(,"breaker":"open","breaker_reason":"failures","breaker_s":41,"reopens_in_ms":18001)");
  EXPECT_EQ(breaker_members({BreakerState::half_open, BreakerMove::Reason::slow_rate, 61s, 0s}),
            R"(,"breaker":"half_open","breaker_reason":"slow_rate","breaker_s":61)");
}

TEST(StatusWords, ARequiredServerIsGoodWhileCallsReachIt) {  // acceptance row 43
  BreakerStanding const open{BreakerState::open, BreakerMove::Reason::failures, 41s, 18s};
  auto const refused = required_check("up", ServerState::ready, open);
  EXPECT_FALSE(refused.good);
  EXPECT_EQ(refused.line, "FAILED required server up: breaker open (failures), a call may try it in 18 s\n");
  auto const down = required_check("up", ServerState::failed, {});
  EXPECT_FALSE(down.good);
  EXPECT_EQ(down.line, "FAILED required server up\n");
  auto const well = required_check("up", ServerState::ready, {});
  EXPECT_TRUE(well.good);
  EXPECT_EQ(well.line, "ok required server up\n");
}

// Else a balancer that asks here would keep away the very call that closes it.
TEST(StatusWords, ABreakerWhoseProbeIsDueFailsNoReadiness) {
  BreakerStanding const due{BreakerState::open, BreakerMove::Reason::failures, 90s, 0s};
  EXPECT_TRUE(required_check("up", ServerState::ready, due).good);
  EXPECT_FALSE(required_check("up", ServerState::starting, due).good);
  EXPECT_TRUE(required_check("up", ServerState::ready, {BreakerState::half_open, {}, 90s, 0s}).good);
}

TEST(StatusWords, TheKeysOfCallersAreToldWithTheCauseAndNeverFail) {
  base::TimePoint const now{100s};
  EXPECT_EQ(keys_member("https://as.test", {true, "", {}}, "", now),
            R"(,"auth":{"issuer":"https://as.test","state":"ok"})");
  EXPECT_EQ(keys_line({true, "", {}}), "ok signing keys of callers\n");
  EXPECT_EQ(keys_member("https://as.test", {true, "x", now - 7s}, "a \"b\"", now),
            R"(,"auth":{"issuer":"https://as.test","state":"stale","cause":"a \"b\"","since_s":7})");
  EXPECT_EQ(keys_member("https://as.test", {false, "x", now - 7s}, "x", now),
            R"(,"auth":{"issuer":"https://as.test","state":"no_keys","cause":"x","since_s":7})");
  EXPECT_EQ(keys_member("https://as.test", {}, "", now),
            R"(,"auth":{"issuer":"https://as.test","state":"no_keys"})")
      << "they are on their way";
  EXPECT_EQ(keys_line({false, "x", now}), "degraded signing keys of callers: none, tokens are refused\n");
  EXPECT_EQ(keys_line({true, "x", now}), "degraded signing keys of callers: the last good ones are in use\n");
}

}  // namespace
}  // namespace weir::app
