#include "resilience/breaker.hpp"

#include <algorithm>

namespace weir::resilience {

using Reason = BreakerMove::Reason;
using Guard = std::lock_guard<std::mutex>;
using base::Duration;
using base::TimePoint;

Breaker::Admission Breaker::admit(TimePoint now) {
  Guard const guard(lock_);
  if (!options_.enabled) return {true, {}, {}};
  if (state() == BreakerState::closed) return {true, Permit(this, generation_, false), {}};
  if (state() == BreakerState::open) {
    if (now < until_) return {false, {}, until_ - now};
    successes_ = 0;
    in_flight_ = 0;
    move_to(BreakerState::half_open, Reason::recovery);
  }
  if (in_flight_ >= options_.probes) return {false, {}, kProbeWait};
  ++in_flight_;
  return {true, Permit(this, generation_, true), {}};
}

void Breaker::record(std::uint64_t generation, Verdict verdict, Duration took, TimePoint now) {
  Guard const guard(lock_);
  if (generation != generation_) return;
  if (state() == BreakerState::closed) {
    failures_ = verdict == Verdict::failure ? failures_ + 1 : 0;
    count(verdict, took >= options_.slow, now);
    judge(now);
    return;
  }
  --in_flight_;
  if (verdict == Verdict::failure) {
    open(Reason::probe_failed, now);
  } else if (++successes_ >= options_.success_threshold) {
    close(Reason::recovered, now);
  }
}

void Breaker::give_back(std::uint64_t generation) noexcept {
  Guard const guard(lock_);
  if (generation == generation_) --in_flight_;
}

// A clock that another thread read a moment earlier is counted with what is current.
void Breaker::count(Verdict verdict, bool slow, TimePoint now) {
  auto const width = std::max<std::int64_t>(options_.window.count() / std::int64_t{kBuckets}, 1);
  auto const turn = now.time_since_epoch().count() / width;
  auto& bucket = window_[static_cast<std::size_t>(turn) % kBuckets];
  if (bucket.turn < turn) {
    bucket = {};
    bucket.turn = turn;
  }
  ++bucket.calls;
  bucket.failures += verdict == Verdict::failure ? 1U : 0U;
  bucket.slow += slow ? 1U : 0U;
}

void Breaker::judge(TimePoint now) {
  if (failures_ >= options_.failure_threshold) return open(Reason::failures, now);
  auto const width = std::max<std::int64_t>(options_.window.count() / std::int64_t{kBuckets}, 1);
  auto const oldest = now.time_since_epoch().count() / width - std::int64_t{kBuckets};
  std::uint64_t calls = 0, failures = 0, slow = 0;
  for (auto const& bucket : window_) {
    if (bucket.turn <= oldest) continue;
    calls += bucket.calls;
    failures += bucket.failures;
    slow += bucket.slow;
  }
  if (calls < options_.min_calls) return;
  auto const share = [calls](double rate) { return rate * static_cast<double>(calls); };
  if (failures > 0 && static_cast<double>(failures) >= share(options_.failure_rate))
    return open(Reason::failure_rate, now);
  if (slow > 0 && static_cast<double>(slow) >= share(options_.slow_rate)) open(Reason::slow_rate, now);
}

void Breaker::open(Reason reason, TimePoint now) {
  bool const soon = state() == BreakerState::half_open || (opened_before_ && now - closed_at_ < kCalmAfter);
  growth_ = soon ? std::min(growth_ + 1, kGrowthMax) : 0;
  opened_before_ = true;
  auto const plain = options_.recovery * (1U << growth_);
  auto const most = static_cast<std::uint64_t>(plain.count()) / 100 * kJitterPercent;
  auto const open_for = plain + Duration{static_cast<std::int64_t>(random_.below(most + 1))};
  until_ = now + open_for;
  if (state() == BreakerState::closed) {
    left_for_ = reason;
    left_at_ = now;
  }
  move_to(BreakerState::open, reason, open_for);
}

void Breaker::close(Reason reason, TimePoint now) {
  failures_ = 0;
  window_.fill({});
  closed_at_ = now;
  move_to(BreakerState::closed, reason);
}

void Breaker::move_to(BreakerState to, Reason reason, Duration open_for) {
  auto const from = state();
  ++generation_;
  in_flight_ = 0;
  state_.store(to, std::memory_order_relaxed);
  if (listener_ != nullptr) listener_->moved({from, to, reason, open_for});
}

void Breaker::reset(TimePoint now) {
  Guard const guard(lock_);
  growth_ = 0;
  opened_before_ = false;
  if (state() != BreakerState::closed) return close(Reason::manual, now);
  failures_ = 0;
  window_.fill({});
}

void Breaker::set_options(BreakerOptions const& options, TimePoint now) {
  Guard const guard(lock_);
  if (options.window != options_.window) window_.fill({});
  options_ = options;
  if (options.enabled) return;
  growth_ = failures_ = 0;
  opened_before_ = false;
  window_.fill({});
  if (state() != BreakerState::closed) close(Reason::manual, now);
  ++generation_;  // what is under way now is not counted when it is switched on again
}

BreakerStanding Breaker::standing(TimePoint now) const {
  Guard const guard(lock_);
  if (state() == BreakerState::closed) return {};
  auto const wait = state() == BreakerState::open ? until_ - now : Duration::zero();
  return {state(), left_for_, now - left_at_, std::max(wait, Duration::zero())};
}

unsigned Breaker::probes_in_flight() const {
  Guard const guard(lock_);
  return in_flight_;
}

std::string_view name_of(BreakerState state) noexcept {
  switch (state) {
    case BreakerState::closed: return "closed";
    case BreakerState::open: return "open";
    case BreakerState::half_open: return "half_open";
  }
  return {};
}

std::string_view name_of(Reason reason) noexcept {
  switch (reason) {
    case Reason::failures: return "failures";
    case Reason::failure_rate: return "failure_rate";
    case Reason::slow_rate: return "slow_rate";
    case Reason::probe_failed: return "probe_failed";
    case Reason::recovery: return "recovery";
    case Reason::recovered: return "recovered";
    case Reason::manual: return "manual";
  }
  return {};
}

}  // namespace weir::resilience
