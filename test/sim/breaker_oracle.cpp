#include "sim/breaker_oracle.hpp"

#include <algorithm>

namespace weir::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kGrowthMost = 3;
constexpr int kTurns = 10;  // of a window
constexpr base::Duration kCalm = 60s;

}  // namespace

BreakerOracle::Moves& BreakerOracle::Moves::operator+=(Moves const& more) noexcept {
  by_failures += more.by_failures;
  by_rate += more.by_rate;
  half_opened += more.half_opened;
  reopened += more.reopened;
  closed += more.closed;
  return *this;
}

std::string BreakerOracle::admitted(base::TimePoint now, Ticket& ticket) {
  std::string wrong;
  if (state_ == State::open) {
    if (now < earliest_) wrong = "a call to the server while its breaker has to be open";
    state_ = State::half_open;
    ++generation_;
    ++moves_.half_opened;
    successes_ = probes_ = 0;
  }
  ticket.generation = generation_;
  if (state_ != State::half_open) return wrong;
  if (++probes_ > settings_.probes && wrong.empty()) wrong = "more probes in flight than allowed";
  return wrong;
}

std::string BreakerOracle::refused(base::TimePoint now) const {
  if (state_ == State::closed) return "a call refused by a breaker that has to be closed";
  if (state_ == State::half_open && probes_ < settings_.probes)
    return "a probe refused though its place is free";
  if (state_ == State::open && now > latest_) return "a call refused after the recovery time";
  return {};
}

void BreakerOracle::ended(Ticket ticket, Said said, base::TimePoint now) {
  if (ticket.generation != generation_) return;  // learned in another time
  if (state_ == State::half_open) --probes_;
  if (said == Said::nothing) return;
  bool const failed = said == Said::failure;
  if (state_ == State::closed) {
    in_a_row_ = failed ? in_a_row_ + 1 : 0;
    window_.push_back({now, failed});
    return judge(now);
  }
  if (failed) {
    ++moves_.reopened;
    return open(now);
  }
  if (++successes_ < settings_.success_threshold) return;
  state_ = State::closed;
  ++generation_;
  ++moves_.closed;
  in_a_row_ = 0;
  closed_at_ = now;
  window_.clear();
}

void BreakerOracle::judge(base::TimePoint now) {
  if (in_a_row_ >= settings_.failure_threshold) {
    ++moves_.by_failures;
    return open(now);
  }
  auto const oldest = turn_of(now) - kTurns;
  while (!window_.empty() && turn_of(window_.front().when) <= oldest) window_.pop_front();
  auto const failures =
      std::count_if(window_.begin(), window_.end(), [](auto const& one) { return one.failed; });
  if (window_.size() < settings_.min_calls || failures == 0) return;
  if (static_cast<double>(failures) < settings_.failure_rate * static_cast<double>(window_.size())) return;
  ++moves_.by_rate;
  open(now);
}

void BreakerOracle::open(base::TimePoint now) {
  bool const again = state_ == State::half_open || (opened_before_ && now - closed_at_ < kCalm);
  growth_ = again ? std::min(growth_ + 1, kGrowthMost) : 0;
  opened_before_ = true;
  state_ = State::open;
  ++generation_;
  base::Duration const plain = settings_.recovery * (1U << growth_);
  earliest_ = now + plain;
  latest_ = now + plain * 6 / 5;  // a fifth longer at most
}

std::int64_t BreakerOracle::turn_of(base::TimePoint when) const noexcept {
  base::Duration const width = base::Duration(settings_.window) / kTurns;
  return when.time_since_epoch() / width;
}

}  // namespace weir::test
