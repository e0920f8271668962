// The breaker against a model written from its table of rules, over random traces of events.
//
// The model keeps every outcome with its time and counts again at each step; it shares nothing with the
// breaker but the options. Where the breaker draws luck (how long it stays open), the model checks the bounds
// and takes the drawn value over. Default: 25,000 traces of 40 events, a million events; the long
// tier: a million traces (T-08, T-10).
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <list>
#include <map>

#include "base/random.hpp"
#include "resilience/breaker.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;
using base::Duration;
using base::TimePoint;

struct Model {
  struct Told {
    TimePoint at;
    bool failed, slow;
  };
  struct Held {  // a permit: of which period of the breaker's life
    unsigned period;
  };

  std::string state = "closed";
  unsigned period = 0;
  BreakerOptions rules;
  std::deque<Told> told;  // of this closed period
  unsigned row = 0, good_probes = 0, probes_out = 0;
  TimePoint again;
  int doublings = -1;  // of the last opening; -1: none since the last calm
  TimePoint closed_since;
  bool draws = false;  // it has just opened: the open time is to be learned
  Duration shortest{};

  std::int64_t tick(TimePoint at) const { return at.time_since_epoch() / (rules.window / 10); }
  void turn(char const* to) {
    state = to;
    ++period;
    probes_out = good_probes = row = 0;
    told.clear();
  }
  void opens(TimePoint now, bool from_probe) {
    if (!from_probe && now - closed_since >= 60s) doublings = -1;
    doublings = std::min(doublings + 1, 3);
    shortest = rules.recovery;
    for (int i = 0; i < doublings; ++i) shortest += shortest;
    again = now;
    draws = true;
    turn("open");
  }
  bool admits(TimePoint now) {
    if (!rules.enabled) return true;
    if (state == "open" && now >= again) turn("half open");
    if (state == "open") return false;
    if (state == "half open" && probes_out >= rules.probes) return false;
    if (state == "half open") ++probes_out;
    return true;
  }
  void drop(Held held) {
    if (held.period == period && state == "half open") --probes_out;
  }
  void tell(Held held, bool failed, Duration took, TimePoint now) {
    if (held.period != period) return;
    if (state == "half open") {
      --probes_out;
      if (failed) return opens(now, true);
      if (++good_probes < rules.success_threshold) return;
      turn("closed");
      closed_since = now;
      return;
    }
    told.push_back({now, failed, took >= rules.slow});
    row = failed ? row + 1 : 0;
    unsigned all = 0, bad = 0, slow = 0;
    for (auto const& one : told) {
      if (tick(one.at) <= tick(now) - 10) continue;
      ++all;
      bad += one.failed;
      slow += one.slow;
    }
    bool const enough = all >= rules.min_calls;
    bool const too_bad = enough && bad > 0 && bad >= rules.failure_rate * all;
    bool const too_slow = enough && slow > 0 && slow >= rules.slow_rate * all;
    if (row >= rules.failure_threshold || too_bad || too_slow) opens(now, false);
  }
  void reset(TimePoint now) {
    doublings = -1;
    if (state != "closed") {
      turn("closed");
      closed_since = now;
    }
    told.clear();
    row = 0;
  }
  void change(BreakerOptions const& to, TimePoint now) {
    if (to.window != rules.window) told.clear();
    rules = to;
    if (to.enabled) return;
    reset(now);
    turn("closed");
  }
};

BreakerOptions any_options(base::Random& random) {
  BreakerOptions options;
  options.enabled = random.below(16) != 0;
  options.failure_threshold = 1 + static_cast<unsigned>(random.below(6));
  options.success_threshold = 1 + static_cast<unsigned>(random.below(3));
  options.probes = 1 + static_cast<unsigned>(random.below(3));
  options.recovery = std::chrono::seconds{1 + random.below(60)};
  options.window = std::chrono::seconds{1 + random.below(10)};
  options.min_calls = 2 + static_cast<unsigned>(random.below(10));
  options.failure_rate = 0.25 * static_cast<double>(1 + random.below(4));
  options.slow_rate = 0.25 * static_cast<double>(1 + random.below(4));
  return options;
}

class Trace {
 public:
  explicit Trace(std::uint64_t seed) : random_(seed), breaker_(model_.rules = any_options(random_), seed) {}

  void step() {
    pass_time();
    auto const what = random_.below(100);
    if (what < 45) {
      admit();
    } else if (what < 88) {
      end_one();
    } else if (what < 94) {
      if (!held_.empty()) drop();
    } else if (what < 97) {
      breaker_.reset(now_);
      model_.reset(now_);
    } else {
      auto const options = any_options(random_);
      breaker_.set_options(options, now_);
      model_.change(options, now_);
    }
    learn_luck();
    compare();
  }
  void finish() {
    while (!held_.empty()) drop();
    ASSERT_EQ(breaker_.probes_in_flight(), 0U) << "a permit leaked";
  }

 private:
  struct Pair {
    Breaker::Permit permit;
    Model::Held model;
  };

  void pass_time() {
    auto const what = random_.below(12);
    if (what < 6) return;
    if (what < 10)
      now_ += std::chrono::milliseconds{random_.below(700)};
    else if (what == 10)
      now_ += std::chrono::seconds{random_.below(20)};
    else if (model_.state == "open")
      now_ = std::max(now_, model_.again - Duration{random_.below(2)});
    else
      now_ += std::chrono::seconds{random_.below(70)};
  }
  void admit() {
    auto admission = breaker_.admit(now_);
    bool const expected = model_.admits(now_);
    ASSERT_EQ(admission.admitted, expected);
    if (!expected) {
      ASSERT_EQ(admission.wait, model_.state == "open" ? model_.again - now_ : Breaker::kProbeWait);
      return;
    }
    if (!model_.rules.enabled) return;
    held_.push_back({std::move(admission.permit), {model_.period}});
  }
  std::list<Pair>::iterator any_held() {
    return std::next(held_.begin(), static_cast<std::ptrdiff_t>(random_.below(held_.size())));
  }
  void end_one() {
    if (held_.empty()) return;
    auto const chosen = any_held();
    bool const failed = random_.below(2) == 0;
    Duration const took = random_.below(3) == 0 ? 5s : 1ms;
    chosen->permit.record(failed ? Verdict::failure : Verdict::success, took, now_);
    model_.tell(chosen->model, failed, took, now_);
    held_.erase(chosen);
  }
  void drop() {
    auto const chosen = any_held();
    model_.drop(chosen->model);
    held_.erase(chosen);
  }
  void learn_luck() {
    if (!model_.draws) return;
    model_.draws = false;
    auto const refusal = breaker_.admit(now_);
    ASSERT_FALSE(refusal);
    ASSERT_GE(refusal.wait, model_.shortest);
    ASSERT_LE(refusal.wait, model_.shortest + model_.shortest / 5);
    model_.again = now_ + refusal.wait;
  }
  void compare() {
    auto const state = breaker_.state();
    ASSERT_EQ(state == BreakerState::closed ? "closed"
              : state == BreakerState::open ? "open"
                                            : "half open",
              model_.state);
    ASSERT_EQ(breaker_.probes_in_flight(), model_.probes_out);
  }

  base::SeededRandom random_;
  Model model_;
  Breaker breaker_;
  TimePoint now_ = base::VirtualClock{}.now();
  std::list<Pair> held_;
};

TEST(BreakerModel, EqualsTheBreakerAtEveryStepOfRandomTraces) {  // T-08, T-10, F-45
  char const* const tier = std::getenv("WEIR_TEST_TIER");
  bool const all = tier != nullptr && std::string_view(tier) == "long";
  std::uint64_t const traces = all ? 1'000'000 : 25'000;
  for (std::uint64_t seed = 1; seed <= traces; ++seed) {
    Trace trace(seed);
    for (int step = 0; step < 40; ++step) {
      trace.step();
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed << ", step " << step;
    }
    trace.finish();
    ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace weir::resilience
