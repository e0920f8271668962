// VirtualLoop: a Scheduler whose time moves only when a test says so. No thread, no kernel, no waiting.
//
// advance() walks from deadline to deadline in order and runs everything that becomes ready, so a virtual
// hour of timers passes in microseconds and always in the same order.
#pragma once

#include <deque>

#include "base/scheduler.hpp"

namespace weir::base {

namespace detail {
class LoopClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return time_.now(); }
  WallTime wall() const noexcept override { return time_.wall() + stepped_; }
  void set(TimePoint to) noexcept { time_.set(to); }
  void step_wall(std::chrono::milliseconds by) noexcept { stepped_ += by; }

 private:
  VirtualClock time_;
  std::chrono::milliseconds stepped_{};
};

struct OwnedVirtualClock {  // a base class, so that it is built before the Scheduler that borrows it
  LoopClock virtual_clock;
};
}  // namespace detail

class VirtualLoop final : private detail::OwnedVirtualClock, public Scheduler {
 public:
  VirtualLoop() : Scheduler(virtual_clock) {}

  void post(std::function<void()> work) override { posted_.push_back(std::move(work)); }

  // Somebody sets the machine's clock: dates change, durations do not.
  void step_wall(std::chrono::milliseconds by) noexcept { virtual_clock.step_wall(by); }

  void run() {  // until nothing is ready at this instant
    for (;;) {
      run_ready();
      if (posted_.empty()) return;
      auto const work = std::move(posted_.front());
      posted_.pop_front();
      work();
    }
  }

  void advance(Duration by) {
    TimePoint const end = virtual_clock.now() + by;
    for (;;) {
      run();
      auto const next = run_timers();
      if (has_ready()) continue;
      if (!next || *next > end) break;
      virtual_clock.set(*next);
    }
    virtual_clock.set(end);
    run_timers();
    run();
  }

 protected:
  void wake() noexcept override {}
  void wake_by(TimePoint) noexcept override {}

 private:
  std::deque<std::function<void()>> posted_;
};

}  // namespace weir::base
