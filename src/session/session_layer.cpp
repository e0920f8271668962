#include "session/session_layer.hpp"

#include "base/run_until.hpp"
#include "core/outcome.hpp"

namespace weir::session {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using core::Outcome;
using mcp::Field;

namespace {

constexpr int kInvalidRequest = -32600;

Error unknown_session() {
  return Error(Fault::not_found, Blame::client, "session not found").advise("Send initialize again.");
}

// A run registered with its session; leaving takes it out again, however the run ends.
class Registration {
 public:
  Registration(Session& session, std::string_view id, base::Scheduler& scheduler)
      : session_(session), flag_(std::make_shared<RunFlag>(scheduler)), in_(session.started(id, flag_)) {}
  Registration(Registration const&) = delete;
  Registration& operator=(Registration const&) = delete;
  ~Registration() {
    if (in_) session_.finished(*flag_);
  }
  bool in() const noexcept { return in_; }
  base::Event& stop() noexcept { return flag_->stop; }
  bool session_over() const noexcept { return flag_->session_over; }

 private:
  Session& session_;
  std::shared_ptr<RunFlag> flag_;
  bool in_;
};

}  // namespace

SessionTable::Table::Pin SessionLayer::session_of(core::Call const& call) {
  return sessions_.find(call.session_id, *call.principal, call.endpoint, scheduler_.now());
}

base::Task<Result<Outcome>> SessionLayer::initialize(core::Call& call) {
  auto outcome = co_await inner_->handle(call);
  if (!outcome || outcome->message.kind() != mcp::MessageKind::result) co_return outcome;
  core::ClientSession client;
  client.capabilities = call.request.raw(Field::capabilities);
  client.client_info = call.request.raw(Field::client_info);
  client.revision = call.revision;
  client.endpoint = call.endpoint;
  if (!call.session_id.empty()) co_return greet(call, std::move(client), std::move(*outcome));
  auto const transport = call.http ? observe::Transport::tcp : observe::Transport::pipe;
  auto opened = sessions_.open(std::move(client), *call.principal, scheduler_.now(), transport);
  if (!opened) co_return opened.error();
  call.session = (**opened).client();
  call.session_id = call.session->id;
  co_return outcome;
}

// HTTP+SSE: the session was there before.
Result<Outcome> SessionLayer::greet(core::Call& call, core::ClientSession client, Outcome outcome) {
  auto pin = session_of(call);
  if (!pin) return unknown_session();
  pin.refresh(scheduler_.now());
  bool const first = pin->shake_hands(std::move(client));
  call.session = pin->client();
  if (!first) return core::from_error(kInvalidRequest, "initialize was sent before");
  return outcome;
}

base::Task<Result<Outcome>> SessionLayer::within(core::Call& call, SessionTable::Table::Pin pin) {
  Registration run(*pin, call.request.raw(Field::id), scheduler_);
  if (!run.in()) {
    co_return Error(Fault::busy, Blame::client, "too many requests in flight in this session",
                    base::Retry::always);
  }
  auto work = inner_->handle(call);
  auto const ended = co_await base::run_until(scheduler_, work, base::TimePoint::max(), &run.stop());
  pin.refresh(scheduler_.now());
  if (ended != base::Ended::done && run.session_over()) co_return unknown_session();
  if (ended != base::Ended::done) co_return Error(Fault::cancelled, Blame::client, "cancelled by the client");
  co_return work.take();
}

// No coroutine itself: modern calls have no session and should not pay for a frame.
base::Task<Result<Outcome>> SessionLayer::handle(core::Call& call) {
  return call.modern() ? inner_->handle(call) : handle_legacy(call);
}

base::Task<Result<Outcome>> SessionLayer::handle_legacy(core::Call& call) {
  if (call.method == mcp::Method::initialize) co_return co_await initialize(call);
  auto pin = session_of(call);
  if (!pin) co_return unknown_session();
  pin.refresh(scheduler_.now());
  call.session = pin->client();
  if (!call.revision_stated) call.revision = call.session->revision;
  co_return co_await within(call, std::move(pin));
}

bool SessionLayer::note(core::Call& call) {
  auto pin = session_of(call);
  if (!pin) return false;
  pin.refresh(scheduler_.now());
  auto const kind = call.request.kind();
  if (kind == mcp::MessageKind::result || kind == mcp::MessageKind::error) {
    pin->questions().answer(std::move(call.request));
  } else if (call.method == mcp::Method::notifications_cancelled) {
    pin->cancel(call.request.raw(Field::request_id));
  }
  return true;
}

}  // namespace weir::session
