#include <array>

#include "base/append.hpp"
#include "base/ready_until.hpp"
#include "net/http_connection.hpp"
#include "net/http_text.hpp"
#include "net/internal/scratch.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using internal::give_back;
using internal::scratch;

namespace {

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

// What follows the head goes where it survives: the body to the caller, the next request's bytes to `in`.
std::optional<std::string> HttpConnection::body_now() {
  Framing const& framing = scratch().request.framing;
  if (framing.kind == Framing::Kind::chunked) return std::nullopt;
  if (framing.length > rest_.size()) return std::nullopt;
  auto const length = static_cast<std::size_t>(framing.length);
  std::string body(rest_.substr(0, length));
  if (rest_.size() > length) in.assign(rest_.substr(length));
  rest_ = {};
  body_done = true;
  return body;
}

// The head must survive the coming suspension: own its bytes, parse them again afterwards.
void HttpConnection::keep_head() {
  in.assign(rest_);
  rest_ = {};
  if (from_scratch_) head_bytes_.assign(scratch().bytes.data(), head_length_);
  head_bytes_.resize(head_length_);
  from_scratch_ = false;
}

// Likewise where the body is read later, with the bytes of it that have come already.
void HttpConnection::hold_head() {
  if (!from_scratch_) return;
  std::string own;
  own.reserve(head_length_ + rest_.size());  // grown, it would leave a copy of the head behind
  own.append(scratch().bytes.data(), head_length_).append(rest_);
  head_bytes_ = std::move(own);
  from_scratch_ = false;
}

void HttpConnection::resume_head() {
  HeadSearch fresh;
  std::string_view const bytes(head_bytes_);
  parse_request_head(bytes.substr(0, head_length_), head_limits_, fresh, scratch().request);
  rest_ = bytes.substr(head_length_);
}

void HttpConnection::restore_head() {
  HeadSearch fresh;
  parse_request_head(head_bytes_, head_limits_, fresh, scratch().request);
}

base::TimePoint HttpConnection::body_deadline(std::uint64_t received) const noexcept {
  return body_started_ + options.times.body_grace +
         std::chrono::seconds{received / options.times.body_bytes_per_second_min};
}

Result<std::string> HttpConnection::refuse_body(Fault fault, char const* reason) {
  keep_alive = false;
  restore_head();
  return Error(fault, Blame::client, reason);
}

base::Task<Result<std::string>> HttpConnection::read_body() {
  if (auto body = body_now()) co_return std::move(*body);
  Framing const framing = scratch().request.framing;
  bool const expects = scratch().request.expect_continue;
  keep_head();
  if (framing.length > options.limits.body_bytes_max) {
    refusal = Refusal{413, "the body is larger than this server takes"};
    co_return refuse_body(Fault::too_large, refusal.reason);
  }
  body_started_ = scheduler.now();
  if (expects && in.empty()) {
    iovec const part = part_of(kContinue);
    put({&part, 1});
  }
  if (framing.kind == Framing::Kind::chunked) co_return co_await read_chunked();
  std::string body = std::move(in);
  give_back(in);
  co_return co_await read_sized(std::move(body), static_cast<std::size_t>(framing.length));
}

base::Task<Result<std::string>> HttpConnection::read_sized(std::string body, std::size_t length) {
  std::size_t got = body.size();
  while (got < length) {
    if (got == body.size()) body.resize(internal::body_room(got, length));
    IoResult const more = stream->read(std::span(body.data() + got, body.size() - got));
    if (more.state == IoState::moved) {
      got += more.bytes;
    } else if (more.state == IoState::blocked) {
      if (!co_await base::ready_until(scheduler, stream->arm_read(), body_deadline(got))) {
        co_return refuse_body(Fault::timed_out, "the request body came too slowly");
      }
    } else {
      gone = true;
      co_return refuse_body(Fault::connection_lost, "the client left while sending");
    }
  }
  body_done = true;
  restore_head();
  co_return body;
}

base::Task<Result<std::string>> HttpConnection::read_chunked() {
  ChunkedDecoder decoder(options.limits);
  std::string body;
  std::uint64_t received = 0;
  std::string pending = std::move(in);
  give_back(in);
  for (;;) {
    std::string_view left = pending;
    while (!decoder.done()) {
      auto const step = decoder.next(left);
      if (step.state == ChunkedDecoder::Step::State::bad) {
        refusal = step.refusal;
        bool const large = step.refusal.status == 413;
        co_return refuse_body(large ? Fault::too_large : Fault::invalid_input, step.refusal.reason);
      }
      body.append(step.payload);
      left.remove_prefix(step.consumed);
      if (step.state == ChunkedDecoder::Step::State::need_more) break;
    }
    if (decoder.done()) {
      in.assign(left);
      body_done = true;
      restore_head();
      co_return body;
    }
    pending.clear();
    IoState const state = fill(pending, scratch().some().size());
    received += pending.size();
    if (gone) co_return refuse_body(Fault::connection_lost, "the client left while sending");
    if (state == IoState::blocked &&
        !co_await base::ready_until(scheduler, stream->arm_read(), body_deadline(received))) {
      co_return refuse_body(Fault::timed_out, "the request body came too slowly");
    }
  }
}

void HttpConnection::begin_reply(std::string& into, int status) {
  thread_local DateField date;
  into.clear();
  append_status_line(into, status);
  into.append(date.line(scheduler.clock().wall()));
  replied = true;
}

RequestHead const& HttpExchange::head() const noexcept { return scratch().request; }

void HttpExchange::hold_head() { connection_.hold_head(); }

void HttpExchange::resume_head() { connection_.resume_head(); }

std::optional<std::string> HttpExchange::body_now() { return connection_.body_now(); }

base::Task<Result<std::string>> HttpExchange::read_body() { return connection_.read_body(); }

void HttpExchange::close_after() noexcept { connection_.keep_alive = false; }

bool HttpExchange::streaming() const noexcept { return connection_.stream_open; }

int HttpExchange::refusal_status() const noexcept { return connection_.refusal.status; }

bool HttpExchange::flushed() const noexcept { return connection_.flushed(); }

void HttpExchange::abandon() noexcept { connection_.abandon(); }

std::uint64_t HttpExchange::bytes_out() const noexcept { return connection_.bytes_out; }

std::uint64_t HttpExchange::under_way() const noexcept {
  return connection_.held() + (connection_.stream ? connection_.stream->under_way() : 0);
}

PeerCertificate const* HttpExchange::certificate() const noexcept {
  return connection_.stream ? connection_.stream->certificate() : nullptr;
}

void HttpExchange::add_fields(std::string_view fields) { connection_.common_fields += fields; }

void HttpExchange::reply(int status, std::string_view content_type, std::string_view fields,
                         std::span<iovec const> body) {
  WEIR_ASSERT(!connection_.replied);
  // A body that nobody asked for is dropped if it is here; otherwise its bytes would be taken for a request.
  if (!connection_.body_done && !connection_.body_now()) connection_.keep_alive = false;
  std::size_t length = 0;
  for (auto const& part : body) length += part.iov_len;
  WEIR_ASSERT(status != 204 || length == 0);
  std::string& text = scratch().text;
  connection_.begin_reply(text, status);
  if (!content_type.empty()) base::append(text, "Content-Type: ", content_type, "\r\n");
  base::append(text, fields, connection_.common_fields);
  if (!connection_.keep_alive) text.append("Connection: close\r\n");
  if (status == 204) {
    append_head_end(text);  // there is no body whose length could be told (RFC 9110 section 8.6)
  } else {
    append_last_field(text, length);
  }
  if (length <= internal::kJoinedBytesMax && !connection_.head_request) {
    for (auto const& part : body) text.append(static_cast<char const*>(part.iov_base), part.iov_len);
    body = {};
  }
  std::array<iovec, 48> parts;
  std::size_t count = 0;
  parts[count++] = part_of(text);
  if (!connection_.head_request) {
    WEIR_ASSERT(body.size() < parts.size());
    for (auto const& part : body) parts[count++] = part;
  }
  connection_.put({parts.data(), count});
}

void HttpExchange::reply_text(int status, std::string_view fields, std::string_view text) {
  std::array<iovec, 2> const body{part_of(text), part_of("\n")};
  reply(status, "text/plain; charset=utf-8", fields, {body.data(), text.empty() ? 0U : 2U});
}

void HttpExchange::begin_stream(std::string_view fields) {
  WEIR_ASSERT(!connection_.replied);
  connection_.chunked_reply = !connection_.http10;
  if (connection_.http10 || !connection_.body_done) connection_.keep_alive = false;
  std::string& text = scratch().text;
  connection_.begin_reply(text, 200);
  text.append(
      "Content-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\nX-Accel-Buffering: "
      "no\r\n");
  text.append(fields).append(connection_.common_fields);
  if (!connection_.keep_alive) text.append("Connection: close\r\n");
  if (connection_.chunked_reply) text.append("Transfer-Encoding: chunked\r\n");
  append_head_end(text);
  connection_.hold(text);
  connection_.stream_open = true;
}

base::Task<bool> HttpExchange::send(std::span<iovec const> chunk) {
  send_now(chunk);
  co_return co_await connection_.flush();
}

void HttpExchange::send_now(std::span<iovec const> chunk) {
  std::size_t length = 0;
  for (auto const& part : chunk) length += part.iov_len;
  if (length == 0) return;
  std::array<iovec, 16> parts;
  std::size_t count = 0;
  ChunkHeader const header(length);
  WEIR_ASSERT(chunk.size() + 2 <= parts.size());
  if (connection_.chunked_reply) parts[count++] = part_of(header.text());
  for (auto const& part : chunk) parts[count++] = part;
  if (connection_.chunked_reply) parts[count++] = part_of(kChunkEnd);
  connection_.put({parts.data(), count});
}

void HttpExchange::end_stream() {
  connection_.stream_open = false;
  if (!connection_.chunked_reply) {
    connection_.keep_alive = false;
    return;
  }
  iovec const part = part_of(kLastChunk);
  connection_.put({&part, 1});
}

base::Event* HttpExchange::watch() {
  bool const full = connection_.in.size() >= connection_.options.ahead_bytes_max;
  return connection_.gone || full ? nullptr : &connection_.stream->arm_read();
}

// Looks without waiting. Bytes of later requests are kept: the end of the connection stands behind them.
bool HttpExchange::client_gone() {
  std::size_t const most = connection_.options.ahead_bytes_max;
  if (connection_.gone || connection_.in.size() >= most) return connection_.gone;
  auto const bytes = scratch().some();
  std::size_t const room = std::min(most - connection_.in.size(), bytes.size());
  IoResult const got = connection_.stream->read(bytes.first(room));
  if (got.state == IoState::moved) connection_.in.append(bytes.data(), got.bytes);
  if (got.state == IoState::ended || got.state == IoState::failed) connection_.gone = true;
  return connection_.gone;
}

}  // namespace weir::net
