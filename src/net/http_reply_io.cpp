#include "net/client_connection.hpp"
#include "net/internal/scratch.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;
using internal::give_back;
using internal::scratch;

namespace {

constexpr unsigned kReadsInARow = 16;  // then others get a turn

Error broke_off() {
  return Error(Fault::connection_lost, Blame::upstream, "the answer broke off", Retry::if_idempotent);
}

}  // namespace

base::Task<Result<bool>> ClientConnection::fill() {
  for (;;) {
    if (!stream->arm_read().is_set()) {
      reads_ = 0;
      co_await stream->readable();
    }
    IoResult const got = stream->read(scratch().some());
    note_scratch(got);
    if (got.state == IoState::blocked) continue;
    if (got.state == IoState::failed) co_return broke_off();
    if (got.state == IoState::ended) co_return false;
    in.assign(scratch().bytes.data(), got.bytes);
    at_ = 0;
    // One that never stops sending must not keep the worker from everybody else.
    if (++reads_ % kReadsInARow == 0) co_await scheduler.sleep_for({});
    co_return true;
  }
}

// The next run of payload within `in`. When all of `in` is used up its memory is given back.
Result<std::string_view> ClientConnection::next_payload(bool ended) {
  std::string_view left = std::string_view(in).substr(at_);
  std::string_view payload;
  if (framing_.kind == Framing::Kind::chunked) {
    auto const step = chunks_->next(left);
    if (step.state == ChunkedDecoder::Step::State::bad) {
      return Error(step.refusal.status == 413 ? Fault::too_large : Fault::protocol, Blame::upstream,
                   step.refusal.reason);
    }
    at_ += step.consumed;
    payload = step.payload;
    complete = chunks_->done();
  } else {
    std::uint64_t const most =
        framing_.kind == Framing::Kind::length ? framing_.length - received_ : left.size();
    payload = left.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(most, left.size())));
    at_ += payload.size();
    complete = framing_.kind == Framing::Kind::length ? received_ + payload.size() == framing_.length : ended;
  }
  received_ += payload.size();
  if (payload.empty() && at_ == in.size()) {
    give_back(in);
    at_ = 0;
  }
  return payload;
}

std::optional<std::string> ClientConnection::body_now() {
  if (complete) return std::string();
  if (framing_.kind != Framing::Kind::length || body_.size() < framing_.length) return std::nullopt;
  complete = true;
  return std::exchange(body_, std::string());
}

// Asks for one byte more than is due: a read that comes back short has found the end of what is there, and
// the connection goes back to the pool without another look.
base::Task<Result<std::string>> ClientConnection::read_sized() {
  std::size_t got = body_.size();
  internal::WipedText partial(std::move(body_));
  auto& body = partial.text;
  give_back(body_);
  auto const length = static_cast<std::size_t>(framing_.length);
  while (got < length) {
    if (got == body.size()) body.resize(internal::body_room(got, length + 1));
    IoResult const more = stream->read(std::span(body.data() + got, body.size() - got));
    if (more.state == IoState::moved) {
      got += more.bytes;
    } else if (more.state == IoState::blocked) {
      co_await stream->readable();
    } else {
      co_return broke_off();
    }
  }
  if (got > length) keep_alive = false;  // something follows the answer
  body.resize(length);
  complete = true;
  co_return std::move(body);
}

base::Task<Result<std::string>> ClientConnection::read_body() {
  if (complete) co_return std::string();
  if (framing_.kind == Framing::Kind::length && in.empty()) co_return co_await read_sized();
  internal::WipedText partial;
  auto& body = partial.text;
  bool ended = false;
  for (;;) {
    auto const payload = next_payload(ended);
    if (!payload) co_return payload.error();
    internal::append_wiping(body, *payload);
    if (body.size() > options.limits.body_bytes_max) {
      co_return Error(Fault::too_large, Blame::upstream, "the answer is over the limit");
    }
    if (complete) {
      in.erase(0, at_);  // anything left would make the connection unfit for reuse
      at_ = 0;
      co_return std::move(body);
    }
    if (!payload->empty() || !in.empty()) continue;
    if (ended) co_return broke_off();
    auto const more = co_await fill();
    if (!more) co_return more.error();
    ended = !*more;
  }
}

// The next event of what is here already, within `piece_`.
Result<std::optional<HttpReply::Event>> ClientConnection::event_in_piece() {
  while (!piece_.empty()) {
    SseEvent event;
    auto const step = sse.next(piece_, event);
    piece_.remove_prefix(step.consumed);
    if (step.state == SseParser::State::too_large && !options.passes_over_long_events) {
      return Error(Fault::too_large, Blame::upstream, "an event is over the limit");
    }
    bool const over_long = step.state == SseParser::State::skipped;
    if (!over_long && (step.state != SseParser::State::event || event.data.empty())) continue;
    HttpReply::Event found;
    found.type.assign(event.type);
    found.data.assign(event.data);
    found.over_long = over_long;
    return std::optional(std::move(found));
  }
  return std::optional<HttpReply::Event>();
}

std::optional<Result<std::optional<HttpReply::Event>>> ClientConnection::event_now() {
  using Found = Result<std::optional<HttpReply::Event>>;
  had_turn = false;
  for (;;) {
    auto found = event_in_piece();
    if (!found || *found) return found;
    if (complete) {
      in.erase(0, at_);
      at_ = 0;
      return found;
    }
    auto const payload = next_payload(ended_);
    if (!payload) return Found(payload.error());
    piece_ = *payload;
    if (!piece_.empty() || complete || !in.empty()) continue;
    if (ended_) return Found(broke_off());
    bool const there = stream->arm_read().is_set();
    IoResult const got = there ? stream->read(scratch().some()) : IoResult{IoState::blocked};
    note_scratch(got);
    if (got.state == IoState::blocked) {
      reads_ = 0;
      return std::nullopt;
    }
    if (got.state == IoState::failed) return Found(broke_off());
    ended_ = got.state == IoState::ended;
    in.assign(scratch().bytes.data(), got.bytes);
    at_ = 0;
    if (++reads_ % kReadsInARow == 0) {
      had_turn = true;
      return std::nullopt;
    }
  }
}

base::Task<Result<std::optional<HttpReply::Event>>> ClientConnection::next_event() {
  for (;;) {
    if (auto now = event_now()) co_return std::move(*now);
    if (had_turn) {
      co_await scheduler.sleep_for({});
    } else {
      co_await stream->readable();
    }
  }
}

std::optional<std::string> HttpReply::body_now() { return connection_->body_now(); }

base::Task<Result<std::string>> HttpReply::body() { return connection_->read_body(); }

base::Task<Result<std::optional<HttpReply::Event>>> HttpReply::next_event() {
  return connection_->next_event();
}

std::optional<Result<std::optional<HttpReply::Event>>> HttpReply::event_now() {
  return connection_->event_now();
}

bool HttpReply::had_turn() const noexcept { return connection_->had_turn; }

Stream& HttpReply::stream() const noexcept { return *connection_->stream; }

std::string_view HttpReply::last_event_id() const noexcept { return connection_->sse.last_event_id(); }

SseParser::Ends HttpReply::ends_of_event() const noexcept { return connection_->sse.ends(); }

std::optional<std::uint32_t> HttpReply::retry_ms() const noexcept { return connection_->sse.retry_ms(); }

}  // namespace weir::net
