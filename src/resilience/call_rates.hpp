// CallRates: how many calls of one server are answered, end in another way and are refused, a second.
//
// One per server, in its ConcurrencyLimit; one thread; time is passed in; fixed size. Rates are taken over
// batches, as long as an answer takes (between kShortest and kLongest) and kAnswersLeast answers at least.
// Two batches in turn are given out together: what one of them says alone may be a stall that passes.
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace weir::resilience {

class CallRates {
 public:
  static constexpr unsigned kAnswersLeast = 10;
  static constexpr base::Duration kShortest = std::chrono::milliseconds{100};
  static constexpr base::Duration kLongest = std::chrono::seconds{1};

  struct OfTwo {
    double ended_low, ended_high;      // calls a second that left the server, answered or not
    double refused_low, refused_high;  // calls a second that were not let in
    double seconds;                    // of the shorter batch
    base::TimePoint since;
  };

  void answered(base::Duration took) noexcept;
  void ended() noexcept { ++now_.ended; }  // without an answer
  void refused() noexcept { ++now_.refused; }

  // When a batch is complete and there was one before.
  std::optional<OfTwo> of_two(base::TimePoint now) noexcept;
  void restart(base::TimePoint now) noexcept;

 private:
  struct Batch {
    double taken = 0;  // seconds, of all answers
    unsigned answered = 0, ended = 0, refused = 0;
    double seconds = 0;  // how long it was; 0: there is none
  };
  Batch now_, before_;
  base::TimePoint begun_{}, begun_before_{};
};

// Whether there were more refusals than chance explains, and than `slack` a second.
bool refused_more(double a_second, double than, double slack, double seconds) noexcept;

}  // namespace weir::resilience
