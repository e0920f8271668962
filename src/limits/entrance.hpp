// Entrance: what decides, for the whole process, whether a call may come in now.
//
// One per process; any thread. EntranceLoop, on one worker, feeds it with how busy the process is, ten times
// a second, and lets go of what is over; at most kBatchMax at a time.
#pragma once

#include <atomic>
#include <functional>

#include "base/task_group.hpp"
#include "limits/idempotency.hpp"
#include "limits/overload.hpp"
#include "limits/rate_limits.hpp"

namespace weir::limits {

// The longest that a call waited for a place at any server since it was last taken.
class LongestWait {
 public:
  void saw(base::Duration wait) noexcept {
    auto const now = wait.count();
    auto most = most_.load(std::memory_order_relaxed);
    while (most < now && !most_.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
    }
  }
  base::Duration take() noexcept { return base::Duration(most_.exchange(0, std::memory_order_relaxed)); }

 private:
  std::atomic<base::Duration::rep> most_{0};
};

struct Entrance {
  Entrance(config::RateLimits const& limits, config::Shedding const& shedding, std::uint64_t seed,
           observe::GatewayMetrics const& metrics)
      : rates(limits, seed), overload(shedding), idempotency({}, seed + 1, metrics) {}

  RateTable rates;
  Overload overload;
  IdempotencyTable idempotency;
  LongestWait wait;
};

class EntranceLoop {
 public:
  static constexpr base::Duration kPeriod = std::chrono::milliseconds{100};
  static constexpr std::size_t kBatchMax = 256;

  // `cpu`: seconds of processor time that the process has used; `processors`: as many as it may use.
  EntranceLoop(base::Scheduler& scheduler, Entrance& entrance, std::function<double()> cpu,
               unsigned processors)
      : scheduler_(scheduler),
        entrance_(entrance),
        cpu_(std::move(cpu)),
        processors_(processors),
        task_(scheduler) {}
  void start() {  // idempotent
    if (task_.size() == 0) task_.spawn(run());
  }
  void set_settings(config::RateLimits const& limits, config::Shedding const& shedding) {  // a reload
    entrance_.rates.set_limits(limits);
    entrance_.overload.set_settings(shedding);
  }

 private:
  base::Task<void> run();
  base::Scheduler& scheduler_;
  Entrance& entrance_;
  std::function<double()> const cpu_;
  unsigned const processors_;
  base::TaskGroup task_;
};

}  // namespace weir::limits
