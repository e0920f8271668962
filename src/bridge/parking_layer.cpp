#include "bridge/parking_layer.hpp"

#include "base/hash.hpp"
#include "base/run_until.hpp"
#include "bridge/input_request.hpp"
#include "core/client_capabilities.hpp"

namespace weir::bridge {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using core::Outcome;
using mcp::Field;

namespace {

using Answer = Result<Outcome>;

constexpr int kInvalidParams = -32602;

std::uint64_t hash_of(core::Call const& call, std::string_view server, std::uint64_t seed) {
  auto hash = base::hash64(mcp::traits_of(call.method).name, seed);
  for (std::string_view const part :
       {server, std::string_view(call.target), call.request.raw(Field::arguments)}) {
    hash = base::hash64(part, hash);
  }
  return hash;
}

// One leg, at the call's own worker: to its answer, or to the server's next questions.
base::Task<Answer> leg(ParkingDesk& desk, ParkedCalls& calls, std::shared_ptr<ParkedCall> parked,
                       core::ClientSink* client) {
  auto& scheduler = desk.scheduler();
  parked->client = client;
  auto const ended =
      co_await base::run_until(scheduler, parked->work, base::TimePoint::max(), &parked->stirred());
  parked->client = nullptr;
  if (ended == base::Ended::done) co_return parked->work.take();
  if (parked->abandoned) co_return Error(Fault::cancelled, Blame::client, "the client left");
  parked->stirred().reset();
  auto const now = scheduler.now();
  auto const key = calls.admit({desk, parked->request_hash}, parked->call.principal->id, now);
  if (!key) {
    co_return Error(Fault::busy, Blame::client, "too many calls wait for this client's answers",
                    base::Retry::never);
  }
  auto outcome = core::from_result(R"({"resultType":"input_required","inputRequests":)" +
                                   parked->input_requests() + R"(,"requestState":")" + *key + "\"}");
  parked->lapsed = [&desk, &calls, key = *key, who = parked->call.principal->id] {  // P062
    desk.scheduler().post([&desk, &calls, key, who] {
      if (desk.take(key)) calls.forget(key, who, desk.scheduler().now());
    });
  };
  desk.keep(*key, std::move(parked));
  co_return outcome;
}

// What travels between the worker that has the client and the worker that has the call.
struct Errand {
  Errand(base::Scheduler& at, ParkingDesk& there) : home(at), desk(there), done(at) {}
  base::Scheduler& home;
  ParkingDesk& desk;
  base::Event done;                  // at home
  std::optional<Answer> answer;      // set before `done`
  std::shared_ptr<ParkedCall> call;  // at the desk's worker only, while the leg runs
};

base::Task<void> run_errand(std::shared_ptr<Errand> errand, ParkedCalls& calls, std::string key,
                            std::string responses) {
  std::optional<Answer> answer;
  errand->call = errand->desk.take(key);
  if (errand->call) {
    errand->call->answer(responses);
    answer = co_await leg(errand->desk, calls, errand->call, nullptr);
    errand->call.reset();
  } else {
    answer = core::from_error(kInvalidParams, "The requestState is no longer valid; call again without it");
  }
  errand->home.post([errand, brought = std::make_shared<Answer>(std::move(*answer))] {
    errand->answer = std::move(*brought);
    errand->done.set();
  });
}

// The client hangs up during a leg: the call ends at its own worker.
class CancelOnDrop {
 public:
  explicit CancelOnDrop(std::shared_ptr<Errand> errand) : errand_(std::move(errand)) {}
  CancelOnDrop(CancelOnDrop const&) = delete;
  CancelOnDrop& operator=(CancelOnDrop const&) = delete;
  ~CancelOnDrop() {
    if (errand_->done.is_set()) return;
    errand_->desk.scheduler().post([errand = errand_] {
      if (!errand->call) return;
      errand->call->abandoned = true;
      errand->call->stirred().set();
    });
  }

 private:
  std::shared_ptr<Errand> errand_;
};

}  // namespace

base::Task<Answer> ParkingLayer::handle(core::Call& call) {
  if (!call.modern() || !takes_input(call.method) || !backend_->translates(call)) return inner_->handle(call);
  if (call.request.has(Field::request_state)) return resume(call);
  return core::ClientCapabilities::of(call).any() ? begin(call) : inner_->handle(call);
}

base::Task<Answer> ParkingLayer::begin(core::Call& call) {
  auto const parked = std::make_shared<ParkedCall>(desk_.scheduler(), inner_, call, answer_max_);
  parked->request_hash = hash_of(call, backend_->name(), calls_.seed());
  auto answer = co_await leg(desk_, calls_, parked, call.client);
  call.facts.upstream += parked->call.facts.upstream;
  co_return answer;
}

base::Task<Answer> ParkingLayer::resume(core::Call& call) {
  std::string scratch;
  std::string const key(call.request.text(Field::request_state, scratch));
  auto* const desk = calls_.redeem(key, hash_of(call, backend_->name(), calls_.seed()), call.principal->id,
                                   desk_.scheduler().now());
  if (desk == nullptr) {
    co_return core::from_error(kInvalidParams, "The requestState is not valid for this call");
  }
  auto const errand = std::make_shared<Errand>(desk_.scheduler(), *desk);
  CancelOnDrop const guard(errand);
  std::string responses(call.request.raw(Field::input_responses));
  desk->scheduler().post([errand, &calls = calls_, key, responses = std::move(responses)] {
    errand->desk.tasks().spawn(run_errand(errand, calls, key, responses));
  });
  co_await errand->done.wait();
  co_return std::move(*errand->answer);
}

}  // namespace weir::bridge
