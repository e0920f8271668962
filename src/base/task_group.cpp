#include "base/task_group.hpp"

namespace weir::base {

TaskGroup::Root TaskGroup::RootPromise::get_return_object() noexcept {
  return Root{std::coroutine_handle<RootPromise>::from_promise(*this)};
}

TaskGroup::Root TaskGroup::run(TaskGroup&, Task<void> task) { co_await std::move(task); }

void TaskGroup::spawn(Task<void> task) {
  idle_.reset();
  ++size_;
  auto const handle = run(*this, std::move(task)).handle;
  running_.push_back(handle.promise());
  handle.resume();
}

void TaskGroup::cancel() noexcept {
  while (RootPromise* const promise = running_.pop_front()) {
    std::coroutine_handle<RootPromise>::from_promise(*promise).destroy();
  }
}

}  // namespace weir::base
