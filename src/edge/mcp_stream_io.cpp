#include "edge/admitted_tenure.hpp"
#include "edge/get_stream.hpp"
#include "edge/mcp_endpoint.hpp"
#include "edge/media_types.hpp"
#include "net/sse.hpp"

// GET of McpEndpoint: the event stream of a legacy session.
namespace weir::edge {

McpEndpoint::Stream McpEndpoint::open_stream(net::HttpExchange& exchange, Admitted const& admitted) {
  auto const& fields = exchange.head().fields;
  auto const refuse = [&](std::string_view reason, int http, int code, char const* text) {
    reject(exchange, reason, era::Refusal{http, code, text, {}}, {});
    return Stream{};
  };
  if (!accepts(fields, "text/event-stream")) {
    return refuse("content_type", 406, -32600, "Accept must list text/event-stream");
  }
  auto const now = parts_.scheduler.now();
  std::string const id(fields.value("mcp-session-id"));
  auto pin = parts_.sessions.find(id, *admitted.principal, admitted.endpoint, now);
  if (!pin) return refuse("session", 404, -32001, "Session not found");
  auto const* const version = fields.find("mcp-protocol-version");
  auto const stated = version == nullptr ? std::nullopt : std::optional(version->value);
  if (!era::legacy_revision(stated, pin->client()->revision)) {
    return refuse("version", 400, -32000, "Unsupported protocol version");
  }
  Stream stream;
  stream.reader = std::make_shared<session::Outbox::Reader>(parts_.scheduler, parts_.meter.streams(false));
  auto const* const last_id = fields.find("last-event-id");
  bool const opened = last_id == nullptr ? pin->outbox()->attach(stream.reader)
                                         : pin->outbox()->resume(stream.reader, last_id->value, now);
  if (!opened) return refuse("event_id", 400, -32000, "Nothing can be resumed after this Last-Event-ID");
  pin.refresh(now);
  stream.outbox = pin->outbox();
  if (mcp::traits_of(pin->client()->revision).priming_event) {
    static_cast<void>(net::append_sse_id(stream.first, stream.outbox->position(*stream.reader)));
    net::append_sse_retry(stream.first, admitted.rules->streams.retry_ms);
    stream.first += "data: \n\n";
  }
  return stream;
}

base::Task<void> McpEndpoint::serve_stream(net::HttpExchange& exchange, Admitted admitted) {
  auto opened = open_stream(exchange, admitted);
  if (!opened.outbox) co_return;
  echo_request_id(exchange);
  InProgress const mark(in_progress_);
  AdmittedTenure tenure(parts_.scheduler, rules_, rules_changed_, admitted.rules, admitted.principal);
  GetStream stream(
      {parts_.scheduler, parts_.catalog, exchange, stream_rules_, tenure, opened.outbox, opened.reader},
      admitted.endpoint, std::move(opened.first));
  co_await stream.run();
}

}  // namespace weir::edge
