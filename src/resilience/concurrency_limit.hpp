// ConcurrencyLimit: how many calls one server may have at once, found out from how long it takes to answer.
//
// One per server, at its home; one thread; time is passed in. Gradient2 as Netflix describes it: when answers
// take more than `tolerance` times as long as they usually do, the server has a queue of its own, and the
// limit shrinks in proportion, to half at most; otherwise it grows by a small allowance. Each step is
// smoothed. What is usual is learned slowly, once in `learn_every`, so that a server that is overloaded for a
// while does not count as a slow one. Answers are averaged over `window`, so that one slow tool among quick
// ones is no alarm. It neither grows nor shrinks while less than half of it is used: nothing is learned about
// a limit that nobody reaches. With `fixed` it is that number.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace weir::resilience {

struct ConcurrencyOptions {
  std::optional<unsigned> fixed;  // at least 1
  unsigned least = 20;
  unsigned most = 1000;
  unsigned first = 200;
  double smoothing = 0.2;
  double tolerance = 1.5;
  unsigned long_window = 600;  // averages that make up what is usual
  double allowance = 4;        // calls that may wait inside the server
  base::Duration window = std::chrono::milliseconds{5};
  base::Duration learn_every = std::chrono::milliseconds{100};
  bool operator==(ConcurrencyOptions const&) const = default;
};

class ConcurrencyLimit {
 public:
  explicit ConcurrencyLimit(ConcurrencyOptions const& options) { set_options(options); }

  // What has been learned stays.
  void set_options(ConcurrencyOptions const& options);

  unsigned limit() const noexcept;
  bool fixed() const noexcept { return options_.fixed.has_value(); }

  // A call was answered after `took`, waits for its client excepted; `in_flight` counts it.
  void answered(base::Duration took, unsigned in_flight, base::TimePoint now);
  // A call had no answer when its time was over.
  void dropped(unsigned in_flight, base::TimePoint now);

 private:
  void close_window(base::TimePoint now);
  void learn(double mean, base::TimePoint now);
  void step(double gradient);

  ConcurrencyOptions options_;
  double limit_ = 0;
  double usual_ = 0;  // seconds
  unsigned learned_ = 0;
  base::TimePoint learn_at_{};
  base::TimePoint window_end_{};
  double sum_ = 0;
  std::uint64_t samples_ = 0;
  bool drop_ = false;
  unsigned in_flight_most_ = 0;
};

}  // namespace weir::resilience
