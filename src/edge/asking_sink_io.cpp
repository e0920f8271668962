#include "base/ready_any.hpp"
#include "core/client_capabilities.hpp"
#include "core/parked.hpp"
#include "edge/asking_sink.hpp"

namespace weir::edge {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

bool may_be_asked(core::Call const& call, std::string_view method, std::string_view params) {
  if (call.modern() || !call.session) return false;
  auto const question = mcp::find_method(method);
  using mcp::Method;
  bool const known = question == Method::elicitation_create || question == Method::sampling_create_message ||
                     question == Method::roots_list;
  return known && core::ClientCapabilities::of(call).missing(question, params).empty();
}

}  // namespace

// A question while it is open. Dropped before it was settled: the client is told.
class AskingSink::Asking {
 public:
  Asking(AskingSink& sink, session::Questions::Open question)
      : sink_(sink),
        question_(std::move(question)),
        parked_(sink.call_, sink.parts_.scheduler, sink.parts_.ask_max) {}
  Asking(Asking const&) = delete;
  Asking& operator=(Asking const&) = delete;
  ~Asking() {
    if (question_.settled().is_set() || sink_.client_left().is_set()) return;
    sink_.tell_now(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
                   question_.id() + R"(,"reason":"no longer needed"}})");
  }
  session::Questions::Open& question() noexcept { return question_; }

 private:
  AskingSink& sink_;
  session::Questions::Open question_;
  core::Parked parked_;
};

base::Task<Result<mcp::Message>> AskingSink::ask(std::string method, std::string params) {
  if (!may_be_asked(call_, method, params)) {
    co_return Error(Fault::unsupported, Blame::client, method + ": the client did not declare it");
  }
  Error const lost(Fault::connection_lost, Blame::client, "the client left before it answered");
  std::shared_ptr<session::Session> session;
  if (auto const pin = parts_.sessions.find(call_.session->id, *call_.principal, parts_.scheduler.now())) {
    session = pin.share();
  }
  if (!session) co_return lost;
  auto opened = session->questions().ask(parts_.scheduler);
  if (!opened) co_return Error(Fault::busy, Blame::client, "too many questions are open in this session");
  Asking asking(*this, std::move(*opened));
  auto& question = asking.question();
  std::string request = R"({"jsonrpc":"2.0","id":)" + question.id() + R"(,"method":")" + method + '"';
  if (!params.empty()) request.append(R"(,"params":)").append(params);
  bool const sent = co_await notify(request.append(1, '}'));
  if (!sent) co_return lost;
  base::TimePoint const until = parts_.scheduler.now() + parts_.ask_max;
  std::array<base::Event*, 2> const either{&question.settled(), &client_left()};
  while (!question.settled().is_set() && !client_left().is_set()) {
    if (parts_.scheduler.now() >= until) {
      co_return Error(Fault::timed_out, Blame::client, "the client did not answer in time");
    }
    co_await base::ready_any(parts_.scheduler, until, either);
  }
  auto answer = question.take();
  if (!answer) co_return lost;
  co_return std::move(*answer);
}

}  // namespace weir::edge
