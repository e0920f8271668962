// Time as a dependency. Brains take a TimePoint argument; only clock.cpp and the loop ask the operating
// system.
//
// TimePoint is monotonic. Wall time is needed for logs and token expiry only.
//
// Time stands still while one coroutine runs until it waits again, as it does in a virtual world: a loop says
// where such a step begins, and the clock is read once in it, however many ask. A step is microseconds long;
// what has to be measured to the microsecond asks `exact()`.
#pragma once

#include <chrono>
#include <cstdint>

namespace weir::base {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const noexcept = 0;
  virtual WallTime wall() const noexcept = 0;
  virtual TimePoint exact() const noexcept { return now(); }  // also within a step

  // By the loop of this thread: time may move, and stands still until the next step begins or steps end.
  virtual void begin_step() const noexcept {}
  virtual void end_steps() const noexcept {}
};

// Outside of steps, as on threads without a loop, every question is a fresh look.
class SystemClock final : public Clock {
 public:
  TimePoint now() const noexcept override;
  WallTime wall() const noexcept override;
  TimePoint exact() const noexcept override;
  void begin_step() const noexcept override;
  void end_steps() const noexcept override;
};

// Moves only when told to. Starts at an arbitrary point well above zero.
class VirtualClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return now_; }
  WallTime wall() const noexcept override {
    return WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch())};
  }
  void advance(Duration by) noexcept { now_ += by; }
  void set(TimePoint to) noexcept { now_ = to; }

 private:
  TimePoint now_{std::chrono::hours{1000}};
};

}  // namespace weir::base
