#include "edge/admitted_tenure.hpp"
#include "edge/answer.hpp"
#include "edge/http_sink.hpp"
#include "edge/mcp_endpoint.hpp"
#include "edge/media_types.hpp"
#include "edge/pair_stream.hpp"
#include "edge/trace.hpp"
#include "net/sse.hpp"

// HTTP+SSE of McpEndpoint, the transport of 2024-11-05: GET opens a session and its stream, POST to the URI
// that the first event names brings messages.
namespace weir::edge {

using mcp::Field;

namespace {

constexpr std::string_view kSessionQuery = "sessionId=";

era::Refusal const kNoSession{404, -32001, "Session not found", {}};
era::Refusal const kBusy{503, 4290, "Weir is busy", {}};
constexpr std::string_view kRetry = "Retry-After: 1\r\n";

}  // namespace

bool McpEndpoint::is_letter(net::HttpExchange& exchange) const {
  return rules_->legacy_sse && exchange.head().query.starts_with(kSessionQuery);
}

base::Task<void> McpEndpoint::serve_pair(net::HttpExchange& exchange, Admitted admitted) {
  if (!accepts(exchange.head().fields, "text/event-stream")) {
    reject(exchange, "content_type", {406, -32600, "Accept must list text/event-stream", {}}, {});
    co_return;
  }
  core::ClientSession client;  // until it says more
  client.revision = mcp::Revision::r2024_11_05;
  client.capabilities = client.client_info = "{}";
  client.endpoint = admitted.endpoint;
  auto opened = parts_.sessions.open(std::move(client), *admitted.principal, parts_.scheduler.now());
  if (!opened) {
    auto const told = answer_for(opened.error(), false, {}, {});
    reject(exchange, "session", {told.http, told.code, told.message, told.data}, {}, told.fields);
    co_return;
  }
  InProgress const mark(in_progress_);
  std::string const id = (*opened)->client()->id;
  auto const letters = std::make_shared<session::Letterbox>(parts_.scheduler);
  (*opened)->receive_by(letters);
  auto const outbox = (*opened)->outbox();
  auto const reader =
      std::make_shared<session::Outbox::Reader>(parts_.scheduler, parts_.meter.streams(false));
  if (!outbox->attach(reader)) {  // the session is over already: a shutdown
    reject(exchange, "session", kBusy, {}, kRetry);
    co_return;
  }
  *opened = session::SessionTable::Table::Pin();  // an idle stream keeps nobody from making room
  std::string uri = "/mcp";
  if (!admitted.endpoint.empty()) uri.append(1, '/').append(admitted.endpoint);
  std::string first;
  net::append_sse_event(first, "endpoint", uri.append(1, '?').append(kSessionQuery) + id);
  echo_request_id(exchange);
  {
    AdmittedTenure tenure(parts_.scheduler, rules_, rules_changed_, admitted.rules, admitted.principal);
    PairStream stream(
        {parts_, *admitted.rules, tenure, admitted.endpoint, letters},
        {parts_.scheduler, parts_.catalog, exchange, stream_rules_, tenure, outbox, reader, false},
        std::move(first));
    co_await stream.run();
  }
  parts_.sessions.end(id, *admitted.principal, parts_.scheduler.now());
}

// One POST: acknowledged, or refused without any effect.
void McpEndpoint::take_letter(net::HttpExchange& exchange, Admitted const& admitted, std::string body) {
  auto decoded = mcp::decode(std::move(body), {.json = {}, .bytes_max = admitted.rules->body_bytes_max});
  if (!decoded) {
    auto const failure = std::move(decoded).error();
    int const http = failure.fault == mcp::DecodeFault::too_large ? 413 : 400;
    return reject(exchange, "json", {http, failure.code(), failure.sentence, {}}, failure.id);
  }
  auto call = std::make_unique<core::Call>(std::move(*decoded));
  bool const request = call->request.kind() == mcp::MessageKind::request;
  auto const id = request ? call->request.raw(Field::id) : std::string_view{};
  auto const& fields = exchange.head().fields;
  if (call->request.has(Field::meta_protocol_version)) {
    return reject(exchange, "envelope", {400, -32600, "This session is of an earlier revision", {}}, id);
  }
  auto const now = parts_.scheduler.now();
  call->session_id = exchange.head().query.substr(kSessionQuery.size());
  auto pin = parts_.sessions.find(call->session_id, *admitted.principal, admitted.endpoint, now);
  auto const letters = pin ? pin->letterbox() : nullptr;
  if (!letters) return reject(exchange, "session", kNoSession, id);
  auto const* const version = fields.find("mcp-protocol-version");
  auto const revision = era::legacy_revision(
      version == nullptr ? std::nullopt : std::optional(version->value), pin->client()->revision);
  if (!revision) return reject(exchange, "version", era::unknown_legacy_version(), id);
  call->revision = *revision;
  call->revision_stated = version != nullptr;
  call->principal = admitted.principal.get();
  call->endpoint = admitted.endpoint;
  call->access = admitted.rules->access;
  call->started = now;
  call->deadline = call->deadline_latest = now + admitted.rules->call_max;
  if (!request) {
    parts_.entry.note(*call);
    echo_request_id(exchange);
    return exchange.reply(202, "", "", {});
  }
  pin.refresh(now);
  continue_trace(*call, fields.value("traceparent"), fields.value("tracestate"), parts_.random);
  auto place = parts_.gate.enter();
  if (!place) return reject(exchange, "busy", kBusy, id, kRetry);
  std::string const request_id(request_id_for(fields));
  if (!letters->put({std::move(call), std::move(*place), admitted.principal, request_id}))
    return reject(exchange, "session", kNoSession, {});
  exchange.reply(202, "", request_id_field(request_id), {});
}

}  // namespace weir::edge
