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

class DegradedFlaws : public testing::Test {
 protected:
  void SetUp() override {
    char const* const tier = std::getenv("WEIR_TEST_TIER");
    if (tier != nullptr && std::string_view(tier) == "quick") GTEST_SKIP() << "20 s: not in the quick tier";
  }
};

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

// Breakers in place of the real ones. They follow reloads as those do.
using BreakerTwist = base::Task<Answer> (*)(core::Call& call, core::Handler& inner,
                                            resilience::Breaker& breaker, base::Scheduler& scheduler);
using Options = resilience::BreakerOptions (*)(config::Degradation const& of);

class OtherBreakers final : public core::Handler {
 public:
  // `twist` null: they are asked and told by the real layer.
  OtherBreakers(FlawPlace const& place, Options options, observe::ServerMetrics const& metrics,
                BreakerTwist twist)
      : options_(options),
        of_(place.of),
        scheduler_(place.scheduler),
        inner_(place.inner),
        breakers_(
            std::make_shared<resilience::ServerBreakers>(place.server, options(of_), 1, metrics, &place.log)),
        layer_(place.inner, place.scheduler, breakers_),
        twist_(twist) {
    place.when_closed.push_back([breakers = breakers_] { breakers->retire(); });
  }
  base::Task<Answer> handle(core::Call& call) override {
    breakers_->set_options(options_(of_), scheduler_.now());
    return twist_ != nullptr ? twist_(call, *inner_, breakers_->of(call.method), scheduler_)
                             : layer_.handle(call);
  }

 private:
  Options options_;
  config::Degradation const& of_;
  base::Scheduler& scheduler_;
  std::shared_ptr<core::Handler> inner_;
  std::shared_ptr<resilience::ServerBreakers> breakers_;
  resilience::BreakerLayer layer_;
  BreakerTwist twist_;
};

Flaw breaking(BreakerTwist twist, Options options = breaker_of) {
  return [twist, options](FlawPlace const& place) -> std::shared_ptr<core::Handler> {
    if (place.stage != Stage::breaker) return nullptr;
    return std::make_shared<OtherBreakers>(place, options, place.metrics.server(place.server), twist);
  };
}

base::Error left_alone() {
  return base::Error(base::Fault::breaker_open, base::Blame::upstream, "open", base::Retry::always)
      .about("x");
}

bool failed(Answer const& answer) { return !answer && answer.error().blame == base::Blame::upstream; }

// What follows is found for the flaw's sake, not because something stands in a layer's place.
TEST_F(DegradedFlaws, OtherBreakersWithoutAFlawAreNotFound) {
  auto const same = [](FlawPlace const& place) -> std::shared_ptr<core::Handler> {
    if (place.stage == Stage::breaker) return breaking(nullptr)(place);
    return std::make_shared<Wrong>([](core::Call& call, core::Handler&, core::Handler& built,
                                      base::Scheduler&) { return built.handle(call); },
                                   place);
  };
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    EXPECT_EQ(play_degraded(seed, same), "") << "seed " << seed;
}

TEST_F(DegradedFlaws, BreakersThatAReloadHasReplacedAreStillShown_F50) {
  expect_found(
      [](FlawPlace const& place) -> std::shared_ptr<core::Handler> {
        std::vector<std::function<void()>> nobody;
        FlawPlace const alone{place.stage,   place.server, place.inner, place.built, place.scheduler,
                              place.metrics, place.log,    place.of,    nobody};
        return breaking(nullptr)(alone);
      },
      5);
}

TEST_F(DegradedFlaws, ABreakerThatIsToldOfNothing_F44) {
  expect_found(breaking([](core::Call& call, core::Handler& inner, resilience::Breaker& breaker,
                           base::Scheduler& scheduler) -> base::Task<Answer> {
                 auto const admission = breaker.admit(scheduler.now());
                 if (!admission) co_return left_alone();
                 co_return co_await inner.handle(call);
               }),
               5);
}

TEST_F(DegradedFlaws, ABreakerThatLetsEverybodyProbe_F45) {
  expect_found(breaking(nullptr,
                        [](config::Degradation const& of) {
                          auto options = breaker_of(of);
                          options.probes = 1000;
                          return options;
                        }),
               5);
}

TEST_F(DegradedFlaws, ABreakerThatCountsMistakesOfCallersAndAFullHouse_F45) {
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

TEST_F(DegradedFlaws, ABreakerThatBelievesLateResults_F45) {
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

TEST_F(DegradedFlaws, AnyErrorBecomesASubstitute_F46) {
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

TEST_F(DegradedFlaws, EachStepHasAWholeDeadline_F47) {
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

TEST_F(DegradedFlaws, TheQuestionBecomesPartOfTheDefaultAnswer_F48) {
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

TEST_F(DegradedFlaws, UseCacheOnATimeoutIsVoid_F49) {
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

TEST_F(DegradedFlaws, MovesOfBreakersAreNotCounted_F50) {
  static observe::ServerMetrics const kNowhere;
  expect_found(
      [](FlawPlace const& place) -> std::shared_ptr<core::Handler> {
        if (place.stage != Stage::breaker) return nullptr;
        return std::make_shared<OtherBreakers>(place, breaker_of, kNowhere, nullptr);
      },
      5);
}

TEST_F(DegradedFlaws, ACallThatWasBegunCountsAsSuccess_F51) {
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

TEST_F(DegradedFlaws, ACannedTextPassesAsSuccess_F52) {
  expect_found(flaw_at(Stage::retry,
                       [](core::Call& call, core::Handler&, core::Handler& built,
                          base::Scheduler&) -> base::Task<Answer> {
                         auto answer = co_await built.handle(call);
                         if (!failed(answer) || call.method != mcp::Method::tools_call) co_return answer;
                         co_return text_result("all is well");
                       }),
               9);
}

TEST_F(DegradedFlaws, WhateverFailsIsSentAgain_F53) {
  expect_found(flaw_at(Stage::retry,
                       [](core::Call& call, core::Handler&, core::Handler& built,
                          base::Scheduler&) -> base::Task<Answer> {
                         auto answer = co_await built.handle(call);
                         if (!failed(answer)) co_return answer;
                         co_return co_await built.handle(call);
                       }),
               7);
}

TEST_F(DegradedFlaws, ASubstituteWithoutItsMark_F55) {
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
