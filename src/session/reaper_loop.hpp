// ReaperLoop: ends sessions whose time is over, at most a second late, in batches with room to breathe
// each `sweep` the buffers of the others give back what has grown too old.
//
// One per process, on one worker; all members are its thread's. Stops when it is destroyed.
#pragma once

#include "base/task_group.hpp"
#include "session/session_table.hpp"

namespace weir::session {

class ReaperLoop {
 public:
  static constexpr base::Duration kPeriod = std::chrono::milliseconds{500};
  static constexpr std::size_t kBatchMax = 256;

  ReaperLoop(base::Scheduler& scheduler, SessionTable& sessions, base::Duration sweep)
      : scheduler_(scheduler), sessions_(sessions), sweep_(sweep), task_(scheduler) {}
  void start() {  // idempotent
    if (task_.size() == 0) task_.spawn(run());
  }
  void stop() noexcept { task_.cancel(); }
  void set_sweep(base::Duration sweep) noexcept { sweep_ = sweep; }
  bool running() const noexcept { return task_.size() > 0; }

 private:
  base::Task<void> run();
  base::Scheduler& scheduler_;
  SessionTable& sessions_;
  base::Duration sweep_;
  base::TaskGroup task_;
};

}  // namespace weir::session
