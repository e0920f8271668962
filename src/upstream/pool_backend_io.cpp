#include "upstream/pool_backend.hpp"

#include <fmt/core.h>

#include "base/run_until.hpp"

// Calls and questions; pool_keeping_io.cpp keeps the addresses open.
namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using core::Outcome;

// However it ends: answered, dropped by whoever waits for it, or never started.
class PoolBackend::Ride {
 public:
  Ride(PoolBackend& pool, core::Call const& call, EndpointChoice::Pick const& pick) noexcept
      : pool_(pool), call_(call), pick_(pick) {}
  Ride(Ride const&) = delete;
  Ride& operator=(Ride const&) = delete;
  ~Ride() {
    if (over_) return;
    bool const late = pool_.scheduler_.now() >= call_.deadline;
    pool_.ended(pick_, late ? EndpointVerdict::bad : EndpointVerdict::none, {}, "no answer in time");
  }
  void over(Result<Outcome> const& answer) {
    over_ = true;
    bool const failed = !answer;
    pool_.ended(pick_, verdict_of(answer), failed ? answer.error().retry_after : base::Duration{},
                failed ? answer.error().detail : "internal errors");
  }

 private:
  PoolBackend& pool_;
  core::Call const& call_;
  EndpointChoice::Pick const pick_;
  bool over_ = false;
};

// A request of our own. Whoever asked may give up before anything is heard: that is all that is learnt of a
// silent address.
class PoolBackend::Asked {
 public:
  Asked(PoolBackend& pool, unsigned index) noexcept
      : pool_(pool), index_(index), begun_(pool.scheduler_.now()) {}
  Asked(Asked const&) = delete;
  Asked& operator=(Asked const&) = delete;
  ~Asked() {
    if (over || pool_.scheduler_.now() - begun_ < pool_.options_.ask_patience) return;
    pool_.distrust(index_, Error(Fault::timed_out, Blame::upstream, "no answer to a question of our own"));
  }
  bool over = false;

 private:
  PoolBackend& pool_;
  unsigned const index_;
  base::TimePoint const begun_;
};

namespace {

std::string_view session_of(core::Call const& call) noexcept {
  return call.modern() || !call.session ? std::string_view() : std::string_view(call.session->id);
}

bool session_over(core::Call const& call) {
  auto const inbox = call.session->inbox.lock();
  return !inbox || inbox->over();
}

}  // namespace

std::optional<EndpointChoice::Pick> PoolBackend::choose(core::Call const& call,
                                                        std::vector<unsigned> const& tried) {
  EndpointChoice::Wanted wanted;
  if (call.principal != nullptr) wanted.key = call.principal->id;
  wanted.tried = tried;
  auto const session = session_of(call);
  auto const held = holders_.find(session);
  bool const full = held == holders_.end() && holders_.size() >= options_.sessions_max;
  if (held != holders_.end()) wanted.holder = held->second;
  if (!session.empty() && full) {
    wanted.key = session;
    wanted.by_key = true;
  }
  auto const pick = choice_.pick(wanted, scheduler_.now());
  if (!pick || session.empty()) return pick;
  if (held != holders_.end()) {
    held->second = pick->endpoint;
  } else if (!full && !session_over(call)) {  // else nobody would say that it ended
    holders_.emplace(session, pick->endpoint);
  }
  return pick;
}

void PoolBackend::ended(EndpointChoice::Pick const& pick, EndpointVerdict verdict, base::Duration retry_after,
                        std::string cause) {
  bool const was_ejected = choice_.is_ejected(pick.endpoint);
  bool const out = choice_.over(pick, verdict, retry_after, scheduler_.now());
  if (out) return went_out(pick.endpoint, std::move(cause));
  if (!was_ejected || choice_.is_ejected(pick.endpoint)) return;
  at(pick.endpoint).cause.clear();
  changed();
}

Error PoolBackend::nowhere_to_go(Error last) const {
  last.detail =
      fmt::format("none of its {} addresses can be reached; the last: {}", endpoints_.size(), last.detail);
  return last;
}

base::Task<Result<Outcome>> PoolBackend::handle(core::Call& call) {
  std::vector<unsigned> tried;
  for (;;) {
    auto const pick = choose(call, tried);
    if (!pick) co_return not_connected();
    Ride ride(*this, call, *pick);
    auto answer = co_await at(pick->endpoint).backend->handle(call);
    ride.over(answer);
    if (answer || !never_sent(answer.error())) co_return answer;
    tried.push_back(pick->endpoint);
    bool const all = tried.size() + choice_.count_odd() >= endpoints_.size();
    if (all) co_return nowhere_to_go(answer.error());
  }
}

base::Task<Result<mcp::Message>> PoolBackend::ask(mcp::Method method, std::string params) {
  for (int attempt = 0;; ++attempt) {
    if (!lead_) co_return not_connected();
    unsigned const index = *lead_;
    Asked asked(*this, index);
    auto answer = co_await at(index).backend->ask(method, params);
    asked.over = true;
    if (answer) co_return answer;
    distrust(index, answer.error());
    bool const another = lead_ && *lead_ != index;
    if (!another || attempt > 0) co_return answer;
  }
}

base::Task<Result<void>> PoolBackend::listen(std::string params,
                                             std::function<void(mcp::Message const&)> told) {
  if (!lead_) co_return not_connected();
  unsigned const index = *lead_;
  Asked asked(*this, index);
  auto const heard = [&asked, &told](mcp::Message const& note) {
    asked.over = true;  // it has answered
    told(note);
  };
  auto work = at(index).backend->listen(std::move(params), heard);
  auto const end = co_await base::run_until(scheduler_, work, base::TimePoint::max(), &lead_moved_);
  asked.over = true;
  if (end != base::Ended::done) {
    co_return Error(Fault::connection_lost, Blame::upstream, "another address is listened to now")
        .about(options_.name);
  }
  auto over = work.take();
  bool const gone = !over && verdict_of(over.error()) == EndpointVerdict::unreachable;
  if (gone) distrust(index, over.error());
  co_return over;
}

bool PoolBackend::listens() const noexcept { return lead_ && at(*lead_).backend->listens(); }

// Each address finds out for itself; a bridge that turns out not to be needed does no harm.
bool PoolBackend::translates(core::Call const& call) const noexcept {
  bool known = false;
  for (auto const& endpoint : endpoints_) {
    if (!endpoint->identity || choice_.is_odd(endpoint->index)) continue;
    if (endpoint->backend->translates(call)) return true;
    known = true;
  }
  return !known;
}

void PoolBackend::credential_changed() {
  for (auto const& endpoint : endpoints_) endpoint->backend->credential_changed();
}

void PoolBackend::session_ended(std::string_view session_id) {
  if (auto const held = holders_.find(session_id); held != holders_.end()) holders_.erase(held);
  for (auto const& endpoint : endpoints_) endpoint->backend->session_ended(session_id);
}

base::Task<void> PoolBackend::close(base::TimePoint deadline) {
  stopped_ = true;
  tasks_.cancel();
  options_.usable.add(-shown_);
  shown_ = 0;
  base::TaskGroup closing(scheduler_);
  for (auto const& endpoint : endpoints_) closing.spawn(endpoint->backend->close(deadline));
  co_await closing.idle();
}

}  // namespace weir::upstream
