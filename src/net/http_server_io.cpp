#include "net/http_server.hpp"

#include <limits>

#include "base/ready_until.hpp"
#include "net/http_connection.hpp"
#include "net/internal/scratch.hpp"

namespace weir::net {

using internal::give_back;
using internal::scratch;

HttpConnection::HttpConnection(base::Scheduler& s, std::unique_ptr<Stream> st, ServerOptions const& o,
                               bool any_length)
    : scheduler(s), stream(std::move(st)), options(o), head_limits_(o.limits) {
  if (any_length) head_limits_.body_bytes_max = std::numeric_limits<std::uint64_t>::max();
}

// A head may carry a caller's credential; what is left of it in scratch goes with it.
HttpConnection::~HttpConnection() {
  internal::wipe(in);
  internal::wipe(head_bytes_);
  forget_head();
}

void HttpConnection::forget_head() noexcept {
  explicit_bzero(scratch().bytes.data(), std::min<std::size_t>(head_length_, scratch().bytes.size()));
}

// Parses the head from `in`, or from fresh bytes in scratch without copying them.
HttpConnection::Next HttpConnection::head_now() {
  std::string_view bytes = in;
  from_scratch_ = in.empty();
  if (from_scratch_) {
    IoResult const got = stream->read(scratch().some());
    if (got.state == IoState::blocked) return Next::more;
    if (got.state != IoState::moved) {
      gone = true;
      return Next::close;
    }
    bytes = {scratch().bytes.data(), got.bytes};
    pipelined_ = 0;
  }
  HeadVerdict const verdict = parse_request_head(bytes, head_limits_, search_, scratch().request);
  head_length_ = static_cast<std::uint32_t>(bytes.size());  // so much of it is in scratch at most
  if (verdict.state == HeadVerdict::State::need_more) {
    if (from_scratch_) in.assign(bytes);
    return Next::more;
  }
  search_ = {};
  if (verdict.state == HeadVerdict::State::bad) {
    refusal = verdict.refusal;
    return Next::refused;
  }
  head_length_ = static_cast<std::uint32_t>(verdict.head_bytes);
  if (from_scratch_) {
    rest_ = bytes.substr(head_length_);
  } else {
    head_bytes_ = std::move(in);  // the views keep pointing into the same heap block
    give_back(in);
    rest_ = std::string_view(head_bytes_).substr(head_length_);
    ++pipelined_;
  }
  return Next::request;
}

// Called when some of a head is here but not all of it.
base::Task<HttpConnection::Next> HttpConnection::read_head() {
  base::TimePoint const deadline = scheduler.now() + options.times.head_max;
  for (;;) {
    bool const in_time = co_await base::ready_until(scheduler, stream->arm_read(), deadline);
    if (!in_time || scheduler.now() >= deadline) {
      if (in.empty()) co_return Next::close;
      refusal = Refusal{408, "the request head took too long"};
      co_return Next::refused;
    }
    if (!in.empty()) {
      fill(in, scratch().some().size());
      if (gone) co_return Next::close;
    }
    Next const next = head_now();
    if (next != Next::more) co_return next;
  }
}

// Appends what can be read now, at most `bytes_max`.
IoState HttpConnection::fill(std::string& into, std::size_t bytes_max) {
  auto const bytes = scratch().some();
  IoResult const got = stream->read(bytes.first(std::min(bytes_max, bytes.size())));
  if (got.state == IoState::moved) internal::append_wiping(into, {bytes.data(), got.bytes});
  if (got.state == IoState::ended || got.state == IoState::failed) gone = true;
  return got.state;
}

void HttpConnection::put(std::span<iovec const> parts) {
  std::size_t total = 0;
  for (auto const& part : parts) total += part.iov_len;
  bytes_out += total;
  std::size_t done = 0;
  if (out_.empty() && !gone) {
    IoResult const put = stream->write(parts);
    if (put.state == IoState::moved) done = put.bytes;
    if (put.state == IoState::ended || put.state == IoState::failed) gone = true;
  }
  if (gone || done == total) return;
  for (auto const& part : parts) {
    std::size_t const skip = std::min(done, part.iov_len);
    done -= skip;
    out_.append(static_cast<char const*>(part.iov_base) + skip, part.iov_len - skip);
  }
}

void HttpConnection::hold(std::string_view text) {
  bytes_out += text.size();
  out_.append(text);
}

// A stream that flush() waits on must not die under it: it is woken and lets go.
void HttpConnection::abandon() noexcept {
  gone = abandoned_ = true;
  if (flushing_) {
    stream->arm_write().set();
  } else {
    stream.reset();
  }
}

HttpConnection::Flushing::Flushing(HttpConnection& of) noexcept : connection(of) {
  WEIR_ASSERT(!connection.flushing_);
  connection.flushing_ = true;
}

HttpConnection::Flushing::~Flushing() {
  connection.flushing_ = false;
  if (connection.abandoned_) connection.stream.reset();
}

base::Task<bool> HttpConnection::flush() {
  Flushing const mark(*this);
  while (!gone && out_sent_ < out_.size()) {
    iovec const part{out_.data() + out_sent_, out_.size() - out_sent_};
    IoResult const put = stream->write({&part, 1});
    if (put.state == IoState::moved) {
      out_sent_ += put.bytes;  // not a local: whoever waits here may be cancelled, and the next one goes on
    } else if (put.state == IoState::blocked) {
      base::TimePoint const deadline = scheduler.now() + options.times.write_stall_max;
      if (!co_await base::ready_until(scheduler, stream->arm_write(), deadline)) gone = true;
    } else {
      gone = true;
    }
  }
  give_back(out_);
  out_sent_ = 0;
  co_return !gone;
}

// A refused client is still sending: closing at once would reset the connection and lose the answer.
base::Task<void> HttpConnection::linger() {
  stream->shutdown_write();
  base::TimePoint const deadline = scheduler.now() + options.times.linger_max;
  for (std::size_t drained = 0; drained < options.times.linger_bytes_max;) {
    IoResult const got = stream->read(scratch().some());
    if (got.state == IoState::moved) {
      drained += got.bytes;
    } else if (got.state != IoState::blocked ||
               !co_await base::ready_until(scheduler, stream->arm_read(), deadline)) {
      co_return;
    }
  }
}

base::Task<bool> HttpConnection::finish(bool stopping) {
  WEIR_ASSERT(replied || gone);
  bool const more = keep_alive && !stopping && !gone && body_done && !stream_open;
  if (!out_.empty() && !co_await flush()) co_return false;
  if (gone) co_return false;
  if (more) {
    forget_head();
    give_back(head_bytes_);
    give_back(common_fields);
    replied = false;
    co_return true;
  }
  co_await linger();
  co_return false;
}

base::Task<void> serve_connection(base::Scheduler& scheduler, std::unique_ptr<Stream> stream,
                                  HttpHandler& handler, ServerOptions const& options, bool const& stopping) {
  HttpConnection connection(scheduler, std::move(stream), options, handler.judges_length());
  HttpExchange exchange(connection);
  for (;;) {
    if (connection.in.empty()) {
      base::TimePoint const idle_until = scheduler.now() + options.times.idle_max;
      if (!co_await base::ready_until(scheduler, connection.stream->arm_read(), idle_until)) co_return;
    }
    auto next = connection.head_now();
    if (next == HttpConnection::Next::more) next = co_await connection.read_head();
    if (next == HttpConnection::Next::close) co_return;
    if (next == HttpConnection::Next::refused) {
      handler.refused(connection.refusal.status, connection.refusal.reason);
      connection.keep_alive = false;
      connection.head_request = false;
      exchange.reply_text(connection.refusal.status, "", connection.refusal.reason);
      if (co_await connection.flush()) co_await connection.linger();
      co_return;
    }
    RequestHead const& head = exchange.head();
    connection.keep_alive = head.keep_alive && !stopping && !connection.is_last();
    connection.http10 = head.minor_version == 0;
    connection.head_request = head.method == "HEAD";
    connection.body_done = head.framing.empty();
    connection.bytes_out = 0;
    if (connection.body_done) connection.body_now();
    co_await handler.serve(exchange);
    if (!co_await connection.finish(stopping)) co_return;
  }
}

}  // namespace weir::net
