// WaitCause: whether the time that answers of one server take comes from how many calls are there at once.
//
// One per server, in its ConcurrencyLimit; one thread; time is passed in; fixed size. A server whose calls
// wait for each other answers sooner when there are fewer of them. Where the time is lost elsewhere (a slow
// network, a machine or a gateway that is busy with others), fewer calls only mean fewer answers, and a limit
// that keeps shrinking strangles a server that could serve everybody. Periods are compared, each as long as
// two answers take and kPeriodLeast at least: where one had at most kFewer of the calls of the other and
// still kSame of its time for each, the wait is none of theirs. Only settled periods count, in which the
// calls there and those that ended fit the time they took (Little's law): not those in which what was let in
// before still drains.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace weir::resilience {

class WaitCause {
 public:
  static constexpr base::Duration kPeriodLeast = std::chrono::milliseconds{250};
  static constexpr base::Duration kForget = std::chrono::seconds{30};
  static constexpr double kFewer = 0.8;
  static constexpr double kSame = 0.9;
  static constexpr double kSettled = 1.25;
  static constexpr unsigned kEndedLeast = 10;

  enum class Finding : std::uint8_t {
    none,       // no period ended, or an unsettled one
    settled,    // one ended that others can be compared to
    elsewhere,  // and an answer takes seconds() however many calls there are
  };

  // A call left the server, with an answer after `took` or without one; `in_flight` counts it.
  Finding left(std::optional<base::Duration> took, unsigned in_flight, base::TimePoint now) noexcept;

  double seconds() const noexcept { return earlier_ ? earlier_->seconds : 0; }  // of the last settled period

 private:
  struct Period {
    double calls = 0;    // there at once, on average
    double seconds = 0;  // that each took
    base::TimePoint end{};
  };
  Finding judge(Period const& period) noexcept;

  base::TimePoint begun_{}, last_{};
  double area_ = 0;  // calls × seconds
  double taken_ = 0;
  unsigned ended_ = 0, answered_ = 0;
  std::optional<Period> earlier_;
};

}  // namespace weir::resilience
