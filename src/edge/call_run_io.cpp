#include "base/run_until.hpp"
#include "edge/answer.hpp"
#include "edge/call_run.hpp"

namespace weir::edge {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;
using core::Outcome;

namespace {

Task<Result<Outcome>> work_on(EndpointParts const& parts, core::Call& call, bool admitted) {
  if (!admitted) co_return Error(Fault::busy, Blame::gateway, "too many calls at once", base::Retry::always);
  auto work = parts.entry.handle(call);
  while (parts.scheduler.now() < call.deadline_latest) {  // a question to the client moves it
    auto const ended = co_await base::run_until(parts.scheduler, work, call.deadline_latest);
    if (ended == base::Ended::done) co_return work.take();
  }
  co_return Error(Fault::timed_out, Blame::gateway, "call_max");
}

}  // namespace

Task<std::string> run_call(EndpointParts const& parts, EndpointRules const& rules, core::Call& call,
                           CallRecord& record, bool admitted) {
  auto outcome = co_await work_on(parts, call, admitted);
  std::string json;
  if (!outcome && outcome.error().fault == Fault::cancelled) {
    record.outcome = observe::Outcome::cancelled;
    record.error_type = observe::kCancelled;
    co_return json;
  }
  auto settled = settle(call, std::move(outcome), rules.tool_results, record);
  put_id(settled.outcome, call.request.raw(mcp::Field::id));
  settled.outcome.edits.append_to(json);
  record.bytes_out = json.size();
  co_return json;
}

}  // namespace weir::edge
