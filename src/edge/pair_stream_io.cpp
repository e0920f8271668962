#include "edge/answer.hpp"
#include "edge/asking_sink.hpp"
#include "edge/call_run.hpp"
#include "edge/pair_stream.hpp"

namespace weir::edge {

using base::Task;
using mcp::Field;

class PairStream::Sink final : public AskingSink {
 public:
  Sink(PairStream& owner, core::Call& call) noexcept
      : AskingSink(
            {owner.parts_.endpoint.scheduler, owner.parts_.endpoint.sessions, owner.parts_.rules.ask_max},
            call),
        owner_(owner) {}
  Task<bool> notify(std::string notification) override {
    return owner_.stream_.tell(std::move(notification));
  }

 private:
  void tell_now(std::string notification) override { owner_.stream_.tell_now(notification); }
  base::Event& client_left() noexcept override { return owner_.gone_; }

  PairStream& owner_;
};

// One call's record: made also when the call ends with the stream, in the middle of anything.
class PairStream::Trace {
 public:
  Trace(EndpointParts const& parts, core::Call const& call, std::string request_id)
      : parts_(parts), call_(call), request_id_(std::move(request_id)) {
    record.request_id = request_id_;
    record.bytes_in = call.request.bytes().size();
  }
  Trace(Trace const&) = delete;
  Trace& operator=(Trace const&) = delete;
  ~Trace() {
    if (!settled) {
      record.outcome = observe::Outcome::cancelled;
      record.error_type = observe::kCancelled;
    }
    record.duration = parts_.scheduler.clock().exact() - call_.started;
    parts_.meter.record(call_, record);
  }

  CallRecord record;
  bool settled = false;

 private:
  EndpointParts const& parts_;
  core::Call const& call_;
  std::string request_id_;
};

PairStream::PairStream(Parts parts, GetStream::Parts stream, std::string first)
    : parts_(std::move(parts)),
      stream_(std::move(stream), parts_.server, std::move(first)),
      gone_(parts_.endpoint.scheduler),
      calls_(parts_.endpoint.scheduler) {}

Task<void> PairStream::run() {
  calls_.spawn(take_letters());
  co_await stream_.carry();
  parts_.letters->close();  // before the farewell, which takes a while: what came now would be answered never
  gone_.set();
  calls_.cancel();
  co_await stream_.say_farewell();
}

Task<void> PairStream::take_letters() {
  for (;;) {
    parts_.letters->filled().reset();
    while (auto letter = parts_.letters->take()) calls_.spawn(serve(std::move(*letter)));
    co_await parts_.letters->filled().wait();
  }
}

Task<void> PairStream::serve(session::Letterbox::Letter letter) {
  GetStream::Stay const at_work(stream_);
  auto& call = *letter.call;
  parts_.tenure.renew(letter.principal);
  if (call.method == mcp::Method::initialize) {
    if (auto const refusal = era::check_initialize(call.request)) {
      auto const id = call.request.raw(Field::id);
      co_await stream_.tell(error_message(id, refusal->code, refusal->message, refusal->data));
      co_return;
    }
    std::string scratch;
    call.revision = era::negotiate_legacy(call.request.text(Field::protocol_version, scratch));
  }
  co_await answer(call, std::move(letter.request_id));
}

Task<void> PairStream::answer(core::Call& call, std::string request_id) {
  Trace trace(parts_.endpoint, call, std::move(request_id));
  Sink sink(*this, call);
  call.client = &sink;
  auto json = co_await run_call(parts_.endpoint, parts_.rules, call, trace.record, true);
  trace.settled = true;
  if (!json.empty()) co_await stream_.tell(std::move(json));
}

}  // namespace weir::edge
