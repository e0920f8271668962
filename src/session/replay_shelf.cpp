#include "session/replay_shelf.hpp"

#include "session/outbox.hpp"

namespace weir::session {

StreamLimits ReplayShelf::limits() const {
  std::lock_guard const lock(mutex_);
  return limits_;
}

void ReplayShelf::set_limits(StreamLimits const& limits) {
  std::lock_guard const lock(mutex_);
  limits_ = limits;
}

void ReplayShelf::remind(base::TimePoint due, std::weak_ptr<Outbox> who) {
  std::lock_guard const lock(mutex_);
  queue_.emplace_back(due, std::move(who));
}

std::size_t ReplayShelf::forget(base::TimePoint now, std::size_t batch_max) {
  for (std::size_t i = 0; i < batch_max; ++i) {
    std::shared_ptr<Outbox> who;
    {
      std::lock_guard const lock(mutex_);
      if (queue_.empty() || queue_.front().first > now) return i;
      who = queue_.front().second.lock();
      queue_.pop_front();
    }
    if (who) who->forget(now);
  }
  return batch_max;
}

}  // namespace weir::session
