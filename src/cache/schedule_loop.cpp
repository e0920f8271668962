#include "cache/schedule_loop.hpp"

#include <algorithm>

namespace weir::cache {

void ScheduleLoop::set(std::vector<ScheduledPurge> schedules) {
  std::vector<Entry> next;
  auto const wall = scheduler_.clock().wall();
  for (auto& purge : schedules) {
    auto const same = std::find_if(entries_.begin(), entries_.end(),
                                   [&](Entry const& entry) { return entry.purge == purge; });
    if (same != entries_.end()) {
      next.push_back(*same);
      continue;
    }
    auto schedule = CronSchedule::make(purge.cron, purge.timezone);
    if (schedule) next.push_back({std::move(purge), CronRunner(*schedule, wall, scheduler_.now())});
  }
  entries_ = std::move(next);
  task_.cancel();
  if (!entries_.empty() || turns_.waiting() > 0) task_.spawn(run());
}

void ScheduleLoop::act(ScheduledPurge const& purge) {
  if (purge.renew) return cache_.renew_soon(purge.what);
  auto buckets = buckets_(purge.what);
  if (purge.spread <= base::Duration::zero() || buckets.empty()) {
    return cache_.invalidate(purge.what, false, Cause::cron);
  }
  auto const now = scheduler_.now();
  for (auto& bucket : buckets) turns_.add(now, std::move(bucket), purge.spread);
}

base::Task<void> ScheduleLoop::run() {
  for (;;) {
    auto const now = scheduler_.now();
    auto const wall = scheduler_.clock().wall();
    base::Duration wait = CronRunner::kLookEvery;
    for (auto& entry : entries_) {
      if (entry.runner.due(wall, now)) act(entry.purge);
      wait = std::min(wait, entry.runner.wait(wall));
    }
    for (auto const& bucket : turns_.take_due(now)) {
      cache_.invalidate({bucket.server, bucket.operation, "", ""}, false, Cause::cron);
    }
    auto until = now + std::max<base::Duration>(wait, std::chrono::milliseconds{1});
    if (auto const turn = turns_.next()) until = std::min(until, *turn);
    co_await scheduler_.sleep_until(until);
  }
}

}  // namespace weir::cache
