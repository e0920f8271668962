// Scheduler: where suspended coroutines of one thread become runnable again, and where their deadlines live.
//
// One per worker thread (net/io_loop) or per virtual world (base/virtual_loop). Everything but post() is for
// the owning thread. Waking is never inline: make_ready() queues, the loop resumes; so whoever wakes another
// is never destroyed by it. A Waiter that dies before it runs is simply not run.
#pragma once

#include <coroutine>
#include <functional>

#include "base/clock.hpp"
#include "base/intrusive_list.hpp"
#include "base/timer_wheel.hpp"

namespace weir::base {

// One suspended coroutine, linked into whatever it waits for, then into the ready queue.
class Waiter : public ListHook {
 public:
  std::coroutine_handle<> handle;
};

class Timer : public TimerNode {  // on expiry its waiter becomes ready and `fired` is true
 public:
  Waiter waiter;
  bool fired = false;
};

class Scheduler {
 public:
  explicit Scheduler(Clock const& clock) : clock_(clock), wheel_(clock.now()) {}
  virtual ~Scheduler() = default;
  Scheduler(Scheduler const&) = delete;
  Scheduler& operator=(Scheduler const&) = delete;

  Clock const& clock() const noexcept { return clock_; }
  TimePoint now() const noexcept { return clock_.now(); }

  void make_ready(Waiter& waiter) noexcept {
    bool const was_idle = ready_.empty();
    ready_.push_back(waiter);
    if (was_idle) wake();
  }

  // Arms `timer`; dropping it (destructor or unlink) disarms it.
  void arm(Timer& timer, TimePoint due) noexcept {
    timer.fired = false;
    wheel_.insert(timer, due);
    if (due < earliest_) {
      earliest_ = due;
      wake_by(due);
    }
  }

  // From any thread: run `work` on this thread soon. Never refused: callers bound what they have outstanding.
  virtual void post(std::function<void()> work) = 0;

  // co_await sleep_until(t): resumes at or after t.
  auto sleep_until(TimePoint due) noexcept {
    struct Awaiter {
      Scheduler& scheduler;
      TimePoint due;
      Timer timer;
      Awaiter(Scheduler& s, TimePoint d) noexcept : scheduler(s), due(d) {}
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> self) noexcept {
        timer.waiter.handle = self;
        scheduler.arm(timer, due);
      }
      void await_resume() const noexcept {}
    };
    return Awaiter(*this, due);
  }
  auto sleep_for(Duration by) noexcept { return sleep_until(now() + by); }

  // co_await before_sending(bytes): resumes when nobody else is ready to go on. What a turn has to send goes
  // out in a row then, and peers are woken once for all of it instead of between any two: waking is the
  // dearest part of sending. Whoever is alone does not wait, nor whoever has much to send, which would fall
  // out of the processor's cache meanwhile. Nobody waits for more than 32 others, or for long ones.
  auto before_sending(std::size_t bytes) noexcept {
    struct Awaiter {
      Scheduler& scheduler;
      std::size_t bytes;
      Waiter waiter;
      Awaiter(Scheduler& s, std::size_t b) noexcept : scheduler(s), bytes(b) {}
      bool await_ready() const noexcept {
        bool const alone = scheduler.ready_.empty() && scheduler.sending_.empty();
        return alone || scheduler.held_bytes_ + bytes > kHeldBytesMax;
      }
      void await_suspend(std::coroutine_handle<> self) noexcept {
        waiter.handle = self;
        if (scheduler.held_++ == 0) scheduler.held_since_ = scheduler.now();
        scheduler.held_bytes_ += bytes;
        scheduler.sending_.push_back(waiter);
      }
      void await_resume() const noexcept {}
    };
    return Awaiter(*this, bytes);
  }

 protected:
  virtual void wake() noexcept = 0;  // the ready queue became non-empty: call run_ready() soon
  virtual void wake_by(TimePoint due) noexcept = 0;  // call run_timers() at `due`, or earlier

  void run_ready() {
    do {
      while (may_hold() && resume_one(ready_)) {
      }
      while (resume_one(sending_)) {
      }
      held_ = held_bytes_ = 0;
    } while (!ready_.empty());
    clock_.end_steps();
  }
  // Fires what is due; returns when to come again.
  std::optional<TimePoint> run_timers() {
    wheel_.advance(clock_.now(), [this](TimerNode& node) {
      auto& timer = static_cast<Timer&>(node);
      timer.fired = true;
      if (timer.waiter.handle) make_ready(timer.waiter);
    });
    auto const next = wheel_.next_due();
    earliest_ = next.value_or(TimePoint::max());
    return next;
  }
  bool has_ready() const noexcept { return !ready_.empty() || !sending_.empty(); }

 private:
  static constexpr std::size_t kHeldMax = 32;  // usually some 0.1 ms
  static constexpr std::size_t kHeldBytesMax = 128 * 1024;
  static constexpr Duration kHeldFor = std::chrono::microseconds{200};

  // The time is that of the last step, so that looking costs nothing: what was long is seen one step later.
  bool may_hold() const noexcept {
    return held_ == 0 || (held_ < kHeldMax && clock_.now() - held_since_ < kHeldFor);
  }

  bool resume_one(IntrusiveList<Waiter>& waiting) {
    Waiter* const waiter = waiting.pop_front();
    if (waiter == nullptr) return false;
    clock_.begin_step();
    waiter->handle.resume();
    return true;
  }

  Clock const& clock_;
  TimerWheel wheel_;
  TimePoint earliest_ = TimePoint::max();
  IntrusiveList<Waiter> ready_;
  IntrusiveList<Waiter> sending_;  // before_sending()
  std::size_t held_ = 0;           // of this turn
  std::size_t held_bytes_ = 0;
  TimePoint held_since_;
};

}  // namespace weir::base
