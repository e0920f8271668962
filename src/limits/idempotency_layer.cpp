#include "limits/idempotency_layer.hpp"

#include <utility>

#include "base/hash.hpp"
#include "base/ready_until.hpp"
#include "core/denial.hpp"
#include "core/outcome.hpp"

namespace weir::limits {

using base::Blame;
using base::Error;
using base::Fault;
using base::TimePoint;
using Way = IdempotencyTable::Way;

namespace {

std::uint64_t fingerprint_of(core::Call const& call, std::uint64_t seed) {
  auto const bytes = call.request.bytes();
  auto const params = call.request.span(mcp::Field::params);
  auto const meta = call.request.span(mcp::Field::meta);
  auto mark = base::hash64(call.endpoint, seed + static_cast<std::uint64_t>(call.method));
  if (meta.empty()) return base::hash64(params.of(bytes), mark);
  mark = base::hash64(bytes.substr(params.begin, meta.begin - params.begin), mark);
  return base::hash64(bytes.substr(meta.end, params.end - meta.end), mark);
}

// Whether a failure leaves no doubt that the call was not executed.
bool proves_nothing_happened(Error const& error) {
  if (error.retry == base::Retry::always) return true;
  switch (error.fault) {
    case Fault::throttled: return error.retry_after > base::Duration::zero();
    case Fault::busy:
    case Fault::limited:
    case Fault::starting:
    case Fault::breaker_open:
    case Fault::connect_failed: return true;
    case Fault::invalid_input:
    case Fault::not_found:
    case Fault::denied:
    case Fault::unauthenticated:
    case Fault::unsupported:
    case Fault::config: return error.blame != Blame::upstream;
    default: return false;
  }
}

// What stands in for an answer of a server that was never asked: a repetition may find it well again.
bool stands_in_for_nothing(core::DegradedFacts const& facts) {
  if (facts.by == core::Substitute::none || facts.by == core::Substitute::server) return false;
  for (auto const fault : {Fault::breaker_open, Fault::busy, Fault::starting, Fault::connect_failed}) {
    if (facts.reason == base::name_of(fault)) return true;
  }
  return false;
}

// `input_required` is no end: the next try brings the client's answer.
bool is_an_end(core::Outcome const& outcome) {
  if (outcome.message.kind() != mcp::MessageKind::result) return true;
  std::string scratch;
  return outcome.message.text(mcp::Field::result_type, scratch) != "input_required";
}

EndingRef unknown_end(core::CallFacts const& facts) {
  Ending ending;
  std::string server(facts.server);
  ending.server = server;
  ending.tool = facts.tool;
  ending.error = Error(Fault::connection_lost, Blame::client, "the client of the first call went away")
                     .about(std::move(server))
                     .advise(
                         "The first call with this Idempotency-Key was given up before its end: find out "
                         "whether it was executed, then use a new key.");
  return std::make_shared<Ending const>(std::move(ending));
}

base::Result<core::Outcome> outcome_for(core::Call& call, Ending const& ending) {
  // The table stands before the router, and rights may have gone since, or been another token's.
  auto denial = core::denial_of(call, ending.server, ending.tool, &call.facts.scopes_needed);
  if (denial) return *std::move(denial);
  if (ending.error) return *ending.error;
  return core::from_message(ending.text);
}

}  // namespace

// One who waits for another's end. The table tells it on any thread; it listens on its own.
class IdempotencyLayer::Seat {
 public:
  class Ear final : public IdempotencyTable::Waiter, public std::enable_shared_from_this<Ear> {
   public:
    explicit Ear(base::Scheduler& scheduler) : ended(scheduler), home_(scheduler) {}
    void told(EndingRef how) override {
      home_.post([self = shared_from_this(), how = std::move(how)]() mutable {
        self->ending = std::move(how);
        self->ended.set();
      });
    }
    base::Event ended;
    EndingRef ending;

   private:
    base::Scheduler& home_;
  };

  Seat(IdempotencyLayer& layer, core::Call const& call)
      : ear(std::make_shared<Ear>(layer.scheduler_)), layer_(layer), call_(call) {}
  Seat(Seat const&) = delete;
  Seat& operator=(Seat const&) = delete;
  ~Seat() {
    if (waits && !ear->ended.is_set()) layer_.table_.leave(call_.principal->id, call_.idempotency_key, *ear);
  }

  std::shared_ptr<Ear> ear;
  bool waits = false;

 private:
  IdempotencyLayer& layer_;
  core::Call const& call_;
};

// The first call while it runs. One that is dropped on the way may have been executed, unless it had not
// found its server yet.
class IdempotencyLayer::Execution {
 public:
  Execution(IdempotencyLayer& layer, core::Call const& call, IdempotencyTable::Turn turn)
      : layer_(layer), call_(call), turn_(std::move(turn)) {}
  Execution(Execution const&) = delete;
  Execution& operator=(Execution const&) = delete;
  ~Execution() {
    if (!ended_ && reached_a_server()) settle(unknown_end(call_.facts));
  }

  void end(Answer const& answer) {
    ended_ = true;
    bool const keep =
        answer ? reached_a_server() && is_an_end(*answer) && !stands_in_for_nothing(call_.facts.degraded)
               : !proves_nothing_happened(answer.error());
    if (!keep) return turn_.give_back();
    Ending ending;
    ending.server = call_.facts.server;
    ending.tool = call_.facts.tool;
    if (answer) {
      answer->edits.append_to(ending.text);
    } else {
      ending.error = answer.error();
    }
    settle(std::make_shared<Ending const>(std::move(ending)));
  }

 private:
  bool reached_a_server() const noexcept { return !call_.facts.server.empty(); }
  void settle(EndingRef ending) { turn_.settle(std::move(ending), layer_.scheduler_.now()); }

  IdempotencyLayer& layer_;
  core::Call const& call_;
  IdempotencyTable::Turn turn_;
  bool ended_ = false;
};

base::Task<IdempotencyLayer::Answer> IdempotencyLayer::handle(core::Call& call) {
  bool const changes = call.method == mcp::Method::tools_call || call.method == mcp::Method::tasks_update;
  if (call.idempotency_key.empty() || !changes) return inner_->handle(call);
  return once(call);
}

base::Task<IdempotencyLayer::Answer> IdempotencyLayer::once(core::Call& call) {
  if (call.idempotency_key.size() > kKeyBytesMax) {
    co_return Error(Fault::invalid_input, Blame::client, "an Idempotency-Key that is too long")
        .advise("Use an Idempotency-Key of at most 256 bytes, such as a UUID.");
  }
  auto const mark = fingerprint_of(call, table_.seed());
  TimePoint const until = call.started + kWaitMax;
  for (;;) {
    Seat seat(*this, call);
    auto entered = table_.enter(call.principal->id, call.idempotency_key, mark, seat.ear, scheduler_.now());
    switch (entered.way) {
      case Way::execute: co_return co_await execute(call, std::move(entered.turn));
      case Way::replay: co_return outcome_for(call, *entered.ending);
      case Way::mismatch:
        co_return Error(Fault::invalid_input, Blame::client,
                        "an Idempotency-Key that belongs to another call")
            .advise(
                "This Idempotency-Key was used for another call: use a new key for each call, and the same "
                "one only to repeat it unchanged.");
      case Way::full:
        co_return Error(Fault::busy, Blame::gateway, "no room for an Idempotency-Key", base::Retry::always)
            .advise("Too many calls with Idempotency-Keys are under way: try again in a moment.")
            .again_in(std::chrono::seconds{1});
      case Way::wait: break;
    }
    seat.waits = true;
    if (!co_await base::ready_until(scheduler_, seat.ear->ended, until)) {
      co_return Error(Fault::timed_out, Blame::gateway, "the first call with this key has not ended")
          .advise("The first call with this Idempotency-Key still runs: repeat the call later.");
    }
    if (seat.ear->ending != nullptr) co_return outcome_for(call, *seat.ear->ending);
  }
}

base::Task<IdempotencyLayer::Answer> IdempotencyLayer::execute(core::Call& call,
                                                               IdempotencyTable::Turn turn) {
  Execution running(*this, call, std::move(turn));
  auto answer = co_await inner_->handle(call);
  running.end(answer);
  co_return answer;
}

}  // namespace weir::limits
