#include <fmt/core.h>
#include <gtest/gtest.h>

#include "core/outcome.hpp"
#include "resilience/breaker_layer.hpp"
#include "sim/degraded_play.hpp"

// The faults that the pipeline must not have, put into it one by one: the simulation has to find each (T-66).
namespace weir::test {
namespace {

using Answer = base::Result<core::Outcome>;
using app::Stage;
using resilience::Verdict;

constexpr std::uint64_t kSeedsMost = 2000;
constexpr char const* kMarked = R"("dev.weir/degraded":{"source":"default"})";

// `rule` is the one under which it has to be found (degraded_witness.hpp).
void expect_found(Flaw const& flaw, int rule) {
  for (std::uint64_t seed = 1; seed <= kSeedsMost; ++seed) {
    std::string const said = "\n" + play_degraded(seed, flaw);
    auto const at = said.find(fmt::format("\n{}: ", rule));
    if (at == std::string::npos) continue;
    fmt::print("seed {}: {}\n", seed, said.substr(at + 1, said.find('\n', at + 1) - at - 1).substr(0, 160));
    return;
  }
  FAIL() << "not found within " << kSeedsMost << " seeds";
}

// What a flawed layer does: `inner` is what it stands before, `built` the layer in whose place it is.
using Twist = base::Task<Answer> (*)(core::Call& call, core::Handler& inner, core::Handler& built,
                                     base::Scheduler& scheduler);

class Wrong final : public core::Handler {
 public:
  Wrong(Twist twist, FlawPlace const& place)
      : twist_(twist), inner_(place.inner), built_(place.built), scheduler_(place.scheduler) {}
  base::Task<Answer> handle(core::Call& call) override { return twist_(call, *inner_, *built_, scheduler_); }

 private:
  Twist twist_;
  std::shared_ptr<core::Handler> inner_, built_;
  base::Scheduler& scheduler_;
};

Flaw flaw_at(Stage stage, Twist twist) {
  return [stage, twist](FlawPlace const& place) -> std::shared_ptr<core::Handler> {
    return place.stage == stage ? std::make_shared<Wrong>(twist, place) : nullptr;
  };
}

core::Outcome text_result(std::string const& text, std::string const& meta = {}) {
  return core::from_result(R"({"resultType":"complete","content":[{"type":"text","text":")" + text +
                           R"("}],"isError":false)" + (meta.empty() ? "" : R"(,"_meta":{)" + meta + "}") +
                           "}");
}

resilience::BreakerOptions breaker_of(config::Degradation const& of) {
  resilience::BreakerOptions options;
  options.failure_threshold = of.breaker.failure_threshold;
  options.recovery = of.breaker.recovery;
  options.success_threshold = of.breaker.success_threshold;
  options.probes = of.breaker.probes;
  options.window = of.breaker.window;
  options.min_calls = of.breaker.min_calls;
  return options;
}

std::shared_ptr<resilience::ServerBreakers> breakers_with(FlawPlace const& place,
                                                          resilience::BreakerOptions const& options,
                                                          observe::ServerMetrics const& metrics) {
  return std::make_shared<resilience::ServerBreakers>(place.server, options, 1, metrics, &place.log);
}

// A real breaker that is asked and told by a layer of the flaw's own.
using BreakerTwist = base::Task<Answer> (*)(core::Call& call, core::Handler& inner,
                                            resilience::Breaker& breaker, base::Scheduler& scheduler);

class WrongBreaker final : public core::Handler {
 public:
  WrongBreaker(BreakerTwist twist, FlawPlace const& place)
      : twist_(twist),
        inner_(place.inner),
        breakers_(breakers_with(place, breaker_of(place.of), place.metrics.server(place.server))),
        scheduler_(place.scheduler) {}
  base::Task<Answer> handle(core::Call& call) override {
    return twist_(call, *inner_, breakers_->of(call.method), scheduler_);
  }

 private:
  BreakerTwist twist_;
  std::shared_ptr<core::Handler> inner_;
  std::shared_ptr<resilience::ServerBreakers> breakers_;
  base::Scheduler& scheduler_;
};

Flaw breaking(BreakerTwist twist) {
  return [twist](FlawPlace const& place) -> std::shared_ptr<core::Handler> {
    return place.stage == Stage::breaker ? std::make_shared<WrongBreaker>(twist, place) : nullptr;
  };
}

// The real layer, over breakers that are not those of the settings.
using MakeBreakers = std::shared_ptr<resilience::ServerBreakers> (*)(FlawPlace const& place);
Flaw over(MakeBreakers make) {
  return [make](FlawPlace const& place) -> std::shared_ptr<core::Handler> {
    if (place.stage != Stage::breaker) return nullptr;
    return std::make_shared<resilience::BreakerLayer>(place.inner, place.scheduler, make(place));
  };
}

base::Error left_alone() {
  return base::Error(base::Fault::breaker_open, base::Blame::upstream, "open", base::Retry::always)
      .about("x");
}

bool failed(Answer const& answer) { return !answer && answer.error().blame == base::Blame::upstream; }

TEST(DegradedFlaws, ABreakerThatIsToldOfNothing_F44) {
  expect_found(breaking([](core::Call& call, core::Handler& inner, resilience::Breaker& breaker,
                           base::Scheduler& scheduler) -> base::Task<Answer> {
                 auto const admission = breaker.admit(scheduler.now());
                 if (!admission) co_return left_alone();
                 co_return co_await inner.handle(call);
               }),
               5);
}

TEST(DegradedFlaws, ABreakerThatLetsEverybodyProbe_F45) {
  expect_found(over([](FlawPlace const& place) {
                 auto options = breaker_of(place.of);
                 options.probes = 1000;
                 return breakers_with(place, options, place.metrics.server(place.server));
               }),
               5);
}

TEST(DegradedFlaws, ABreakerThatCountsMistakesOfCallersAndAFullHouse_F45) {
  expect_found(breaking([](core::Call& call, core::Handler& inner, resilience::Breaker& breaker,
                           base::Scheduler& scheduler) -> base::Task<Answer> {
                 auto admission = breaker.admit(scheduler.now());
                 if (!admission) co_return left_alone();
                 auto answer = co_await inner.handle(call);
                 admission.permit.record(answer ? Verdict::success : Verdict::failure, {}, scheduler.now());
                 co_return answer;
               }),
               5);
}

TEST(DegradedFlaws, ABreakerThatBelievesLateResults_F45) {
  expect_found(breaking([](core::Call& call, core::Handler& inner, resilience::Breaker& breaker,
                           base::Scheduler& scheduler) -> base::Task<Answer> {
                 auto admission = breaker.admit(scheduler.now());
                 if (!admission) co_return left_alone();
                 auto answer = co_await inner.handle(call);
                 if (!answer && !failed(answer)) co_return answer;
                 bool const probing = breaker.state() == resilience::BreakerState::half_open;
                 if (probing)
                   admission.permit = breaker.admit(scheduler.now()).permit;  // as if it were of this time
                 admission.permit.record(answer ? Verdict::success : Verdict::failure, {}, scheduler.now());
                 co_return answer;
               }),
               5);
}

TEST(DegradedFlaws, AnyErrorBecomesASubstitute_F46) {
  expect_found(flaw_at(Stage::fallback,
                       [](core::Call& call, core::Handler&, core::Handler& built,
                          base::Scheduler&) -> base::Task<Answer> {
                         auto answer = co_await built.handle(call);
                         if (answer || call.answers_failure) co_return answer;
                         call.facts.degraded.by = core::Substitute::standard;
                         co_return text_result("This is a default answer", kMarked);
                       }),
               9);
}

TEST(DegradedFlaws, EachStepHasAWholeDeadline_F47) {
  expect_found(flaw_at(Stage::fallback,
                       [](core::Call& call, core::Handler& inner, core::Handler& built,
                          base::Scheduler& scheduler) -> base::Task<Answer> {
                         auto answer = co_await built.handle(call);
                         if (!failed(answer) || !call.cacheable) co_return answer;
                         call.deadline = scheduler.now() + call.extend_by;
                         co_return co_await inner.handle(call);
                       }),
               1);
}

TEST(DegradedFlaws, TheQuestionBecomesPartOfTheDefaultAnswer_F48) {
  expect_found(flaw_at(Stage::fallback,
                       [](core::Call& call, core::Handler&, core::Handler& built,
                          base::Scheduler&) -> base::Task<Answer> {
                         auto answer = co_await built.handle(call);
                         if (!answer || call.facts.degraded.by != core::Substitute::standard)
                           co_return answer;
                         auto const asked = member_of(call.request.raw(mcp::Field::arguments), "ask");
                         co_return text_result("This is a default answer. You asked: " + asked, kMarked);
                       }),
               9);
}

TEST(DegradedFlaws, UseCacheOnATimeoutIsVoid_F49) {
  expect_found(flaw_at(Stage::cache,
                       [](core::Call& call, core::Handler&, core::Handler& built,
                          base::Scheduler&) -> base::Task<Answer> {
                         auto answer = co_await built.handle(call);
                         bool const late = !answer && answer.error().fault == base::Fault::timed_out;
                         if (late) call.cache_order.reset();  // the copy that would be looked for
                         co_return answer;
                       }),
               9);
}

TEST(DegradedFlaws, MovesOfBreakersAreNotCounted_F50) {
  static observe::ServerMetrics const kNowhere;
  expect_found(
      over([](FlawPlace const& place) { return breakers_with(place, breaker_of(place.of), kNowhere); }), 5);
}

TEST(DegradedFlaws, ACallThatWasBegunCountsAsSuccess_F51) {
  expect_found(breaking([](core::Call& call, core::Handler& inner, resilience::Breaker& breaker,
                           base::Scheduler& scheduler) -> base::Task<Answer> {
                 auto admission = breaker.admit(scheduler.now());
                 if (!admission) co_return left_alone();
                 auto work = inner.handle(call);
                 admission.permit.record(Verdict::success, {}, scheduler.now());
                 co_return co_await std::move(work);
               }),
               5);
}

TEST(DegradedFlaws, ACannedTextPassesAsSuccess_F52) {
  expect_found(flaw_at(Stage::retry,
                       [](core::Call& call, core::Handler&, core::Handler& built,
                          base::Scheduler&) -> base::Task<Answer> {
                         auto answer = co_await built.handle(call);
                         if (!failed(answer) || call.method != mcp::Method::tools_call) co_return answer;
                         co_return text_result("all is well");
                       }),
               9);
}

TEST(DegradedFlaws, WhateverFailsIsSentAgain_F53) {
  expect_found(flaw_at(Stage::retry,
                       [](core::Call& call, core::Handler&, core::Handler& built,
                          base::Scheduler&) -> base::Task<Answer> {
                         auto answer = co_await built.handle(call);
                         if (!failed(answer)) co_return answer;
                         co_return co_await built.handle(call);
                       }),
               7);
}

TEST(DegradedFlaws, ASubstituteWithoutItsMark_F55) {
  expect_found(flaw_at(Stage::fallback,
                       [](core::Call& call, core::Handler&, core::Handler& built,
                          base::Scheduler&) -> base::Task<Answer> {
                         auto answer = co_await built.handle(call);
                         if (!answer || call.facts.degraded.by == core::Substitute::none) co_return answer;
                         std::string text;
                         answer->edits.append_to(text);
                         if (auto const at = text.find("dev.weir/"); at != std::string::npos) text[at] = 'D';
                         co_return core::from_message(std::move(text));
                       }),
               9);
}

}  // namespace
}  // namespace weir::test
