#include "resilience/breaker_layer.hpp"

#include "resilience/spent_elsewhere.hpp"
#include "resilience/verdict.hpp"

namespace weir::resilience {
namespace {

base::Error left_alone(std::string const& server, base::Duration wait) {
  return base::Error(base::Fault::breaker_open, base::Blame::upstream, "the circuit breaker is open",
                     base::Retry::always)
      .about(server)
      .again_in(wait)
      .advise("The server failed too often and is left alone for a while; try again later.");
}

// Whether a call that lasts is to be blamed for it.
class Stopwatch {
 public:
  Stopwatch(core::Call const& call, base::TimePoint now) noexcept
      : call_(call),
        begun_(now),
        elsewhere_(spent_elsewhere(call)),
        stood_(call.parked.stood),
        deadline_(call.deadline) {}
  base::Duration took(base::TimePoint now) const noexcept {
    auto const stood = call_.parked.stood - stood_;
    bool const reported = call_.deadline - stood > deadline_;
    if (reported || call_.method == mcp::Method::subscriptions_listen) return base::Duration::zero();
    return now - begun_ - (spent_elsewhere(call_) - elsewhere_);
  }

 private:
  core::Call const& call_;
  base::TimePoint begun_;
  base::Duration elsewhere_;
  base::Duration stood_;
  base::TimePoint deadline_;
};

}  // namespace

base::Task<base::Result<core::Outcome>> BreakerLayer::handle(core::Call& call) {
  auto admission = breakers_->of(call.method).admit(scheduler_.now());
  if (!admission) co_return left_alone(breakers_->server(), admission.wait);
  Stopwatch const watch(call, scheduler_.now());
  auto outcome = co_await inner_->handle(call);
  if (auto const verdict = verdict_on_server(outcome)) {
    auto const now = scheduler_.now();
    admission.permit.record(*verdict, watch.took(now), now);
  }
  co_return outcome;
}

}  // namespace weir::resilience
