#include "edge/stdio_endpoint.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/ready_any.hpp"
#include "edge/answer.hpp"
#include "edge/asking_sink.hpp"
#include "edge/list_watch.hpp"
#include "edge/trace.hpp"
#include "net/sse.hpp"

namespace weir::edge {

using base::Ended;
using base::Task;
using core::Outcome;
using mcp::Field;
using upstream::LineFramer;

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kInvalidRequest = -32600;

std::string_view text_of(iovec const& piece) {
  return {static_cast<char const*>(piece.iov_base), piece.iov_len};
}

// A server ends a subscription with its result and, on stdio, with this behind it (MCP 2026-07-28,
// basic/patterns/cancellation).
std::string end_of_listen(std::string_view id) {
  return fmt::format(R"({{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{}}}}})",
                     id);
}

void put_on_one_line(std::string& json) {
  for (char& byte : json) {
    if (byte == '\n' || byte == '\r') byte = ' ';
  }
}

}  // namespace

class StdioEndpoint::Sink final : public AskingSink {
 public:
  Sink(StdioEndpoint& endpoint, core::Call& call) noexcept
      : AskingSink({endpoint.parts_.scheduler, endpoint.parts_.sessions, endpoint.rules_()->ask_max}, call),
        endpoint_(endpoint) {}
  Task<bool> notify(std::string notification) override {
    return endpoint_.write_line(std::move(notification));
  }

 private:
  void tell_now(std::string notification) override { endpoint_.writer_->write_small(notification); }
  base::Event& client_left() noexcept override { return endpoint_.gone_; }

  StdioEndpoint& endpoint_;
};

StdioEndpoint::StdioEndpoint(EndpointParts parts, RulesNow rules, StdioOptions options, bool const& stopping)
    : parts_(parts),
      rules_(std::move(rules)),
      options_(options),
      stopping_(stopping),
      who_(auth::Authenticator({}, {}).identify({}, parts.scheduler.clock().wall()).value()),
      room_(parts.scheduler),
      gone_(parts.scheduler),
      request_stem_(parts.random.token(9)),
      requests_group_(parts.scheduler),
      shell_(parts.scheduler) {}

StdioEndpoint::~StdioEndpoint() {
  requests_group_.cancel();
  shell_.cancel();
}

void StdioEndpoint::start(std::unique_ptr<net::Stream> in, std::unique_ptr<net::Stream> out,
                          std::function<void()> on_end) {
  in_ = std::move(in);
  out_ = std::move(out);
  framer_.emplace(LineFramer::Limits{.line_bytes_max = rules_()->body_bytes_max});
  writer_.emplace(parts_.scheduler, *out_);
  buffer_.resize(kReadBytes);
  shell_.spawn(write_backlog());
  shell_.spawn(serve(std::move(on_end)));
}

Task<void> StdioEndpoint::serve(std::function<void()> on_end) {
  auto reading = read_lines();
  co_await base::run_until(parts_.scheduler, reading, base::TimePoint::max(), &gone_);
  running_.for_each([](Running& run) {
    if (run.endless) run.cancelled.set();
  });
  auto const all = [](base::TaskGroup& group) -> Task<void> { co_await group.idle(); };
  auto answering = all(requests_group_);
  co_await base::run_until(parts_.scheduler, answering, parts_.scheduler.now() + options_.linger, &gone_);
  requests_group_.cancel();
  on_end();
}

Task<void> StdioEndpoint::read_lines() {
  bool open = true;
  while (open) {
    auto const got = in_->read(buffer_);
    if (got.state == net::IoState::blocked) {
      co_await in_->readable();
      continue;
    }
    open = got.state == net::IoState::moved;
    std::string_view chunk =
        open ? std::string_view(buffer_).substr(0, got.bytes) : "\n";  // ends the last line
    while (auto line = framer_->take(chunk)) {
      take_line(std::move(*line));
      while (lines_ >= options_.lines_max) {
        room_.reset();
        co_await room_.wait();
      }
    }
    if (got.bytes == buffer_.size())
      co_await parts_.scheduler.sleep_until(parts_.scheduler.now());  // others' turn
  }
}

Task<void> StdioEndpoint::write_backlog() {
  while (!writer_->closed()) {
    co_await writer_->waiting().wait();
    writer_->flush();
    if (!writer_->idle()) co_await out_->writable();
  }
  gone_.set();
}

void StdioEndpoint::begin_session(session::SessionTable::Table::Pin const& session) {
  session_ = session->client();
  // Of a session that grew too old: what changed since it was told last is still to be told.
  if (auto const told = outbox_ ? outbox_->told() : std::nullopt) session->outbox()->set_told(*told);
  outbox_ = session->outbox();
  shell_.spawn(serve_inbox(outbox_));
}

// What belongs to no request: list changes, resource updates.
Task<void> StdioEndpoint::serve_inbox(std::shared_ptr<session::Outbox> outbox) {
  static observe::StreamMetrics const uncounted;  // it is no event stream
  ListWatch lists(parts_.catalog, {}, outbox);
  session::Outbox::Reading reader;
  while (!parts_.catalog.closed()) {
    if (!reader || !reader->live.open()) {
      // There is no other stream to come back on: a client that fell behind goes on where it was.
      if (reader && reader->live.why() != session::StreamEnd::slow_reader) co_return;
      if (reader) outbox->leave(*reader);
      reader = std::make_shared<session::Outbox::Reader>(parts_.scheduler, uncounted);
      if (!outbox->attach(reader)) co_return;
    }
    reader->news.reset();
    auto const due = lists.look(parts_.scheduler.now());
    if (auto event = outbox->next(*reader)) {
      co_await write_line(std::move(event->json));
      continue;
    }
    std::array<base::Event*, 2> const any{&reader->news, &parts_.catalog.changed()};
    co_await base::ready_any(parts_.scheduler, due, any);
  }
}

void StdioEndpoint::take_line(LineFramer::Line line) {
  if (line.too_long) {
    auto const sentence = fmt::format("A message may have {} bytes at most", rules_()->body_bytes_max);
    auto& id = line.ends.id;
    if (line.ends.kind != upstream::MessageEnds::Kind::answer) {
      requests_group_.spawn(refuse(std::move(id), {413, kInvalidRequest, sentence, {}}));
    } else if (auto instead = mcp::decode(error_message(id, kInvalidRequest, sentence, {}))) {
      take_note(std::move(*instead));  // nobody answers an answer; who asked hears of it
    }
    return;
  }
  auto decoded = mcp::decode(std::move(line.text), {.json = {}, .bytes_max = rules_()->body_bytes_max});
  if (!decoded) {
    auto failure = std::move(decoded).error();
    if (failure.fault == mcp::DecodeFault::batch) return take_array(std::move(failure.bytes));
    requests_group_.spawn(refuse(failure.id, {400, failure.code(), failure.sentence, {}}));
    return;
  }
  switch (decoded->kind()) {
    case mcp::MessageKind::request: requests_group_.spawn(serve_request(std::move(*decoded))); break;
    default: take_note(std::move(*decoded));
  }
}

void StdioEndpoint::take_note(mcp::Message message) {
  core::Call call(std::move(message));
  if (call.method == mcp::Method::notifications_cancelled) {
    auto const named = call.request.raw(Field::request_id);
    running_.for_each([named](Running& run) {
      if (run.id == named) run.cancelled.set();
    });
    return;
  }
  if (!session_) return;
  call.principal = who_.get();
  if (!keep_session(call)) parts_.entry.note(call);
}

Task<void> StdioEndpoint::refuse(std::string id, era::Refusal refusal) {
  Place const place(*this);
  co_await write_line(error_message(id, refusal.code, refusal.message, refusal.data));
}

// `array`: the one that the request came in; null: its answer has a line of its own.
Task<void> StdioEndpoint::serve_request(mcp::Message message, Array* array) {
  Place const place(*this);
  auto const rules = rules_();
  core::Call call(std::move(message));
  call.http = false;
  call.principal = who_.get();
  call.access = rules->access;
  call.started = parts_.scheduler.now();
  call.deadline = call.deadline_latest = call.started + rules->call_max;
  if (auto const refusal = admit(call, *rules)) {
    auto const id = call.request.raw(Field::id);
    co_await deliver(error_message(id, refusal->code, refusal->message, refusal->data), array);
    co_return;
  }
  continue_trace(call, {}, {}, parts_.random);
  std::string const request_id = fmt::format("{}-{}", request_stem_, ++request_count_);
  CallRecord record;
  record.request_id = request_id;
  record.bytes_in = call.request.bytes().size();
  base::Result<Outcome> outcome =
      base::Error(base::Fault::busy, base::Blame::gateway, "too many calls at once", base::Retry::always);
  auto const pass = parts_.gate.enter();
  Ended ended = Ended::done;
  if (pass && !stopping_ && requests_ < options_.requests_max) ended = co_await work_on(call, outcome);
  if (call.method == mcp::Method::initialize) end_handshake(call);
  if (ended == Ended::stopped) {
    record.outcome = observe::Outcome::cancelled;
    record.error_type = observe::kCancelled;
  } else {
    auto settled = settle(call, std::move(outcome), rules->tool_results, record);
    put_id(settled.outcome, call.request.raw(Field::id));
    record.bytes_out = co_await deliver(settled.outcome, array);
    if (call.method == mcp::Method::subscriptions_listen && record.error_code == 0) {
      co_await write_line(end_of_listen(call.request.raw(Field::id)));
    }
  }
  record.duration = parts_.scheduler.clock().exact() - call.started;
  parts_.meter.record(call, record);
}

// `outcome` is set unless nobody wants it any more (`stopped`).
Task<Ended> StdioEndpoint::work_on(core::Call& call, base::Result<Outcome>& outcome) {
  struct Counted {
    std::size_t& count;
    explicit Counted(std::size_t& c) : count(c) { ++count; }
    ~Counted() { --count; }
  } const counted(requests_);
  bool const endless = call.method == mcp::Method::subscriptions_listen;
  Running run(parts_.scheduler, call.request.raw(Field::id), endless);
  if (call.method != mcp::Method::initialize) running_.push_back(run);  // P088
  Sink sink(*this, call);
  call.client = &sink;
  auto work = parts_.entry.handle(call);
  Ended ended = Ended::deadline;
  while (ended == Ended::deadline && (endless || parts_.scheduler.now() < call.deadline_latest)) {
    auto const until = endless ? base::TimePoint::max() : call.deadline_latest;
    ended = co_await base::run_until(parts_.scheduler, work, until, &run.cancelled);
  }
  if (ended == Ended::done) outcome = work.take();
  if (ended == Ended::deadline)
    outcome = base::Error(base::Fault::timed_out, base::Blame::gateway, "call_max");
  bool const cancelled = ended == Ended::done && !outcome && outcome.error().fault == base::Fault::cancelled;
  co_return cancelled ? Ended::stopped : ended;
}

Task<void> StdioEndpoint::my_turn() {
  while (!writer_->idle()) co_await writer_->drained().wait();
}

Task<bool> StdioEndpoint::write_line(std::string line) {
  put_on_one_line(line);
  co_await my_turn();
  iovec const piece{line.data(), line.size()};
  writer_->write({&piece, 1});
  if (writer_->closed()) gone_.set();
  co_return !writer_->closed();
}

Task<std::size_t> StdioEndpoint::write_outcome(Outcome const& outcome) {
  std::array<iovec, mcp::Splice::kPiecesMax> pieces;
  std::span<iovec const> const line(pieces.data(), outcome.edits.fill(pieces));
  std::size_t const bytes = outcome.edits.size() + 1;
  bool const broken = std::any_of(line.begin(), line.end(),
                                  [](iovec const& piece) { return net::has_line_break(text_of(piece)); });
  if (broken) {
    std::string flat;
    outcome.edits.append_to(flat);
    co_await write_line(std::move(flat));
    co_return bytes;
  }
  co_await my_turn();
  writer_->write(line);
  if (writer_->closed()) gone_.set();
  co_return bytes;
}

}  // namespace weir::edge
