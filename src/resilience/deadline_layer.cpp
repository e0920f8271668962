#include "resilience/deadline_layer.hpp"

#include <algorithm>

#include "base/run_until.hpp"

namespace weir::resilience {
namespace {

base::Error too_late(std::string const& server) {
  return base::Error(base::Fault::timed_out, base::Blame::upstream, "no answer within the deadline",
                     base::Retry::if_idempotent)
      .about(server)
      .advise("Try again later, or raise timeout_ms for this server.");
}

}  // namespace

namespace {

struct Inside {
  explicit Inside(observe::Gauge g) noexcept : gauge(g) { gauge.add(1); }
  ~Inside() { gauge.add(-1); }
  Inside(Inside const&) = delete;
  Inside& operator=(Inside const&) = delete;
  observe::Gauge gauge;
};

}  // namespace

base::Task<base::Result<core::Outcome>> DeadlineLayer::handle(core::Call& call) {
  Inside const inside(options_.in_flight);
  if (call.extend_by == base::Duration::zero()) {
    call.extend_by = options_.call;
    call.deadline = scheduler_.now() + options_.call;
  }
  call.deadline_latest = call.started + options_.call_max + call.parked.stood;
  auto work = inner_->handle(call);
  auto const unmoved = call.deadline;
  auto const lost_at = call.attempt_most > base::Duration::zero() ? scheduler_.now() + call.attempt_most
                                                                  : base::TimePoint::max();
  for (;;) {
    // The end moves ahead with progress and while the client is asked, and comes back after that.
    bool const silent = call.deadline == unmoved;
    base::TimePoint until = std::min(call.deadline, scheduler_.now() + call.extend_by);
    if (silent) until = std::min(until, lost_at);
    if (co_await base::run_until(scheduler_, work, until) == base::Ended::done) co_return work.take();
    auto const now = scheduler_.now();
    if (call.deadline > now && !(call.deadline == unmoved && now >= lost_at)) continue;
    co_return too_late(server_);
  }
}

}  // namespace weir::resilience
