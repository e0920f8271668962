#include "base/clock.hpp"

namespace weir::base {

TimePoint SystemClock::now() const noexcept { return std::chrono::steady_clock::now(); }

WallTime SystemClock::wall() const noexcept {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace weir::base
