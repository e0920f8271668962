#include "base/run_until.hpp"
#include "bridge/parked_leg.hpp"
#include "core/outcome.hpp"

namespace weir::bridge {

using base::Blame;
using base::Error;
using base::Fault;
using core::Outcome;

namespace {

using Answer = base::Result<Outcome>;

constexpr int kInvalidParams = -32602;

// What the call's first token names, under `token`. Nothing: there is none, so nobody wants to know.
std::optional<std::string> retagged(std::string text, std::string_view token) {
  auto const note = mcp::decode(text);
  if (!note || note->method() != mcp::Method::notifications_progress) return text;
  if (token.empty()) return std::nullopt;
  mcp::Splice edits(note->bytes());
  edits.replace(note->span(mcp::Field::progress_token), token);
  std::string out;
  edits.append_to(out);
  return out;
}

// Leaves the call at the desk; its client is told what is asked.
Answer park(ParkingDesk& desk, ParkedCalls& calls, std::shared_ptr<ParkedCall> parked) {
  auto const now = desk.scheduler().now();
  auto const& who = parked->call.principal->id;
  if (!desk.open()) return Error(Fault::unavailable, Blame::gateway, "Weir is being stopped");
  auto const key = calls.admit(desk, parked->server(), who, now);
  if (!key) {  // names no server: that would ask for what stands in, and a part of this call is done
    return Error(Fault::busy, Blame::gateway,
                 "too many calls wait at " + parked->server() + " for their clients' answers",
                 base::Retry::never)
        .advise(
            "Too many calls wait at this server for answers of their clients: send those, then call again.");
  }
  auto const until = now + parked->answer_max();
  auto const state = calls.sealer().seal(*key, parked->binding(), until);
  auto outcome = core::from_result(R"({"resultType":"input_required","inputRequests":)" +
                                   parked->input_requests() + R"(,"requestState":")" + state + "\"}");
  parked->lapsed = [&desk, &calls, key = *key, who] {  // P062
    desk.scheduler().post([&desk, &calls, key, who] {
      if (desk.take(key)) calls.forget(key, who, desk.scheduler().now());
    });
  };
  parked->keep_until(until);
  desk.keep(*key, std::move(parked));
  return outcome;
}

}  // namespace

base::Task<Answer> run_leg(ParkingDesk& desk, ParkedCalls& calls, std::shared_ptr<ParkedCall> parked,
                           core::ClientSink& client) {
  auto& scheduler = desk.scheduler();
  parked->listen(true);
  for (;;) {
    auto const ended =
        co_await base::run_until(scheduler, parked->work, base::TimePoint::max(), &parked->stirred());
    parked->stirred().reset();
    while (auto note = parked->next_note()) co_await client.notify(std::move(*note));
    if (ended == base::Ended::done) co_return parked->work.take();
    if (parked->asks()) break;
  }
  parked->listen(false);
  co_return park(desk, calls, std::move(parked));
}

base::Task<Answer> FarLeg::perform() {
  auto parked = desk_.take(key_);
  if (!parked) {
    co_return core::from_error(kInvalidParams, "The requestState is no longer valid; call again without it");
  }
  parked->answer(responses_);
  auto answer = co_await run_leg(desk_, calls_, std::move(parked), *this);
  co_return answer;
}

base::Task<bool> FarLeg::notify(std::string notification) {
  taken_.reset();
  here().post(
      [leg = std::static_pointer_cast<FarLeg>(shared_from_this()), note = std::move(notification)]() mutable {
        leg->note_ = std::move(note);
        leg->news().set();
      });
  co_await taken_.wait();
  co_return true;
}

base::Task<Answer> FarLeg::serve(std::shared_ptr<FarLeg> leg, core::Call const& retry) {
  auto const token = retry.request.raw(mcp::Field::meta_progress_token);
  base::ErrandRun<Outcome> const run(*leg);
  for (;;) {
    leg->news().reset();
    if (leg->note_) {
      auto note = retagged(*std::exchange(leg->note_, std::nullopt), token);
      if (note) co_await retry.client->notify(std::move(*note));
      leg->there().post([leg] { leg->taken_.set(); });
      continue;
    }
    if (leg->answered()) co_return leg->take();
    co_await leg->news().wait();
  }
}

}  // namespace weir::bridge
