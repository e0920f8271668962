// SessionCount: one legacy session with a server, counted while it is open and measured when it ends.
//
// Owned by whoever keeps the session; one worker thread. It may be opened again after its end. Going, it
// ends.
#pragma once

#include "base/scheduler.hpp"
#include "mcp/revision.hpp"
#include "observe/metrics.hpp"

namespace weir::upstream {

class SessionCount {
 public:
  SessionCount(base::Scheduler& scheduler, observe::Gauge open, observe::SessionLengths lengths) noexcept
      : scheduler_(scheduler), count_(open), lengths_(lengths) {}
  SessionCount(SessionCount const&) = delete;
  SessionCount& operator=(SessionCount const&) = delete;
  ~SessionCount() { end(); }

  bool is_open() const noexcept { return open_; }

  // Where one is open, it has been replaced.
  void begin(mcp::Revision revision) noexcept {
    end();
    count_.add(1);
    open_ = true;
    revision_ = revision;
    since_ = scheduler_.now();
  }

  void end() noexcept {
    if (!open_) return;
    open_ = false;
    count_.add(-1);
    auto const lasted = std::chrono::duration<double>(scheduler_.now() - since_);
    lengths_.observe(mcp::text_of(revision_), lasted.count());
  }

 private:
  base::Scheduler& scheduler_;
  observe::Gauge const count_;
  observe::SessionLengths const lengths_;
  bool open_ = false;
  mcp::Revision revision_{};
  base::TimePoint since_;
};

}  // namespace weir::upstream
