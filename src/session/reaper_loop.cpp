#include "session/reaper_loop.hpp"

namespace weir::session {

base::Task<void> ReaperLoop::run() {
  for (base::TimePoint swept = scheduler_.now();;) {
    base::TimePoint const now = scheduler_.now();
    bool more = sessions_.expire(now, kBatchMax) == kBatchMax;
    if (now - swept >= sweep_) {
      bool const rest = sessions_.forget_replays(now, kBatchMax) == kBatchMax;
      if (!rest) swept = now;
      more = more || rest;
    }
    co_await scheduler_.sleep_for(more ? base::Duration::zero() : kPeriod);
  }
}

}  // namespace weir::session
