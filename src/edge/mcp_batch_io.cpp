#include "edge/batch.hpp"
#include "edge/batch_contents.hpp"
#include "edge/mcp_endpoint.hpp"
#include "edge/trace.hpp"

// Arrays of McpEndpoint: whether one is legal here, and what is in it (P022, P023).
namespace weir::edge {

// The revision of the session that the array belongs to, and that revision knows arrays.
std::shared_ptr<core::ClientSession const> McpEndpoint::session_of_batch(net::HttpExchange& exchange,
                                                                         Admitted const& admitted) {
  auto const refuse = [&](std::string_view reason, era::Refusal const& refusal) {
    reject(exchange, reason, refusal, {});
    return nullptr;
  };
  auto const& fields = exchange.head().fields;
  auto const* const version = fields.find("mcp-protocol-version");
  auto const stated = era::legacy_revision(version == nullptr ? std::nullopt : std::optional(version->value),
                                           mcp::kAssumedWithoutHeader);
  if (!admitted.rules->legacy || !stated || !mcp::traits_of(*stated).batch) {
    return refuse("envelope", no_batches());
  }
  std::string const id(fields.value("mcp-session-id"));
  if (id.empty()) return refuse("session", era::missing_session());
  auto pin = parts_.sessions.find(id, *admitted.principal, admitted.endpoint, parts_.scheduler.now());
  if (!pin) return refuse("session", era::Refusal{404, -32001, "Session not found", {}});
  if (!mcp::traits_of(pin->client()->revision).batch) return refuse("envelope", no_batches());
  return pin->client();
}

base::Task<void> McpEndpoint::serve_batch(net::HttpExchange& exchange, Admitted admitted, std::string body) {
  auto const elements = mcp::split_batch(body, {.json = {}, .bytes_max = admitted.rules->body_bytes_max});
  if (!elements) {
    auto const& failure = elements.error();
    reject(exchange, "json", era::Refusal{400, failure.code(), failure.sentence, {}}, {});
    co_return;
  }
  auto contents = read_batch(body, *elements, admitted.rules->body_bytes_max);
  if (!contents.legal) {
    reject(exchange, "envelope", not_for_batches(), {});
    co_return;
  }
  auto const session = session_of_batch(exchange, admitted);
  if (!session) co_return;
  InProgress const mark(in_progress_);
  auto const& fields = exchange.head().fields;
  std::vector<Batch::Item> items;
  for (auto& message : contents.messages) {
    auto call = std::make_unique<core::Call>(std::move(message));
    call->principal = admitted.principal.get();
    call->access = admitted.rules->access;
    call->endpoint = admitted.endpoint;
    call->session_id = session->id;
    call->session = session;
    call->revision = session->revision;
    call->started = parts_.scheduler.now();
    call->deadline = call->deadline_latest = call->started + admitted.rules->call_max;
    continue_trace(*call, fields.value("traceparent"), fields.value("tracestate"), parts_.random);
    items.push_back({std::move(call), std::string(request_id_for(fields))});
  }
  if (items.empty()) {
    echo_request_id(exchange);
    Batch::reply(exchange, contents.answers, {});
    co_return;
  }
  Batch batch(parts_, *admitted.rules, exchange, std::move(items), std::move(contents.answers));
  co_await batch.run();
}

}  // namespace weir::edge
