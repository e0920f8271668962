#include "chaos/fault_script.hpp"

#include <gtest/gtest.h>

namespace weir::chaos {
namespace {

using namespace std::chrono_literals;

FaultScript read(std::string_view text) { return FaultScript::read(text, "s.yaml").value(); }
std::string refusal(std::string_view text) {
  auto const got = FaultScript::read(text, "s.yaml");
  return got ? "taken" : got.error().detail;
}

TEST(FaultScript, HarmsAFifthOfTheAnswersInEqualPartsByDefault) {
  auto const script = FaultScript::of_share(200);
  ASSERT_EQ(script.steps.size(), 1u);
  EXPECT_EQ(script.steps[0].per_thousand, 200u);
  for (std::size_t i = 1; i < kFaultKinds; ++i) {
    auto const kind = static_cast<FaultKind>(i);
    bool const usual = kind != FaultKind::http_429 && kind != FaultKind::half_close;
    EXPECT_EQ(script.steps[0].mix.weights[i], usual ? 1u : 0u) << name_of(kind);
  }
}

TEST(FaultScript, ReadsEveryKeyOfAStep) {
  auto const script = read(
      "seed: 7\nsteps:\n  - calls: 500\n    share: 12.5%\n    mix: {reset: 1, 5xx: 3, 429: 2}\n"
      "    latency: 5ms\n    jitter: 20ms\n    down: 300ms\n    stopped: 2s\n    drip: 9\n  - for: 10s\n");
  EXPECT_EQ(script.seed, 7u);
  ASSERT_EQ(script.steps.size(), 2u);
  auto const& step = script.steps[0];
  EXPECT_EQ(step.calls, 500u);
  EXPECT_EQ(step.per_thousand, 125u);
  EXPECT_EQ(step.mix[FaultKind::http_5xx], 3u);
  EXPECT_EQ(step.mix[FaultKind::http_429], 2u);
  EXPECT_EQ(step.mix[FaultKind::kill], 0u);
  EXPECT_EQ(step.mix.total(), 6u);
  EXPECT_EQ(step.latency, 5ms);
  EXPECT_EQ(step.jitter, 20ms);
  EXPECT_EQ(step.down, 300ms);
  EXPECT_EQ(step.stopped, 2s);
  EXPECT_EQ(step.drip_bytes_per_second, 9u);
  EXPECT_EQ(script.steps[1].lasts, 10s);
  EXPECT_EQ(script.steps[1].per_thousand, 0u);
}

TEST(FaultScript, SaysWhereItIsWrong) {
  EXPECT_EQ(refusal("steps:\n  - mix: {rest: 1}\n"), "s.yaml:2:11: there is no fault `rest`");
  EXPECT_EQ(refusal("steps:\n  - shares: 2%\n"), "s.yaml:2:5: a step has no `shares`");
  EXPECT_EQ(refusal("stepps: []\n"), "s.yaml:1:1: a script has no `stepps`");
  EXPECT_NE(refusal("steps: []\n"), "taken");
  EXPECT_NE(refusal("steps: 5\n"), "taken");
  EXPECT_NE(refusal("[]"), "taken");
  EXPECT_NE(refusal("steps: [{mix: {reset: 0}}]"), "taken");
  EXPECT_NE(refusal("steps: [{for: 1s, calls: 1}]"), "taken");
  EXPECT_NE(refusal("steps: [{latency: soon}]"), "taken");
  EXPECT_NE(refusal("steps: [5]"), "taken");
  EXPECT_NE(refusal("steps: ["), "taken");
}

TEST(FaultScript, HoldsItsLimitsOnBothSides) {
  EXPECT_EQ(refusal("steps: [{share: 100%}]"), "taken");
  EXPECT_NE(refusal("steps: [{share: 101%}]"), "taken");
  EXPECT_NE(refusal("steps: [{share: -1%}]"), "taken");
  EXPECT_EQ(refusal("steps: [{mix: {reset: 100}}]"), "taken");
  EXPECT_NE(refusal("steps: [{mix: {reset: 101}}]"), "taken");
  EXPECT_EQ(refusal("steps: [{for: 1h}]"), "taken");
  EXPECT_NE(refusal("steps: [{for: 61m}]"), "taken");
  EXPECT_NE(refusal("steps: [{drip: 0}]"), "taken");
  EXPECT_EQ(refusal("steps: [{drip: 1}]"), "taken");
  std::string steps = "steps:\n";
  for (std::size_t i = 0; i < FaultScript::kStepsMax; ++i) steps += "  - share: 1%\n";
  EXPECT_EQ(refusal(steps), "taken");
  EXPECT_NE(refusal(steps + "  - share: 1%\n"), "taken");
}

TEST(FaultSchedule, GoesFromStepToStepByCallsAndByTimeAndStaysAtTheLast) {
  FaultSchedule schedule(read("steps: [{calls: 10, share: 1%}, {for: 5s, share: 2%}, {share: 3%}]"));
  EXPECT_EQ(schedule.at(0s, 0).per_thousand, 10u);
  EXPECT_EQ(schedule.at(7s, 9).per_thousand, 10u);
  EXPECT_EQ(schedule.at(8s, 10).per_thousand, 20u);
  EXPECT_EQ(schedule.at(12999ms, 500).per_thousand, 20u);  // its time began with it
  EXPECT_EQ(schedule.at(13s, 500).per_thousand, 30u);
  EXPECT_EQ(schedule.at(1h, 1'000'000).per_thousand, 30u);
}

}  // namespace
}  // namespace weir::chaos
