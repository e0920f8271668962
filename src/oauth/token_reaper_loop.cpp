#include "oauth/token_reaper_loop.hpp"

namespace weir::oauth {

base::Task<void> TokenReaperLoop::run() {
  auto before = cache_.stats();
  for (;;) {
    bool const more = cache_.expire(scheduler_.now(), kBatchMax) == kBatchMax;
    if (report_ && !more) {
      auto const now = cache_.stats();
      Swept const round{now.expired - before.expired, now.evicted() - before.evicted(), now.entries};
      before = now;
      if (round.expired != 0 || round.evicted != 0) report_(round);
    }
    co_await scheduler_.sleep_for(more ? base::Duration::zero() : kPeriod);
  }
}

}  // namespace weir::oauth
