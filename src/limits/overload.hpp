// Overload: which calls are let go when the whole process has too much to do.
//
// One per process. feed() is called every 100 ms by one thread, with the share of its processors that the
// process uses and the longest that a call waits for a place at any server now; refuses() by any thread, at
// the price of one atomic addition. Off unless a threshold is configured.
//
// Three readings in a row above a threshold, and it sheds: all of the last priority of `order` at once, of
// the next one a share that grows by a tenth with each further reading, to nineteen twentieths: what is left
// shows whether it got better. Readings below four fifths of all thresholds give back a twentieth each;
// between the two nothing changes. Control is never let go.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "config/degradation_settings.hpp"
#include "core/standing.hpp"

namespace weir::limits {

struct LoadReading {
  double cpu = 0;  // share of the process's processors, 0…1
  base::Duration queue_wait{};
};

class Overload {
 public:
  explicit Overload(config::Shedding const& settings) { set_settings(settings); }

  // By the thread that feeds. What was shed is let in again.
  void set_settings(config::Shedding const& settings);

  void feed(LoadReading const& reading);

  // Whether this call is one to let go. Spread evenly over the calls of its kind.
  bool refuses(core::Standing standing) noexcept;

  unsigned percent_of(core::Standing standing) const noexcept;
  bool configured() const noexcept { return settings_.cpu.has_value() || settings_.queue_wait.has_value(); }

 private:
  static constexpr unsigned kLastPriority = 100;  // steps up to here let the last priority go whole
  static constexpr unsigned kMost = 195;          // … beyond it a share of the next
  struct Share {
    std::atomic<unsigned> percent{0};
    std::atomic<std::uint32_t> asked{0};
  };

  Share& share_of(core::Standing standing) noexcept { return shares_[static_cast<std::size_t>(standing)]; }
  void apply();

  config::Shedding settings_;
  std::array<Share, 3> shares_;
  unsigned above_ = 0;  // readings in a row
  unsigned level_ = 0;  // 0: nothing is shed; kLastPriority; … kMost
};

}  // namespace weir::limits
