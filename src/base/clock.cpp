#include "base/clock.hpp"

namespace weir::base {
namespace {

// What this thread's step has seen of time. All SystemClocks of a thread are one.
struct Step {
  bool running = false;
  bool has_now = false;
  bool has_wall = false;
  TimePoint now{};
  WallTime wall{};
};

constinit thread_local Step step;

WallTime wall_time() noexcept {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

TimePoint SystemClock::now() const noexcept {
  if (step.has_now) return step.now;
  TimePoint const now = exact();
  if (step.running) {
    step.now = now;
    step.has_now = true;
  }
  return now;
}

WallTime SystemClock::wall() const noexcept {
  if (step.has_wall) return step.wall;
  WallTime const wall = wall_time();
  if (step.running) {
    step.wall = wall;
    step.has_wall = true;
  }
  return wall;
}

TimePoint SystemClock::exact() const noexcept { return std::chrono::steady_clock::now(); }

void SystemClock::begin_step() const noexcept {
  step.running = true;
  step.has_now = step.has_wall = false;
}

void SystemClock::end_steps() const noexcept { step.running = step.has_now = step.has_wall = false; }

}  // namespace weir::base
