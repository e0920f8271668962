// ready_until: wait for an event, but no longer than a deadline. No coroutine frame.
//
//   bool in_time = co_await ready_until(scheduler, event, deadline);
#pragma once

#include "base/scheduler.hpp"
#include "base/sync.hpp"

namespace weir::base {

class ReadyUntil {
 public:
  ReadyUntil(Scheduler& scheduler, Event& event, TimePoint deadline) noexcept
      : scheduler_(scheduler), event_(event), deadline_(deadline) {}

  bool await_ready() const noexcept { return event_.is_set(); }
  void await_suspend(std::coroutine_handle<> self) noexcept {
    woken_.handle = self;
    event_.enlist(woken_);
    if (deadline_ != TimePoint::max()) {
      timer_.waiter.handle = self;
      scheduler_.arm(timer_, deadline_);
    }
  }
  bool await_resume() const noexcept { return event_.is_set() || !timer_.fired; }

 private:
  Scheduler& scheduler_;
  Event& event_;
  TimePoint deadline_;
  Waiter woken_;
  Timer timer_;
};

inline ReadyUntil ready_until(Scheduler& scheduler, Event& event, TimePoint deadline) noexcept {
  return ReadyUntil(scheduler, event, deadline);
}

}  // namespace weir::base
