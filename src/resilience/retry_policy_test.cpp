#include "resilience/retry_policy.hpp"

#include <gtest/gtest.h>

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;
using base::Blame;
using base::Error;
using base::Fault;
using base::Retry;
using Refusal = RetryPolicy::Refusal;

mcp::Message request_of(mcp::Method method) {
  std::string text = R"({"jsonrpc":"2.0","id":1,"method":")";
  text += method == mcp::Method::unknown ? "no/such" : mcp::traits_of(method).name;
  return std::move(*mcp::decode(text + "\"}"));
}

bool repeatable(RetryPolicy const& policy, mcp::Method method, std::string target = {}) {
  core::Call call(request_of(method));
  call.target = std::move(target);
  return policy.repeatable(call);
}

struct Asked {
  RetryPolicy policy{{}};
  RetryPolicy::Attempt attempt{1, true, false};
  base::Duration left = 5s;
  double luck = 0.5;
  RetryPolicy::Decision about(Error const& error) const {
    auto const now = base::VirtualClock{}.now();
    return policy.again(error, attempt, now + left, now, luck);
  }
};

Error const kLost(Fault::connection_lost, Blame::upstream, "", Retry::if_idempotent);
Error const kUnsent(Fault::connect_failed, Blame::upstream, "", Retry::always);

TEST(RetryPolicy, MethodsThatReadMayBeRepeatedAndToolsMayNot) {  // F-53
  RetryPolicy const policy({});
  using enum mcp::Method;
  for (auto const method : {resources_read, prompts_get, tools_list, completion_complete, ping, tasks_get})
    EXPECT_TRUE(repeatable(policy, method));
  for (auto const method :
       {tools_call, tasks_update, tasks_cancel, subscriptions_listen, unknown, initialize})
    EXPECT_FALSE(repeatable(policy, method));
}

TEST(RetryPolicy, ToolsMayBeRepeatedByGlobOrTrustedHint) {  // F-53
  RetryOptions options;
  options.idempotent = {"get_*"};
  EXPECT_TRUE(repeatable(RetryPolicy(options), mcp::Method::tools_call, "get_page"));
  EXPECT_FALSE(repeatable(RetryPolicy(options), mcp::Method::tools_call, "set_page"));
  core::Call hinted(request_of(mcp::Method::tools_call));
  hinted.target = "set_page";
  hinted.says_idempotent = true;
  EXPECT_FALSE(RetryPolicy(options).repeatable(hinted)) << "hints are the server's word only";
  options.trust_hints = true;
  EXPECT_TRUE(RetryPolicy(options).repeatable(hinted));
  hinted.says_idempotent = false;
  hinted.says_read_only = true;
  EXPECT_TRUE(RetryPolicy(options).repeatable(hinted));
}

TEST(RetryPolicy, WhatMustNotBeRepeatedIsSentAgainOnlyWhereNothingWasSent) {  // F-53, ruling 9
  Asked asked;
  asked.attempt.repeatable = false;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::not_allowed);
  EXPECT_EQ(asked.about(Error(Fault::timed_out, Blame::upstream, "")).refusal, Refusal::not_allowed);
  EXPECT_EQ(asked.about(Error(Fault::throttled, Blame::upstream, "")).refusal, Refusal::not_allowed);
  EXPECT_EQ(asked.about(kUnsent).refusal, Refusal::none);
}

TEST(RetryPolicy, OnlyFailuresOfTheServerAreWorthAnotherAttempt) {
  Asked const asked;
  for (auto const fault : {Fault::busy, Fault::limited, Fault::starting, Fault::breaker_open, Fault::refused,
                           Fault::denied, Fault::too_large, Fault::cancelled, Fault::internal})
    EXPECT_EQ(asked.about(Error(fault, Blame::upstream, "", Retry::always)).refusal, Refusal::not_allowed);
  for (auto const fault : {Fault::unavailable, Fault::throttled, Fault::timed_out})  // 401; its issuer
    EXPECT_EQ(asked.about(Error(fault, Blame::gateway, "", Retry::always)).refusal, Refusal::not_allowed);
  for (auto const fault :
       {Fault::timed_out, Fault::unavailable, Fault::connection_lost, Fault::protocol, Fault::throttled})
    EXPECT_EQ(asked.about(Error(fault, Blame::upstream, "")).refusal, Refusal::none);
  EXPECT_EQ(asked.about(kUnsent).refusal, Refusal::none);
}

TEST(RetryPolicy, AServerWhoseCertificateIsNotTrustedIsNotTriedAgain) {
  Asked asked;
  for (bool const repeatable : {true, false}) {
    asked.attempt.repeatable = repeatable;
    EXPECT_EQ(asked.about(Error(Fault::connect_failed, Blame::upstream, "expired")).refusal,
              Refusal::not_allowed);
  }
}

TEST(RetryPolicy, TwiceAndNoMore) {
  Asked asked;
  asked.attempt.sends = 2;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::none);
  asked.attempt.sends = 3;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::attempts);
}

TEST(RetryPolicy, WhatReachedNobodyIsTriedTwiceMoreAndIsNoReSend) {
  Asked asked;
  asked.attempt.sends = asked.attempt.unsent = 2;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::none);
  asked.attempt.sends = asked.attempt.unsent = 3;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::attempts);
  asked.attempt.sends = 4;
  asked.attempt.unsent = 2;  // and two were sent
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::none);
  asked.attempt.unsent = 1;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::attempts);
}

TEST(RetryPolicy, OneThatWentToAConnectionThatWasEndingIsNoReSend) {
  Asked asked;
  asked.attempt.stale = true;
  asked.attempt.sends = 3;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::none);
  asked.attempt.sends = 4;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::attempts);
}

TEST(RetryPolicy, WhoWasToldOrAskedSomethingIsNotToldTwice) {
  Asked asked;
  asked.attempt.heard = true;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::not_allowed);
}

TEST(RetryPolicy, WaitsAtRandomUpToABoundThatDoublesAndNeverBeyondTheDeadline) {
  Asked asked;
  asked.luck = 0;
  EXPECT_EQ(asked.about(kLost).wait, 0ms);
  asked.luck = 1;
  EXPECT_EQ(asked.about(kLost).wait, 25ms);
  asked.attempt.sends = 2;
  EXPECT_EQ(asked.about(kLost).wait, 50ms);
  asked.left = 50ms;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::deadline);
  asked.left = 50ms + 1ns;
  EXPECT_EQ(asked.about(kLost).refusal, Refusal::none);
  RetryOptions many;
  many.attempts = 100;
  asked.policy = RetryPolicy(many);
  asked.attempt.sends = 90;
  asked.left = 5s;
  EXPECT_EQ(asked.about(kLost).wait, 250ms);
}

TEST(RetryPolicy, ObeysRetryAfterWhereTheDeadlineAllows) {
  Asked asked;
  asked.luck = 0;
  auto const error = Error(Fault::throttled, Blame::upstream, "429").again_in(2s);
  EXPECT_EQ(asked.about(error).wait, 2s);
  asked.left = 2s;
  EXPECT_EQ(asked.about(error).refusal, Refusal::deadline);
}

TEST(RetryPolicy, AnAttemptIsLostAtTenTimesTheUsualButNotBeforeAQuarterSecond) {
  RetryPolicy const policy({});
  EXPECT_EQ(policy.attempt_most({}), 0ms);
  EXPECT_EQ(policy.attempt_most(1ms), 250ms);
  EXPECT_EQ(policy.attempt_most(100ms), 1s);
  RetryOptions set;
  set.attempt_timeout = 700ms;
  EXPECT_EQ(RetryPolicy(set).attempt_most({}), 700ms);
  EXPECT_EQ(RetryPolicy(set).attempt_most(1s), 700ms);
}

}  // namespace
}  // namespace weir::resilience
