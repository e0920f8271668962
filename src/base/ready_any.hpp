// ready_any: wait until one of several events is set, but no longer than a deadline. No coroutine frame.
//
//   co_await ready_any(scheduler, until, std::array{&first, &second});
//
// Null events are passed over. Look at the events afterwards: more than one may be set, or none when the time
// was over. One thread.
#pragma once

#include <array>

#include "base/scheduler.hpp"
#include "base/sync.hpp"

namespace weir::base {

template <std::size_t N>
class ReadyAny {
 public:
  ReadyAny(Scheduler& scheduler, TimePoint deadline, std::array<Event*, N> const& events) noexcept
      : scheduler_(scheduler), deadline_(deadline), events_(events) {}

  bool await_ready() const noexcept {
    for (Event const* const event : events_)
      if (event != nullptr && event->is_set()) return true;
    return false;
  }
  void await_suspend(std::coroutine_handle<> self) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      if (events_[i] == nullptr) continue;
      woken_[i].handle = self;
      events_[i]->enlist(woken_[i]);
    }
    if (deadline_ == TimePoint::max()) return;
    timer_.waiter.handle = self;
    scheduler_.arm(timer_, deadline_);
  }
  void await_resume() const noexcept {}

 private:
  Scheduler& scheduler_;
  TimePoint deadline_;
  std::array<Event*, N> events_;
  std::array<Waiter, N> woken_;  // whoever is not first is unlinked when this dies, before anything runs
  Timer timer_;
};

template <std::size_t N>
ReadyAny<N> ready_any(Scheduler& scheduler, TimePoint deadline,
                      std::array<Event*, N> const& events) noexcept {
  return ReadyAny<N>(scheduler, deadline, events);
}

}  // namespace weir::base
