#include "limits/entrance.hpp"

namespace weir::limits {

base::Task<void> EntranceLoop::run() {
  auto before = scheduler_.now();
  double used_before = cpu_();
  for (;;) {
    co_await scheduler_.sleep_for(kPeriod);
    auto const now = scheduler_.now();
    while (entrance_.idempotency.expire(now, kBatchMax) == kBatchMax) {
    }
    if (!entrance_.overload.configured()) continue;  // the processor is not asked for nothing
    double const used = cpu_();
    double const seconds = std::chrono::duration<double>(now - before).count() * processors_;
    double const share = seconds > 0 ? (used - used_before) / seconds : 0;
    entrance_.overload.feed({share, entrance_.wait.take()});
    before = now;
    used_before = used;
  }
}

}  // namespace weir::limits
