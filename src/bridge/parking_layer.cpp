#include "bridge/parking_layer.hpp"

#include "base/run_until.hpp"
#include "bridge/input_request.hpp"
#include "bridge/parked_leg.hpp"
#include "core/client_capabilities.hpp"
#include "core/input_request.hpp"

namespace weir::bridge {

using base::Result;
using core::Outcome;
using mcp::Field;

namespace {

using Answer = Result<Outcome>;

constexpr int kInvalidParams = -32602;
constexpr std::string_view kPages = "pages";  // the handle of a state that no call waits behind

bool asks_for_pages(Answer const& answer) {
  if (!answer || answer->message.kind() != mcp::MessageKind::result) return false;
  std::string scratch;
  return answer->message.text(Field::result_type, scratch) == "input_required";
}

Outcome bad_state(std::string_view why) { return core::from_error(kInvalidParams, why); }

}  // namespace

base::Task<Answer> ParkingLayer::handle(core::Call& call) {
  if (!call.modern() || !core::takes_input(call.method)) return inner_->handle(call);
  // Ours first: the server may have become a modern one while a call was parked.
  if (call.request.has(Field::request_state)) return resume(call);
  if (!backend_->translates(call)) return inner_->handle(call);
  return core::ClientCapabilities::of(call).any() ? begin(call) : inner_->handle(call);
}

base::Task<Answer> ParkingLayer::begin(core::Call& call) {
  auto const parked =
      std::make_shared<ParkedCall>(desk_.scheduler(), inner_, call, backend_->name(), answer_max_);
  auto answer = co_await run_leg(desk_, calls_, parked, *call.client);
  call.facts.upstream += parked->call.facts.upstream;
  if (asks_for_pages(answer) && !answer->message.has(Field::request_state)) {
    auto const& message = answer->message;
    if (!message.has(Field::input_requests)) co_return answer;
    auto const state = calls_.sealer().seal(kPages, binding_of(call, backend_->name()),
                                            desk_.scheduler().now() + answer_max_);
    answer->edits.insert_member(message.span(Field::result), "requestState", '"' + state + '"');
  }
  co_return answer;
}

base::Task<Answer> ParkingLayer::resume(core::Call& call) {
  std::string scratch;
  auto const state = call.request.text(Field::request_state, scratch);
  auto handle = calls_.sealer().open(state, binding_of(call, backend_->name()), desk_.scheduler().now());
  if (!handle) {  // the server's own, perhaps
    if (!backend_->translates(call)) co_return co_await inner_->handle(call);
    co_return bad_state("The requestState is not valid for this call");
  }
  if (*handle != kPages) co_return co_await go_on(call, std::move(*handle));
  if (declined(call.request.raw(Field::input_responses))) {
    co_return refusal(call.method, "A page that the server needs was not opened");
  }
  if (!backend_->translates(call)) co_return co_await inner_->handle(call);
  co_return co_await begin(call);
}

base::Task<Answer> ParkingLayer::go_on(core::Call& call, std::string key) {
  auto* const desk = calls_.redeem(key, call.principal->id, desk_.scheduler().now());
  if (desk == nullptr) co_return bad_state("The requestState is no longer valid; call again without it");
  auto const leg = std::make_shared<FarLeg>(desk_.scheduler(), *desk, calls_, std::move(key),
                                            std::string(call.request.raw(Field::input_responses)));
  co_return co_await FarLeg::serve(leg, call);
}

}  // namespace weir::bridge
