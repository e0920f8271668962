// Task<T>: a coroutine that is started by awaiting it and cancelled by destroying it.
//
// Lazy, single owner, single thread. `co_await task` runs the child until it first suspends; a child that
// never suspends costs no stack and no trip through the scheduler. Destroying a Task that is suspended
// destroys its frame and everything it owns, innermost first: that *is* cancellation (nobody wants the
// answer). Whatever is taken before a co_await must therefore be an object whose destructor gives it back. A
// running coroutine must never destroy itself: cancel from another task, or let TaskGroup do it. An exception
// that leaves a coroutine is a bug and ends the process: failures are Result values. g++ 12: never write an
// aggregate temporary inside a co_await expression; parameters by value or outliving the task.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "base/frame_pool.hpp"

namespace weir::base {

template <class T>
class Task;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> continuation;  // null until the awaiting coroutine has really suspended
  bool started = false;                  // by start()

  static void* operator new(std::size_t bytes) { return frame_allocate(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { frame_release(frame, bytes); }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      auto const next = self.promise().continuation;
      return next ? next : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept {
    assertion_failed("no exception leaves a coroutine", __FILE__, __LINE__);
  }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    Task(std::move(other)).swap(*this);
    return *this;
  }
  Task(Task const&) = delete;
  Task& operator=(Task const&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }
  void swap(Task& other) noexcept { std::swap(handle_, other.handle_); }
  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

  // For combinators (TaskGroup, first_of): run until the first suspension, then ask whether it is done.
  void start() {
    handle_.promise().started = true;
    handle_.resume();
  }
  bool started() const noexcept { return handle_.promise().started; }
  bool done() const noexcept { return handle_.done(); }
  void on_done(std::coroutine_handle<> next) noexcept { handle_.promise().continuation = next; }
  T take() { return handle_.promise().take(); }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Handle child;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> parent) const {
        child.resume();
        if (child.done()) return false;
        child.promise().continuation = parent;
        return true;
      }
      T await_resume() const { return child.promise().take(); }
    };
    return Awaiter{handle_};
  }

 private:
  Handle handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace detail

}  // namespace weir::base
