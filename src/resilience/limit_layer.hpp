// LimitLayer: no more calls at one server than it can take; the rest wait a little or are refused (T-14,
// T-15).
//
// One per server, at its home, inside the breaker: a full house is nobody's failure. A call takes a place,
// waits for one in a bounded queue, or is told to come again. How many places there are is found out
// (ConcurrencyLimit) or configured; who waits is WaitQueue's to say. A place is an object: it comes back
// whatever ends the call. Waiting ends at the call's own deadline at the latest. Time that a call spends
// asking its client, or that its progress has bought, says nothing about the server: such calls are not
// measured, nor are failures, which come quicker than work does. Error: busy, blaming the gateway, always
// repeatable because nothing was sent. A call whose client is being asked leaves its place to another: people
// take their time, and the server does nothing meanwhile. So does one that has reported progress, unless the
// limit is a configured one: some hundred long streams would keep everybody else out. The same goes for up to
// kLostMost calls that the server seems to have lost: as many as may be there came later and were answered,
// and it takes longer than is tolerable. Else a server that forgets one call in twenty would be full of those
// that never come back.
//
// At 5 × capacity refusals come within 10 ms of the call but for one kind: who already waits when the crowd
// forms has waited up to 200 ms by then. One waiting call at a time, the newest, may be kept for 100 ms.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/scheduler.hpp"
#include "base/sync.hpp"
#include "core/call.hpp"
#include "observe/metrics.hpp"
#include "resilience/concurrency_limit.hpp"
#include "resilience/wait_queue.hpp"

namespace weir::resilience {

struct LimitOptions {
  ConcurrencyOptions concurrency;
  QueueOptions queue;
  bool operator==(LimitOptions const&) const = default;
};

struct LimitMeters {
  observe::Gauge queue_depth, concurrency_limit;
  observe::Histogram queue_wait;                 // of calls that had to wait, admitted or not
  observe::CounterSet calls_shed;                // by reason
  std::function<void(base::Duration)> saw_wait;  // of each call that had to wait; may be empty
};

class LimitLayer final : public core::Handler {
 public:
  LimitLayer(std::shared_ptr<core::Handler> inner, base::Scheduler& scheduler, std::string server,
             LimitOptions const& options, LimitMeters meters);

  ~LimitLayer() override;

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

  // A raised limit lets in who waits; a lowered one holds for newcomers.
  void set_options(LimitOptions const& options);

  unsigned limit() const noexcept { return limit_.limit(); }
  unsigned in_flight() const noexcept { return in_flight_; }
  std::size_t waiting() const noexcept { return queue_.size(); }
  base::Duration longest_wait() noexcept;  // of those who wait now

  // So many of those that the server seems to have forgotten take nobody's place.
  static constexpr unsigned kLostMost = 200;

 private:
  class Place;
  class Seat;

  base::Task<base::Result<void>> queue_up(core::Call const& call);  // success: in_flight_ has the call
  base::Error refusal(WaitQueue::Verdict verdict);
  bool has_place() noexcept;
  void give_back() noexcept;
  void fill_places() noexcept;
  void wake_settled() noexcept;
  struct Begun {
    base::TimePoint at, deadline;
    base::Duration elsewhere;
    bool lost;  // others have overtaken it
  };
  void measure(core::Call const& call, base::Result<core::Outcome> const& outcome, Begun const& begun);

  std::shared_ptr<core::Handler> inner_;
  base::Scheduler& scheduler_;
  std::string server_;
  LimitMeters meters_;
  ConcurrencyLimit limit_;
  WaitQueue queue_;
  unsigned in_flight_ = 0;
  std::uint64_t answered_ = 0;
  // Of them take nobody's place: they wait for their clients, report progress, or are lost. As of `counted_`,
  // looked at when all is taken.
  unsigned uncounted_ = 0;
  base::TimePoint counted_{};
  base::IntrusiveList<Place> places_;
};

}  // namespace weir::resilience
