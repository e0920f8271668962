#include "upstream/hop_call_io.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/parked.hpp"

namespace weir::upstream {

using base::Result;
using core::Outcome;

HopCall::HopCall(base::Scheduler& here, std::shared_ptr<ServerHome> home, core::Call const& call)
    : Errand(here, home->place()), home_(std::move(home)), copy_(call), room_(home_->place()->loop()) {
  copy_.call.client = this;
}

base::Task<Result<Outcome>> HopCall::perform() {
  auto const entry = home_->entry();
  if (!entry) {
    co_return base::Error(base::Fault::unavailable, base::Blame::gateway, "the server is being stopped",
                          base::Retry::always);
  }
  auto outcome = co_await entry->handle(copy_.call);
  co_return outcome;
}

// Asked of the client on its own worker while a coroutine waits there for the response.
struct HopCall::Question {
  Question(base::Scheduler& here, base::Scheduler& there, std::string p)
      : params(std::move(p)), answered(there), withdrawn(here) {}
  std::string params;
  std::optional<Result<mcp::Message>> response;  // here, until `answered` is posted
  base::Event answered;                          // there
  base::Event withdrawn;                         // here
};

class HopCall::Asked {  // withdraws the question when nobody waits for the response any more
 public:
  Asked(HopCall& hop, std::shared_ptr<Question> question) : hop_(hop), question_(std::move(question)) {}
  Asked(Asked const&) = delete;
  Asked& operator=(Asked const&) = delete;
  ~Asked() {
    if (question_->answered.is_set()) return;
    hop_.here().post([question = question_] { question->withdrawn.set(); });
  }

 private:
  HopCall& hop_;
  std::shared_ptr<Question> question_;
};

base::Task<bool> HopCall::notify(std::string notification) {
  return send_back(std::move(notification), nullptr);
}

base::Task<Result<mcp::Message>> HopCall::ask(std::string method, std::string params) {
  auto const question = std::make_shared<Question>(here(), there(), std::move(params));
  bool const listening = co_await send_back(std::move(method), question);
  if (!listening) {
    co_return base::Error(base::Fault::connection_lost, base::Blame::client, "the client is gone");
  }
  Asked const asked(*this, question);
  core::Parked const parked(copy_.call, there(), kQuestionMax);
  co_await question->answered.wait();
  co_return std::move(*question->response);
}

base::Task<void> HopCall::put(core::ClientSink& client, std::string method,
                              std::shared_ptr<Question> question) {
  auto work = client.ask(std::move(method), std::move(question->params));
  auto const ended = co_await base::run_until(here(), work, base::TimePoint::max(), &question->withdrawn);
  if (ended != base::Ended::done) co_return;
  question->response = work.take();
  there().post([question] { question->answered.set(); });
}

base::Task<bool> HopCall::send_back(std::string text, std::shared_ptr<Question> question) {
  std::size_t const bytes = text.size() + (question ? question->params.size() : 0);
  while (listening_ && notes_away_ > 0 && (notes_away_ >= kNotesMax || bytes_away_ + bytes > kNoteBytesMax)) {
    room_.reset();
    co_await room_.wait();
  }
  if (!listening_) co_return false;
  ++notes_away_;
  bytes_away_ += bytes;
  here().post([hop = self(), note = Note{std::move(text), std::move(question)}]() mutable {
    hop->come_.push_back(std::move(note));
    hop->news().set();
  });
  co_return true;
}

void HopCall::taken(std::size_t bytes, bool listening) {
  there().post([hop = self(), bytes, listening] {
    --hop->notes_away_;
    hop->bytes_away_ -= bytes;
    if (!listening) hop->listening_ = false;
    hop->room_.set();
  });
}

base::Task<Result<Outcome>> HopCall::serve(std::shared_ptr<HopCall> hop, core::Call& call) {
  base::ErrandRun<Outcome> const run(*hop);
  base::TaskGroup questions(hop->here());
  for (;;) {
    while (!hop->come_.empty()) {
      Note note = std::move(hop->come_.front());
      hop->come_.pop_front();
      std::size_t bytes = note.text.size();
      bool listening = true;
      if (note.question) {
        bytes += note.question->params.size();
        questions.spawn(hop->put(*call.client, std::move(note.text), std::move(note.question)));
      } else {
        listening = co_await call.client->notify(std::move(note.text));
      }
      hop->taken(bytes, listening);
    }
    if (hop->answered()) break;
    co_await hop->news().wait();
    hop->news().reset();
  }
  call.facts.add(hop->copy_.call.facts);
  call.deadline = std::max(call.deadline, hop->copy_.call.deadline);  // progress has moved it
  co_return hop->take();
}

}  // namespace weir::upstream
