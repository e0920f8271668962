#include "base/ready_any.hpp"
#include "base/run_until.hpp"
#include "edge/get_stream.hpp"
#include "net/sse.hpp"

namespace weir::edge {

using base::Task;
using session::StreamEnd;

namespace {

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

GetStream::GetStream(Parts parts, std::string_view endpoint, std::string first)
    : parts_(std::move(parts)),
      first_(std::move(first)),
      lists_(parts_.feed, endpoint, parts_.outbox),
      peer_(parts_.scheduler.now()),
      said_(parts_.scheduler.now()),
      swept_(said_),
      turn_(parts_.scheduler, 1) {}

Task<void> GetStream::run() {
  co_await carry();
  co_await say_farewell();
}

Task<void> GetStream::carry() {
  parts_.exchange.begin_stream("");
  live().activate();
  co_await flow();
}

Task<void> GetStream::flow() {
  auto& reader = *parts_.reader;
  if (first_.empty()) first_ = net::kSseKeepAlive;  // the client sees that the stream is open
  bool going = co_await send(std::move(first_));
  while (going && live().open()) {
    if (parts_.feed.closed() && staying_ == 0) live().begin_close(StreamEnd::shutdown);
    if (parts_.tenure.over()) live().begin_close(StreamEnd::credential);
    if (!live().open()) break;
    reader.news.reset();
    auto const now = parts_.scheduler.now();
    auto const lists_due = parts_.outbox->own(reader) ? lists_.look(now) : base::TimePoint::max();
    if (auto event = parts_.outbox->next(reader)) {
      std::string text;
      if (parts_.resumable) static_cast<void>(net::append_sse_id(text, event->id));
      net::append_sse_message(text, event->json);
      going = co_await send(std::move(text));
    } else if (parts_.outbox->finished(reader)) {
      live().begin_close(StreamEnd::done);
    } else {
      tend(now);
      if (live().open()) co_await wait(lists_due);
    }
  }
  if (!going) live().begin_close(StreamEnd::client_gone);
}

// False: the client has gone, or the stream is to close while the client takes nothing.
Task<bool> GetStream::send(std::string text) {
  auto work = write(std::move(text));
  while (co_await base::run_until(parts_.scheduler, work, base::TimePoint::max(), &parts_.reader->news) !=
         base::Ended::done) {
    if (!live().open()) co_return false;
    parts_.reader->news.reset();
  }
  co_return work.take();
}

Task<bool> GetStream::write(std::string text) {
  auto const turn = co_await turn_.acquire();
  said_ = parts_.scheduler.now();
  iovec const part = part_of(text);
  co_return co_await parts_.exchange.send({&part, 1});
}

Task<bool> GetStream::tell(std::string json) {
  if (!live().open()) co_return false;
  std::string text;
  net::append_sse_message(text, json);
  bool const taken = co_await write(std::move(text));
  if (!taken && live().begin_close(StreamEnd::client_gone)) parts_.reader->news.set();
  co_return taken&& live().open();
}

void GetStream::tell_now(std::string_view json) {
  if (!live().open() || !parts_.exchange.flushed()) return;
  std::string text;
  net::append_sse_message(text, json);
  iovec const part = part_of(text);
  parts_.exchange.send_now({&part, 1});
}

Task<void> GetStream::wait(base::TimePoint lists_due) {
  base::Event* const hangup = parts_.exchange.watch();
  auto const until = std::min(
      {lists_due, said_ + parts_.rules.keepalive, swept_ + parts_.rules.sweep, parts_.tenure.until()});
  base::Event* const changed = parts_.feed.closed() ? nullptr : &parts_.feed.changed();
  std::array<base::Event*, 4> const any{&parts_.reader->news, changed, hangup, &parts_.tenure.changed()};
  co_await base::ready_any(parts_.scheduler, until, any);
  if (hangup != nullptr && hangup->is_set() && parts_.exchange.client_gone()) {
    live().begin_close(StreamEnd::client_gone);
  }
}

void GetStream::tend(base::TimePoint now) {
  if (now >= swept_ + parts_.rules.sweep) {
    swept_ = now;
    auto& exchange = parts_.exchange;
    if (peer_.is_stale(exchange.bytes_out(), exchange.under_way(), parts_.rules.stale, now)) {
      live().begin_close(StreamEnd::stale);
      return;
    }
  }
  if (now < said_ + parts_.rules.keepalive) return;
  said_ = now;
  iovec const part = part_of(net::kSseKeepAlive);
  if (parts_.exchange.flushed()) parts_.exchange.send_now({&part, 1});
}

Task<void> GetStream::say_farewell() {
  auto& exchange = parts_.exchange;
  if (live().why() == StreamEnd::client_gone || live().why() == StreamEnd::stale) {
    exchange.abandon();
    co_return;
  }
  if (live().why() != StreamEnd::done) {
    std::string const over = parts_.outbox->why();
    std::string const why(over.empty() ? session::name_of(live().why()) : std::string_view(over));
    std::string text;
    net::append_sse_event(text, "close", R"({"reason":")" + why + "\"}");
    iovec const part = part_of(text);
    exchange.send_now({&part, 1});
  }
  exchange.end_stream();  // no more than that: its head did not announce that the connection would close
  auto work = exchange.send({});
  auto const until = parts_.scheduler.now() + parts_.rules.closing_max;
  if (co_await base::run_until(parts_.scheduler, work, until) != base::Ended::done) exchange.abandon();
}

}  // namespace weir::edge
