#include "oauth/token_reaper_loop.hpp"

namespace weir::oauth {

base::Task<void> TokenReaperLoop::run() {
  for (;;) {
    bool const more = cache_.expire(scheduler_.now(), kBatchMax) == kBatchMax;
    co_await scheduler_.sleep_for(more ? base::Duration::zero() : kPeriod);
  }
}

}  // namespace weir::oauth
