// TaskGroup: owns running coroutines. When the group dies they are cancelled; none outlives it.
//
// One thread. spawn() runs the task until it first suspends, within the call. A task may not destroy its own
// group.
#pragma once

#include <cstddef>

#include "base/intrusive_list.hpp"
#include "base/sync.hpp"
#include "base/task.hpp"

namespace weir::base {

class TaskGroup {
 public:
  explicit TaskGroup(Scheduler& scheduler) noexcept : idle_(scheduler) { idle_.set(); }
  ~TaskGroup() { cancel(); }

  void spawn(Task<void> task);
  std::size_t size() const noexcept { return size_; }
  void cancel() noexcept;  // destroys every task; afterwards the group is empty and usable
  auto idle() noexcept { return idle_.wait(); }  // co_await: until no task is left

 private:
  struct Root;
  struct RootPromise : ListHook {
    TaskGroup* group;
    RootPromise(TaskGroup& owner, Task<void>&) noexcept : group(&owner) {}
    ~RootPromise() { group->left(); }
    Root get_return_object() noexcept;
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept {
      assertion_failed("no exception leaves a task", __FILE__, __LINE__);
    }
    static void* operator new(std::size_t bytes) { return frame_allocate(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept { frame_release(frame, bytes); }
  };
  struct Root {
    using promise_type = RootPromise;
    std::coroutine_handle<RootPromise> handle;
  };

  static Root run(TaskGroup& group, Task<void> task);
  void left() noexcept {
    if (--size_ == 0) idle_.set();
  }

  IntrusiveList<RootPromise> running_;
  std::size_t size_ = 0;
  Event idle_;
};

}  // namespace weir::base
