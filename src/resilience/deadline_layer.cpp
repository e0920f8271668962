#include "resilience/deadline_layer.hpp"

#include <algorithm>

#include "base/run_until.hpp"

namespace weir::resilience {
namespace {

// The server has seen nothing of the call yet: it is not to be blamed.
base::Error too_late_to_ask(std::string const& server) {
  return base::Error(base::Fault::timed_out, base::Blame::gateway, "no credential within the deadline",
                     base::Retry::always)
      .about(server)
      .advise("The issuer of the server's tokens was too slow; try again later.");
}

base::Error too_late(std::string const& server) {
  return base::Error(base::Fault::timed_out, base::Blame::upstream, "no answer within the deadline",
                     base::Retry::if_idempotent)
      .about(server)
      .advise("Try again later, or raise timeout_ms for this server.");
}

// Nor is it while its question is open: the client, or the way to it, was silent.
base::Error client_silent(std::string const& server) {
  return base::Error(base::Fault::timed_out, base::Blame::client, "the client did not answer in time")
      .advise("The server `" + server + "` asked something that the client did not answer in time.");
}

// Stands before the client while the call is at the server: no question outlives `most`. Here, and not where
// the client is asked: that may be another worker's call, of which this one is a copy.
class Patience final : public core::ClientSink {
 public:
  Patience(core::Call& call, base::Scheduler& scheduler, base::Duration most) noexcept
      : call_(call), client_(call.client), scheduler_(scheduler), most_(most) {
    call.client = this;
  }
  Patience(Patience const&) = delete;
  Patience& operator=(Patience const&) = delete;
  ~Patience() override { call_.client = client_; }

  base::Task<bool> notify(std::string notification) override {
    return client_->notify(std::move(notification));
  }
  base::Task<base::Result<mcp::Message>> ask(std::string method, std::string params) override {
    auto asking = client_->ask(std::move(method), std::move(params));
    auto const ended = co_await base::run_until(scheduler_, asking, scheduler_.now() + most_);
    if (ended == base::Ended::done) co_return asking.take();
    co_return base::Error(base::Fault::timed_out, base::Blame::client, "the client did not answer in time");
  }

 private:
  core::Call& call_;
  core::ClientSink* client_;
  base::Scheduler& scheduler_;
  base::Duration most_;
};

// An attempt with a time of its own, which is over while it shows no sign of life. What it waits for a token
// does not count: when the time is over meanwhile, it is looked at again.
class Attempt {
 public:
  Attempt(core::Call const& call, base::TimePoint now) noexcept
      : begun_(now), took_(call.facts.credential.took), unmoved_(call.deadline) {}
  base::TimePoint end(core::Call const& call, base::TimePoint now) const noexcept {
    auto const most = call.attempt_most;
    bool const alive = call.deadline != unmoved_ || call.parked.questions > 0;
    if (most == base::Duration::zero() || alive) return base::TimePoint::max();
    auto const& credential = call.facts.credential;
    return credential.awaited ? now + most : begun_ + most + (credential.took - took_);
  }

 private:
  base::TimePoint begun_;
  base::Duration took_;  // by tokens, before this one
  base::TimePoint unmoved_;
};

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
  Patience const patience(call, scheduler_, options_.parked_max);
  auto work = inner_->handle(call);
  Attempt const attempt(call, scheduler_.now());
  for (;;) {
    // The end moves ahead with progress and while the client is asked, and comes back after that.
    auto const begun = scheduler_.now();
    base::TimePoint const until = std::min({call.deadline, begun + call.extend_by, attempt.end(call, begun)});
    if (co_await base::run_until(scheduler_, work, until) == base::Ended::done) co_return work.take();
    auto const now = scheduler_.now();
    if (call.deadline > now && attempt.end(call, now) > now) continue;
    if (call.parked.questions > 0) co_return client_silent(server_);
    if (call.facts.credential.awaited) co_return too_late_to_ask(server_);
    co_return too_late(server_);
  }
}

}  // namespace weir::resilience
