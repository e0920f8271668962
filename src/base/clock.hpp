// Time as a dependency. Brains take a TimePoint argument; only clock.cpp and the loop ask the operating
// system.
//
// TimePoint is monotonic. Wall time is needed for logs and token expiry only.
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
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const noexcept override;
  WallTime wall() const noexcept override;
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
