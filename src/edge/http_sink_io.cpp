#include "edge/http_sink.hpp"

#include <utility>

#include "base/append.hpp"

namespace weir::edge {

using session::StreamEnd;

namespace {

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

std::string fields_for(std::string_view request_id) {
  std::string fields;
  fields.reserve(256);  // room for what else an answer has
  base::append(fields, "X-Request-Id: ", request_id, "\r\nCache-Control: no-store\r\n");
  return fields;
}

std::string request_id_field(std::string_view request_id) {
  std::string field;
  base::append(field, "X-Request-Id: ", request_id, "\r\n");
  return field;
}

HttpSink::~HttpSink() {
  if (outbox_) outbox_->end(*stream_);
}

void HttpSink::begin() {
  stream_ = std::make_shared<session::Outbox::Reader>(parts_.scheduler, meter_.streams(call_.modern()));
  peer_.emplace(parts_.scheduler.now());
  if (call_.session) {
    if (auto const pin = parts_.sessions.find(call_.session->id, *call_.principal, parts_.scheduler.now())) {
      if (pin->outbox()->open(stream_)) outbox_ = pin->outbox();
    }
  }
  exchange_.begin_stream(request_id_field(request_id_));
  stream_->live.activate();
  if (!outbox_ || !mcp::traits_of(call_.session->revision).priming_event) return;
  std::string first;
  static_cast<void>(net::append_sse_id(first, outbox_->position(*stream_)));
  net::append_sse_retry(first, rules_.retry_ms);
  first += "data: \n\n";
  iovec const part = part_of(first);
  exchange_.send_now({&part, 1});
}

std::optional<std::string> HttpSink::keep(std::string const& json) {
  std::string lines;
  if (!outbox_) return attached() ? std::optional(lines) : std::nullopt;
  auto const id = outbox_->append(*stream_, json, parts_.scheduler.now());
  if (!id) detach();
  if (!attached()) return std::nullopt;
  static_cast<void>(net::append_sse_id(lines, *id));
  return lines;
}

base::Task<bool> HttpSink::notify(std::string notification) {
  auto const turn = co_await turn_.acquire();
  if (!stream_ && attached()) begin();
  if (!stream_) co_return false;
  auto const lines = keep(notification);
  if (!lines) co_return !lost_.is_set();
  if (net::has_line_break(notification)) {
    std::string event = *lines;
    net::append_sse_message(event, notification);
    iovec const part = part_of(event);
    if (!co_await exchange_.send({&part, 1})) detach();
  } else {
    std::array<iovec, 4> const parts{part_of(*lines), part_of(net::kSsePrefix), part_of(notification),
                                     part_of(net::kSseEnd)};
    if (!co_await exchange_.send(parts)) detach();
  }
  co_return !lost_.is_set();
}

void HttpSink::tell_now(std::string notification) {
  if (!stream_) return;
  auto event = keep(notification);
  if (!event) return;
  net::append_sse_message(*event, notification);
  iovec const part = part_of(*event);
  exchange_.send_now({&part, 1});
}

std::string HttpSink::final_event(std::string json) {
  auto event = keep(json);
  if (!event) return {};
  net::append_sse_message(*event, json);
  return std::move(*event);
}

void HttpSink::detach() noexcept {
  left_.set();
  if (!outbox_ || !outbox_->resumable()) lost_.set();
  if (stream_) stream_->live.begin_close(StreamEnd::client_gone);
}

// Between events, while nothing waits for the client; does not suspend.
void HttpSink::keep_alive() {
  if (!attached() || !stream_) return;
  auto const now = parts_.scheduler.now();
  bool const stale = peer_->is_stale(exchange_.bytes_out(), exchange_.under_way(), rules_.stale, now);
  if (stale) stream_->live.begin_close(StreamEnd::stale);
  if (!stream_->live.open()) {
    detach();
    exchange_.abandon();
    return;
  }
  if (!exchange_.flushed()) return;
  iovec const part = part_of(net::kSseKeepAlive);
  exchange_.send_now({&part, 1});
}

}  // namespace weir::edge
