#include "resilience/wait_cause.hpp"

namespace weir::resilience {
namespace {

double seconds_of(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

WaitCause::Finding WaitCause::left(std::optional<base::Duration> took, unsigned in_flight,
                                   base::TimePoint now) noexcept {
  if (begun_ == base::TimePoint{}) begun_ = last_ = now;
  area_ += in_flight * seconds_of(now - last_);
  last_ = now;
  ++ended_;
  if (took) {
    taken_ += seconds_of(*took);
    ++answered_;
  }
  auto const long_for = seconds_of(now - begun_);
  if (ended_ < kEndedLeast || answered_ == 0 || long_for < seconds_of(kPeriodLeast)) return Finding::none;
  double const each = taken_ / answered_;
  if (long_for < 2 * each) return Finding::none;
  double const by_little = area_ / ended_;
  bool const settled = by_little <= each * kSettled && each <= by_little * kSettled;
  Period const period{area_ / long_for, each, now};
  area_ = taken_ = 0;
  ended_ = answered_ = 0;
  begun_ = now;
  return settled ? judge(period) : Finding::none;
}

WaitCause::Finding WaitCause::judge(Period const& period) noexcept {
  bool elsewhere = false;
  if (earlier_ && period.end - earlier_->end <= kForget) {
    bool const now_fewer = period.calls < earlier_->calls;
    Period const& few = now_fewer ? period : *earlier_;
    Period const& many = now_fewer ? *earlier_ : period;
    elsewhere = few.calls <= kFewer * many.calls && few.seconds >= kSame * many.seconds;
  }
  earlier_ = period;
  return elsewhere ? Finding::elsewhere : Finding::settled;
}

}  // namespace weir::resilience
