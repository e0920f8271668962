// ConcurrencyLimit: how many calls one server may have at once, found out from how long it takes to answer.
//
// One per server, at its home; one thread; time is passed in. After Netflix's Gradient2: a server whose
// answers take more than `tolerance` times as long as usual has a queue of its own, and more calls do not
// help it. By Little's law a call that comes now will take as long as those that are there need at the rate
// at which answers come (CallRates, the higher of two batches): a stall that passes is no alarm, nor is one
// slow tool among quick ones.
//
// Where that time is more than `tolerable`, calls are about to miss their deadlines, and the limit is cut to
// as many as are answered in it. Where it is more than usual and than `unnoticed`, and calls are refused,
// fewer are tried, a step at a time. They are kept if as many answers come and no more calls are refused:
// then the callers get the same, sooner. If fewer answers come, they were late for another reason (a network,
// a machine that is busy with others); if more are refused, those are callers who would have waited, and
// come again and again instead. Then the limit is as before, and the time that answers take is what is usual
// now. Where it was cut for good, more are tried now and then, and kept if more are answered or fewer refused
// for it. A limit that only ever shrinks on long answers strangles a
// server that could serve everybody.
//
// Calls that have no answer when their time is over cut it by half where they are more than a few among
// those that are answered: servers lose one now and then.
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
#include "resilience/call_rates.hpp"
#include "resilience/limit_trial.hpp"

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
  void ended() noexcept { rates_.ended(); }
  // A call was not let in.
  void refused() noexcept { rates_.refused(); }

 private:
  void close_window(base::TimePoint now);
  void learn(double mean, base::TimePoint now);
  bool cut(base::TimePoint now);
  bool reached() const noexcept;
  bool on_trial() const noexcept;
  bool cut_for_drops(base::TimePoint now);
  struct Less {
    LimitTrial::Kind kind;
    double limit;
  };
  std::optional<Less> less_for(CallRates::OfTwo const& rates, base::TimePoint now);
  void cut_to(double limit, base::TimePoint now);
  void begin_trial(LimitTrial::Kind kind, CallRates::OfTwo const& rates);
  void settle(base::TimePoint now);
  void try_more(CallRates::OfTwo const& rates, base::TimePoint now);
  void judge(LimitTrial const& trial, CallRates::OfTwo const& rates, base::TimePoint now);
  void give_up_more(LimitTrial const& trial, base::TimePoint now);
  void grow(double mean, base::TimePoint now);

  ConcurrencyOptions options_;
  double limit_ = 0;
  double usual_ = 0;  // seconds
  unsigned learned_ = 0;
  base::TimePoint learn_at_{};
  base::TimePoint window_begun_{}, window_end_{};
  double sum_ = 0;
  std::uint64_t samples_ = 0;
  CallRates rates_;
  std::optional<CallRates::OfTwo> last_;
  base::TimePoint settles_{};        // what was let in before the trial has drained by then
  base::TimePoint drained_at_{};     // what was let in before the last cut
  std::optional<LimitTrial> trial_;  // as long as it is on
  base::Duration fewer_again_ = kTryFirst, more_again_ = kTryFirst;
  base::TimePoint fewer_at_{}, more_at_{};
  double answers_ = 0, drops_ = 0;  // of late, the drops those of calls that began after the last cut
  base::TimePoint answered_at_{};
  base::TimePoint cut_at_{};
  double cut_from_ = 0;  // grows back there quickly
  unsigned in_flight_most_ = 0;
  bool late_ = false;  // answers are, as far as was seen last
};

}  // namespace weir::resilience
