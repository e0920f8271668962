#include "bridge/parked_call.hpp"

#include <algorithm>

#include "base/ready_until.hpp"
#include "bridge/state_seal.hpp"
#include "core/hop_meta.hpp"
#include "core/parked.hpp"
#include "mcp/json_cursor.hpp"

namespace weir::bridge {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

// The params of a modern question: an elicitation id is what only legacy clients wait for, and keys of
// `_meta` that concern the server's hop stay there (P118).
std::string as_modern(std::string const& came) {
  auto const params = core::without_hop_meta(came);
  std::string out = "{";
  mcp::JsonCursor cursor(params);
  mcp::JsonValue key, value;
  if (!cursor.enter_object()) return "{}";
  while (cursor.next_member(key) && cursor.read_value(value)) {
    auto const name = key.inner(params);
    bool const empty_meta = name == "_meta" && value.span.of(params) == "{}";
    if (name == "elicitationId" || empty_meta) continue;
    out.append(out.size() > 1 ? ",\"" : "\"").append(name).append("\":").append(value.span.of(params));
  }
  return out += '}';
}

}  // namespace

ParkedCall::ParkedCall(base::Scheduler& scheduler, std::shared_ptr<core::Handler> inner, core::Call const& of,
                       std::string_view server, base::Duration answer_max)
    : scheduler_(scheduler),
      answer_max_(answer_max),
      copy_(of),
      server_(server),
      inner_(std::move(inner)),
      stirred_(scheduler),
      room_(scheduler),
      call(copy_.call),
      lease(scheduler) {
  call.client = this;
  work = inner_->handle(call);
}

base::Task<bool> ParkedCall::notify(std::string notification) {
  while (listening_ && notes_.size() >= kNotesMax) {
    room_.reset();
    co_await room_.wait();
  }
  if (!listening_) co_return true;
  notes_.push_back(std::move(notification));
  stirred_.set();
  co_return true;
}

std::string const& ParkedCall::binding() {
  if (binding_.empty()) binding_ = binding_of(call, server_);
  return binding_;
}

void ParkedCall::listen(bool on) {
  listening_ = on;
  notes_.clear();
  room_.set();
}

std::optional<std::string> ParkedCall::next_note() {
  if (notes_.empty()) return std::nullopt;
  std::string note = std::move(notes_.front());
  notes_.pop_front();
  room_.set();
  return note;
}

void ParkedCall::keep_until(base::TimePoint due) {
  lease.cancel();
  lease.spawn(lapse_at(due));
}

base::Task<void> ParkedCall::lapse_at(base::TimePoint due) {
  co_await scheduler_.sleep_until(due);
  if (lapsed) lapsed();
}

bool ParkedCall::asks() const noexcept {
  return std::any_of(questions_.begin(), questions_.end(),
                     [](Question const& question) { return !question.answered.is_set(); });
}

// A question for as long as somebody waits for its answer.
class ParkedCall::Place {
 public:
  explicit Place(ParkedCall& parked)
      : parked_(parked),
        at_(parked.questions_.emplace(parked.questions_.end(), parked.scheduler_,
                                      "q" + std::to_string(++parked.asked_))) {}
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;
  ~Place() { parked_.questions_.erase(at_); }
  Question* operator->() noexcept { return &*at_; }

 private:
  ParkedCall& parked_;
  std::list<Question>::iterator at_;
};

base::Task<Result<mcp::Message>> ParkedCall::ask(std::string method, std::string params) {
  if (questions_.size() >= kQuestionsMax) {
    co_return Error(Fault::busy, Blame::gateway, "too many questions are open in this call");
  }
  Place question(*this);
  question->method = std::move(method);
  question->params = as_modern(params);
  stirred_.set();
  {
    core::Parked const standing(call, scheduler_, answer_max_);
    co_await base::ready_until(scheduler_, question->answered, scheduler_.now() + answer_max_);
  }
  if (!question->answered.is_set()) {
    if (lapsed) lapsed();
    co_return Error(Fault::timed_out, Blame::client, "the client did not answer in time");
  }
  auto message = mcp::decode(R"({"jsonrpc":"2.0","id":0,"result":)" + question->result + '}');
  if (!message) co_return Error(Fault::invalid_input, Blame::client, "the answer is not an object");
  co_return std::move(*message);
}

std::string ParkedCall::input_requests() const {
  std::string out = "{";
  for (auto const& question : questions_) {
    if (question.answered.is_set()) continue;
    out.append(out.size() > 1 ? ",\"" : "\"").append(question.key).append(R"(":{"method":")");
    out.append(question.method).append(R"(","params":)").append(question.params).append("}");
  }
  return out += '}';
}

void ParkedCall::answer(std::string_view responses) {
  mcp::JsonCursor cursor(responses);
  mcp::JsonValue key, value;
  if (cursor.enter_object()) {
    while (cursor.next_member(key) && cursor.read_value(value)) {
      for (auto& question : questions_) {
        if (question.key != key.inner(responses) || question.answered.is_set()) continue;
        question.result = value.span.of(responses);
        question.answered.set();
      }
    }
  }
  if (asks()) stirred_.set();  // unanswered: asked again
}

}  // namespace weir::bridge
