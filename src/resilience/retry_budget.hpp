// RetryBudget: how much of what a server is sent may be sent again, so that retries never become the storm.
//
// One per server, at its home; one thread. Two bounds, both must allow. Share: each call sent earns `share`
// of a re-send, up to kSavedMax of them, which are there at first; a re-send costs one, but kFloor of them
// within kFloorTime are free, for servers with few calls. Health: kTokens; a failure takes one, a success
// gives kRefund back; no re-sends at half and below. With the customary refund of 0.1 a server that fails one
// time in five stays below half for ever, and with 0.3 a fifth of the time; half a token bears it (T-02), and
// a server that only fails gets kTokens / 2 re-sends at most until it succeeds again (T-07). Many calls at
// once may fail at once, of one cause: there are kTokensEach for each that was under way lately, where that
// is more.
#pragma once

#include <algorithm>
#include <array>

#include "base/clock.hpp"

namespace weir::resilience {

class RetryBudget {
 public:
  static constexpr double kTokens = 20;
  static constexpr double kTokensEach = 6;
  static constexpr double kRefund = 0.5;
  static constexpr double kSavedMax = 200;
  static constexpr std::size_t kFloor = 3;
  static constexpr base::Duration kFloorTime = std::chrono::seconds{10};

  explicit RetryBudget(double share) noexcept : share_(share) { floor_.fill(base::TimePoint::min()); }
  void set_share(double share) noexcept { share_ = share; }

  void sent() noexcept {
    saved_ = std::min(saved_ + share_, kSavedMax);
  }                                             // a call reached out for the server
  void under_way(std::size_t calls) noexcept {  // with each call
    constexpr double kFades = 0.999;
    crowd_ = std::max(crowd_ * kFades, static_cast<double>(calls));
  }
  void succeeded() noexcept { health_ = std::min(health_ + kRefund / tokens(), 1.0); }
  void failed() noexcept { health_ = std::max(health_ - 1 / tokens(), 0.0); }

  bool healthy() const noexcept { return health_ * tokens() > tokens() / 2 + kRounding; }
  bool allows(base::TimePoint now) const noexcept { return bears() && (saved_ >= 1 || floor_free(now)); }
  // Whether an attempt that nobody noticed may be made again.
  bool bears() const noexcept { return share_ > 0 && healthy(); }
  // Once for each re-send. False: not this one.
  bool take(base::TimePoint now) noexcept {
    if (!allows(now)) return false;
    if (saved_ >= 1) saved_ -= 1;
    floor_[oldest_] = now;
    oldest_ = (oldest_ + 1) % kFloor;
    return true;
  }

 private:
  static constexpr double kRounding = 1e-6;
  double tokens() const noexcept { return std::max(kTokens, kTokensEach * crowd_); }
  bool floor_free(base::TimePoint now) const noexcept {
    auto const third_last = floor_[oldest_];
    return third_last == base::TimePoint::min() || now - third_last >= kFloorTime;
  }

  double share_;
  double health_ = 1;  // share of the tokens that is there
  double crowd_ = 0;
  double saved_ = kSavedMax;
  std::array<base::TimePoint, kFloor> floor_;  // of the last re-sends
  std::size_t oldest_ = 0;
};

}  // namespace weir::resilience
