#include "bridge/rounds_layer.hpp"

#include "base/run_until.hpp"
#include "core/client_capabilities.hpp"
#include "core/hop_meta.hpp"
#include "mcp/json_text.hpp"

namespace weir::bridge {

using base::Result;
using core::InputRequest;
using core::Outcome;
using mcp::Field;
using mcp::Method;

namespace {

// Puts the client's own request back: whoever waits outside reads its id. Its bytes stay where they are.
class Restored {
 public:
  explicit Restored(core::Call& call) noexcept : original(std::move(call.request)), call_(call) {}
  Restored(Restored const&) = delete;
  Restored& operator=(Restored const&) = delete;
  ~Restored() { call_.request = std::move(original); }
  mcp::Message original;

 private:
  core::Call& call_;
};

bool asks_for_input(Result<Outcome> const& outcome) {
  if (!outcome || outcome->message.kind() != mcp::MessageKind::result) return false;
  std::string scratch;
  return outcome->message.text(Field::result_type, scratch) == "input_required";
}

bool by_url(InputRequest const& question) {
  return question.method == Method::elicitation_create &&
         core::ClientCapabilities{}.missing(question.method, question.params).find("url") !=
             std::string::npos;
}

// That nothing of a later round was sent is no proof for the call: its server has seen the first one.
void of_whole_call(base::Error& error) {
  if (error.retry == base::Retry::always) error.retry = base::Retry::if_idempotent;
  if (error.fault == base::Fault::connect_failed) error.fault = base::Fault::connection_lost;
}

}  // namespace

base::Task<Result<Outcome>> RoundsLayer::handle(core::Call& call) {
  bool const needed = !call.modern() && core::takes_input(call.method) && backend_->translates(call);
  return needed ? rounds(call) : inner_->handle(call);
}

base::Task<Result<Outcome>> RoundsLayer::rounds(core::Call& call) {
  if (!call.request.has(Field::params)) co_return co_await inner_->handle(call);
  Restored restored(call);
  std::string text = with_members(restored.original, {});
  std::vector<std::string> pages;
  for (unsigned round = 0; round <= options_.rounds_max; ++round) {
    auto request = mcp::decode(std::move(text), {.json = {}, .bytes_max = options_.bytes_max});
    if (!request) co_return refusal(call.method, "The answers are too large to send on");
    call.request = std::move(*request);
    auto outcome = co_await inner_->handle(call);
    if (!outcome && round > 0) of_whole_call(outcome.error());
    for (auto const& page : pages) {  // nothing says when a page is done, but the server goes on
      co_await call.client->notify(
          R"({"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":")" +
          page + R"("}})");
    }
    if (!asks_for_input(outcome)) co_return outcome;
    auto asking = ask_all(call, outcome->message);
    auto const until = scheduler_.now() + options_.leg_max;
    if (co_await base::run_until(scheduler_, asking, until) != base::Ended::done) {
      co_return refusal(call.method, "The client did not answer the server's questions in time");
    }
    auto leg = asking.take();
    if (!leg.refusal.empty()) co_return refusal(call.method, leg.refusal);
    pages = std::move(leg.pages);
    call.deadline = scheduler_.now() + call.extend_by;  // the client's time was not the server's
    text = with_members(restored.original, leg.members);
  }
  co_return refusal(call.method,
                    "The server went on asking after " + std::to_string(options_.rounds_max) + " rounds");
}

base::Task<RoundsLayer::Leg> RoundsLayer::ask_all(core::Call& call, mcp::Message const& result) {
  Leg leg;
  auto questions = core::questions_of(result);
  if (!questions) {
    leg.refusal = "The server asked for input in a way that is not MCP";
    co_return leg;
  }
  auto const able = core::ClientCapabilities::of(call);
  for (auto const& question : *questions) {
    if (auto const lacks = able.missing(question.method, question.params); !lacks.empty()) {
      leg.refusal = "The server asks for something that this client does not offer: " + lacks;
      co_return leg;
    }
  }
  if (questions->empty()) co_await scheduler_.sleep_for(options_.pace);
  std::string answers;
  for (auto& question : *questions) {
    auto const key = question.key;
    auto const answer = co_await ask_one(call, std::move(question), leg);
    if (!leg.refusal.empty()) co_return leg;
    answers.append(answers.empty() ? "" : ",").append(key).append(":").append(answer);
  }
  if (!questions->empty()) leg.members = R"("inputResponses":{)" + answers + '}';
  if (result.is(Field::request_state, mcp::JsonKind::string)) {
    leg.members.append(leg.members.empty() ? "" : ",").append(R"("requestState":)");
    leg.members.append(result.raw(Field::request_state));
  }
  co_return leg;
}

// The client's result, without what concerns its hop (P118). A question that it declines with an error is
// cancelled; other questions have no such form.
base::Task<std::string> RoundsLayer::ask_one(core::Call& call, InputRequest question, Leg& leg) {
  if (by_url(question)) {
    leg.pages.push_back(random_.token(18));
    question.params.insert(1, R"("elicitationId":")" + leg.pages.back() + "\",");
  }
  auto const name = std::string(mcp::traits_of(question.method).name);
  auto const answer = co_await call.client->ask(name, std::move(question.params));
  if (!answer) {
    leg.refusal = name + ": " + answer.error().detail;
    co_return std::string();
  }
  if (answer->kind() == mcp::MessageKind::result)
    co_return core::without_hop_meta(answer->raw(Field::result));
  if (question.method == Method::elicitation_create) co_return std::string(R"({"action":"cancel"})");
  std::string scratch;
  leg.refusal = name + ": the client refused: " + std::string(answer->text(Field::error_message, scratch));
  co_return std::string();
}

}  // namespace weir::bridge
