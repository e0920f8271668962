// ReplayShelf: what the outboxes of all sessions share: their limits, what they hold, who forgets next.
//
// One per process, shared by the sessions; any thread. Outboxes that hold events stand in a queue by the time
// at which their oldest grows too old, each at most once: nothing walks through all sessions.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "observe/metrics.hpp"

namespace weir::session {

class Outbox;

struct StreamLimits {
  std::size_t replay_bytes = 1024 * 1024;  // kept for a session's clients that come back; 0: nothing is
  base::Duration replay_age = std::chrono::minutes{5};
  std::size_t buffer_bytes = 256 * 1024;  // may wait for one slow reader
};

class ReplayShelf {
 public:
  explicit ReplayShelf(observe::Gauge held) noexcept : held_(held) {}

  StreamLimits limits() const;
  void set_limits(StreamLimits const& limits);  // for what comes from now on
  void held(std::ptrdiff_t bytes) { held_.add(static_cast<double>(bytes)); }

  void remind(base::TimePoint due, std::weak_ptr<Outbox> who);
  std::size_t forget(base::TimePoint now, std::size_t batch_max);  // how many outboxes were looked at

 private:
  mutable std::mutex mutex_;
  StreamLimits limits_;
  std::deque<std::pair<base::TimePoint, std::weak_ptr<Outbox>>> queue_;
  observe::Gauge held_;
};

}  // namespace weir::session
