#include "edge/http_sink.hpp"

#include <utility>

namespace weir::edge {
namespace {

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

std::string fields_for(std::string_view request_id) {
  std::string fields;
  fields.reserve(192);  // room for what else an answer has
  fields.append("X-Request-Id: ").append(request_id).append("\r\nCache-Control: no-store\r\n");
  return fields;
}

base::Task<bool> HttpSink::notify(std::string notification) {
  auto const turn = co_await turn_.acquire();
  if (!attached()) co_return false;
  if (!exchange_.streaming()) exchange_.begin_stream(fields_for(request_id_));
  if (!std::exchange(counted_, true)) streams_.add(1);
  if (net::has_line_break(notification)) {
    std::string event;
    net::append_sse_message(event, notification);
    iovec const part = part_of(event);
    if (!co_await exchange_.send({&part, 1})) left_.set();
    co_return attached();
  }
  std::array<iovec, 3> const parts{part_of(net::kSsePrefix), part_of(notification), part_of(net::kSseEnd)};
  if (!co_await exchange_.send(parts)) left_.set();
  co_return attached();
}

void HttpSink::tell_now(std::string notification) {
  if (!attached() || !exchange_.streaming()) return;
  std::string event;
  net::append_sse_message(event, notification);
  iovec const part = part_of(event);
  exchange_.send_now({&part, 1});
}

void HttpSink::keep_alive() {
  if (!attached() || !exchange_.streaming() || !exchange_.flushed()) return;
  iovec const part = part_of(net::kSseKeepAlive);
  exchange_.send_now({&part, 1});
}

}  // namespace weir::edge
