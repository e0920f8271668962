#include "session/reaper_loop.hpp"

namespace weir::session {

base::Task<void> ReaperLoop::run() {
  for (;;) {
    std::size_t const ended = sessions_.expire(scheduler_.now(), kBatchMax);
    co_await scheduler_.sleep_for(ended == kBatchMax ? base::Duration::zero() : kPeriod);
  }
}

}  // namespace weir::session
