// ConcurrencyLimit: how many calls one server may have at once, found out from how long it takes to answer.
//
// One per server, at its home; one thread; time is passed in. After Netflix's Gradient2: a server whose
// answers take more than `tolerance` times as long as usual has a queue of its own, and more calls do not
// help it. By Little's law a call that comes now will take as long as those that are there need at the rate
// at which answers come. Rates are taken over an answer's time (kBatchMost at most) and kBatchLeast of them,
// and the higher of two in turn counts: a stall that passes is no alarm, nor is one slow tool among quick
// ones.
//
// Where that time is more than `tolerable`, calls are about to miss their deadlines, and the limit is cut to
// as many as are answered in it. Where it is more than usual and than `unnoticed`, fewer are tried, a step at
// a time: when fewer answers come for it, they were late for another reason (a network, a machine that is
// busy with others), the limit is as before, and the time they take is what is usual now. Where it was cut
// for good, a few more are tried now and then in the same way (WaitCause). A limit that only ever shrinks on
// long answers strangles a server that could serve everybody.
//
// It grows by a small allowance while answers are usual, or quickly up to where the last cut was made, but by
// a quarter at most while one answer takes, since what that does is only seen then. What is usual is learned
// slowly, once in `learn_every`, so that a server that is overloaded for a while does not count as a slow
// one. The limit neither grows nor shrinks while less than half of it is used: nothing is learned about a
// limit that nobody reaches. With `fixed` it is that number.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "resilience/wait_cause.hpp"

namespace weir::resilience {

struct ConcurrencyOptions {
  std::optional<unsigned> fixed;  // at least 1
  unsigned least = 20;
  unsigned most = 1000;
  unsigned first = 200;
  double tolerance = 1.5;
  base::Duration tolerable = std::chrono::milliseconds{2500};
  base::Duration unnoticed = std::chrono::milliseconds{100};
  unsigned long_window = 600;  // averages that make up what is usual
  double allowance = 0.8;      // how many more in each window
  base::Duration window = std::chrono::milliseconds{5};
  base::Duration learn_every = std::chrono::milliseconds{100};
  bool operator==(ConcurrencyOptions const&) const = default;
};

class ConcurrencyLimit {
 public:
  explicit ConcurrencyLimit(ConcurrencyOptions const& options) { set_options(options); }

  static constexpr unsigned kBatchLeast = 10;
  static constexpr base::Duration kBatchShortest = std::chrono::milliseconds{100};
  static constexpr base::Duration kBatchMost = std::chrono::seconds{1};
  static constexpr base::Duration kTryFirst = std::chrono::seconds{5};  // … then 10, and so on
  static constexpr base::Duration kTryLast = std::chrono::seconds{80};

  // What has been learned stays.
  void set_options(ConcurrencyOptions const& options);

  unsigned limit() const noexcept;
  base::Duration tolerable() const noexcept { return options_.tolerable; }
  bool fixed() const noexcept { return options_.fixed.has_value(); }

  // A call was answered after `took`, waits for its client excepted; `in_flight` counts it.
  void answered(base::Duration took, unsigned in_flight, base::TimePoint now);
  // A call had no answer when its time was over, after `waited`.
  void dropped(base::Duration waited, unsigned in_flight, base::TimePoint now);
  // A call ended in another way, which tells nothing of the time that answers take.
  void ended(unsigned in_flight, base::TimePoint now);

 private:
  struct Batch {
    double sum = 0;  // of the answers' seconds
    unsigned answered = 0, ended = 0;
    base::TimePoint begun{};
  };
  void look_for_the_cause(std::optional<base::Duration> took, unsigned in_flight, base::TimePoint now);
  void close_window(base::TimePoint now);
  void learn(double mean, base::TimePoint now);
  struct Rates {
    double low, high;  // answers a second, of two batches
  };
  struct Trial {
    double limit, rate, seconds;  // before: places, answers a second, and what one took
    base::TimePoint settles;      // what was let in before has drained
  };
  bool cut(base::TimePoint now);
  std::optional<double> less_for(Rates const& rates, base::TimePoint now);
  void cut_to(double limit, base::TimePoint now);
  void judge(Trial const& trial, double rate, base::TimePoint now);
  std::optional<Rates> rates_of_two(base::TimePoint now) noexcept;
  void grow(double mean, base::TimePoint now);

  ConcurrencyOptions options_;
  double limit_ = 0;
  double usual_ = 0;  // seconds
  unsigned learned_ = 0;
  base::TimePoint learn_at_{};
  base::TimePoint window_begun_{}, window_end_{};
  double sum_ = 0;
  std::uint64_t samples_ = 0;
  Batch batch_;
  double rate_before_ = 0;      // of the batch before; 0: none
  std::optional<Trial> trial_;  // of fewer places, as long as it is on
  base::Duration trial_again_ = kTryFirst;
  base::TimePoint trial_at_{};
  unsigned drops_ = 0;  // of calls that began after the last cut
  base::TimePoint cut_at_{};
  double cut_from_ = 0;  // grows back there quickly
  unsigned in_flight_most_ = 0;
  bool late_ = false;       // answers are, as far as was seen last
  bool held_down_ = false;  // by long answers, although all of it is used
  WaitCause cause_;
  base::Duration try_again_ = kTryFirst;
  base::TimePoint try_at_{};
  std::optional<double> tried_from_;  // the limit before more was tried, as long as it is
  base::TimePoint try_until_{};
};

}  // namespace weir::resilience
