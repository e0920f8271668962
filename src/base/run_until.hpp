// run_until: run a task, but no longer than a deadline or until an event says that nobody wants the answer.
//
//   Task<T> work = ...;
//   switch (co_await run_until(scheduler, work, deadline, &hangup)) { ... }
//
// Returns why it ended. Only after `done` may the task's value be taken; otherwise drop the task, which
// cancels it, or run_until() it again: it goes on where it was. Costs no coroutine frame. `stop` may be null;
// a deadline of TimePoint::max() means none.
#pragma once

#include "base/scheduler.hpp"
#include "base/sync.hpp"
#include "base/task.hpp"

namespace weir::base {

enum class Ended { done, deadline, stopped };

template <class T>
class RunUntil {
 public:
  RunUntil(Scheduler& scheduler, Task<T>& task, TimePoint deadline, Event* stop) noexcept
      : scheduler_(scheduler), task_(task), deadline_(deadline), stop_(stop) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> self) {
    if (stop_ != nullptr && stop_->is_set()) return false;
    if (!task_.started()) task_.start();
    if (task_.done()) return false;
    if (stop_ != nullptr && stop_->is_set()) return false;  // by the task itself
    task_.on_done(self);
    if (deadline_ != TimePoint::max()) {
      timer_.waiter.handle = self;
      scheduler_.arm(timer_, deadline_);
    }
    if (stop_ != nullptr) {
      stopped_.handle = self;
      stop_->enlist(stopped_);
    }
    return true;
  }
  Ended await_resume() noexcept {
    if (task_.done()) return Ended::done;
    task_.on_done({});
    return timer_.fired ? Ended::deadline : Ended::stopped;
  }

 private:
  Scheduler& scheduler_;
  Task<T>& task_;
  TimePoint deadline_;
  Event* stop_;
  Timer timer_;
  Waiter stopped_;
};

template <class T>
RunUntil<T> run_until(Scheduler& scheduler, Task<T>& task, TimePoint deadline,
                      Event* stop = nullptr) noexcept {
  return RunUntil<T>(scheduler, task, deadline, stop);
}

}  // namespace weir::base
