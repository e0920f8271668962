// ScheduleLoop: invalidates, or has renewed, what schedules say, when they say it (R-084, F-42).
//
// One per process, on the first worker; all members are its thread's. Clocks may be set: CronRunner decides
// what is due. What is due at once for many goes in turns (PurgeTurns); copies stay good as stale ones, for a
// server that is down at that hour. Stops when it is destroyed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "cache/cron_schedule.hpp"
#include "cache/purge_turns.hpp"
#include "cache/response_cache.hpp"

namespace weir::cache {

struct ScheduledPurge {
  std::string cron;
  std::string timezone = "UTC";
  store::Selection what;
  bool renew = false;  // at the next use, instead of invalidating
  base::Duration spread = std::chrono::minutes{5};
  friend bool operator==(ScheduledPurge const&, ScheduledPurge const&) = default;
};

class ScheduleLoop {
 public:
  // The operations, by server, that a selection is of: each has a turn of its own.
  using Buckets = std::function<std::vector<PurgeBucket>(store::Selection const&)>;

  ScheduleLoop(base::Scheduler& scheduler, ResponseCache& cache, Buckets buckets)
      : scheduler_(scheduler), cache_(cache), buckets_(std::move(buckets)), task_(scheduler) {}

  void set(std::vector<ScheduledPurge> schedules);  // in effect at once; those that stay keep their runs
  std::size_t waiting() const noexcept { return turns_.waiting(); }

 private:
  struct Entry {
    ScheduledPurge purge;
    CronRunner runner;
  };
  base::Task<void> run();
  void act(ScheduledPurge const& purge);

  base::Scheduler& scheduler_;
  ResponseCache& cache_;
  Buckets buckets_;
  std::vector<Entry> entries_;
  PurgeTurns turns_;
  base::TaskGroup task_;
};

}  // namespace weir::cache
