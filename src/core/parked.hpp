// Parked: while one lives, its call's clock stands still: the call waits for its own client's answer.
//
// Several may live at once (two questions of one call); the clock goes on when the last one dies. At most
// `most` of standing still per question: the deadline moves that far ahead and comes back by what was not
// used. One worker thread; lives in a frame inward of the call.
#pragma once

#include "base/scheduler.hpp"
#include "core/call.hpp"

namespace weir::core {

class Parked {
 public:
  Parked(Call& call, base::Scheduler& scheduler, base::Duration most) : call_(call), scheduler_(scheduler) {
    auto const now = scheduler.now();
    if (call.parked.questions++ == 0)
      call.parked = {1, now, call.deadline, call.deadline_latest, call.parked.stood};
    call.deadline = std::max(call.deadline, now + most);
    call.deadline_latest = std::max(call.deadline_latest, now + most);
  }
  Parked(Parked const&) = delete;
  Parked& operator=(Parked const&) = delete;
  ~Parked() {
    if (--call_.parked.questions > 0) return;
    auto const stood = scheduler_.now() - call_.parked.since;
    call_.parked.stood += stood;
    call_.deadline = call_.parked.deadline + stood;
    call_.deadline_latest = call_.parked.deadline_latest + stood;
  }

 private:
  Call& call_;
  base::Scheduler& scheduler_;
};

}  // namespace weir::core
