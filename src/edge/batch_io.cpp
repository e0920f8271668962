#include "edge/batch.hpp"

#include "base/run_until.hpp"
#include "edge/batch_contents.hpp"
#include "edge/call_run.hpp"

namespace weir::edge {

using base::Ended;
using base::Task;

// What one call of the batch says goes out on the stream of all.
class Batch::Sink final : public AskingSink {
 public:
  Sink(Parts parts, core::Call& call, HttpSink& stream) noexcept : AskingSink(parts, call), stream_(stream) {}
  Task<bool> notify(std::string notification) override { return stream_.notify(std::move(notification)); }

 private:
  void tell_now(std::string notification) override { stream_.tell_now(std::move(notification)); }
  base::Event& client_left() noexcept override { return stream_.client_left(); }

  HttpSink& stream_;
};

Batch::Batch(EndpointParts const& parts, EndpointRules const& rules, net::HttpExchange& exchange,
             std::vector<Item> items, std::vector<std::string> answers)
    : parts_(parts),
      rules_(rules),
      exchange_(exchange),
      items_(std::move(items)),
      answers_(std::move(answers)),
      stream_({parts.scheduler, parts.sessions, rules.ask_max}, *items_.front().call, exchange, parts.meter,
              rules.streams, items_.front().request_id),
      calls_(parts.scheduler) {}

Task<void> Batch::serve(Item& item) {
  auto& call = *item.call;
  CallRecord record;
  record.request_id = item.request_id;
  record.bytes_in = call.request.bytes().size();
  Sink sink({parts_.scheduler, parts_.sessions, rules_.ask_max}, call, stream_);
  call.client = &sink;
  auto const pass = parts_.gate.enter();
  auto json = co_await run_call(parts_, rules_, call, record, pass.has_value());
  if (!json.empty()) co_await deliver(std::move(json));
  record.duration = parts_.scheduler.clock().exact() - call.started;
  parts_.meter.record(call, record);
}

Task<void> Batch::deliver(std::string json) {
  if (exchange_.streaming() || held_ + json.size() > kHeldBytesMax) {
    co_await stream_.notify(std::move(json));
  } else if (stream_.attached()) {
    held_ += json.size();
    answers_.push_back(std::move(json));
  }
}

Task<void> Batch::wait() {
  auto const all = [](base::TaskGroup& group) -> Task<void> { co_await group.idle(); };
  auto done = all(calls_);
  for (;;) {
    base::Event* const hangup = stream_.attached() ? exchange_.watch() : nullptr;
    auto const until = parts_.scheduler.now() + rules_.streams.keepalive;
    Ended const ended = co_await base::run_until(parts_.scheduler, done, until, hangup);
    if (ended == Ended::done) co_return;
    if (ended == Ended::deadline) stream_.keep_alive();
    if (stream_.attached() && !exchange_.client_gone()) continue;
    stream_.detach();
    exchange_.abandon();  // its seat is somebody else's while the calls run on
  }
}

Task<void> Batch::run() {
  for (auto& item : items_) {
    bool const request = item.call->request.kind() == mcp::MessageKind::request;
    if (request) {
      calls_.spawn(serve(item));
    } else {
      parts_.entry.note(*item.call);
    }
  }
  co_await wait();
  if (!exchange_.streaming()) {
    reply(exchange_, answers_, fields_for(items_.front().request_id));
    co_return;
  }
  for (auto& answer : answers_) co_await stream_.notify(std::move(answer));
  if (stream_.attached()) exchange_.end_stream();
}

void Batch::reply(net::HttpExchange& exchange, std::vector<std::string> const& answers,
                  std::string_view fields) {
  if (answers.empty()) return exchange.reply(202, "", fields, {});
  auto array = as_array(answers);
  iovec const part{array.data(), array.size()};
  exchange.reply(200, "application/json", fields, {&part, 1});
}

}  // namespace weir::edge
