#include "edge/mcp_endpoint.hpp"

#include <fmt/format.h>

#include "base/append.hpp"
#include "base/run_until.hpp"
#include "edge/admitted_tenure.hpp"
#include "edge/answer.hpp"
#include "edge/cache_fields.hpp"
#include "edge/degraded_field.hpp"
#include "edge/http_sink.hpp"
#include "edge/rate_field.hpp"
#include "edge/request_id.hpp"
#include "edge/trace.hpp"
#include "mcp/header_value.hpp"
#include "net/http_fields.hpp"
#include "net/http_text.hpp"

namespace weir::edge {

using base::Ended;
using core::Outcome;
using mcp::Field;

namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kParamPrefix = "mcp-param-";

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

std::optional<std::string_view> optional_field(net::Fields const& fields, std::string_view name) {
  auto const* const field = fields.find(name);
  return field == nullptr ? std::nullopt : std::optional(field->value);
}

era::McpFields mcp_fields(net::Fields const& fields) {
  return {optional_field(fields, "mcp-protocol-version"), optional_field(fields, "mcp-method"),
          optional_field(fields, "mcp-name")};
}

void take_param_headers(net::Fields const& fields, core::Call& call) {
  for (auto const& field : fields) {
    if (field.name.size() <= kParamPrefix.size()) continue;
    if (!net::same_name(field.name.substr(0, kParamPrefix.size()), kParamPrefix)) continue;
    call.param_headers.emplace_back(field.name.substr(kParamPrefix.size()), field.value);
  }
}

// Milliseconds with two decimals, as Server-Timing wants them.
void append_timing(std::string& text, std::string_view name, base::Duration duration) {
  auto const micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  auto const hundredths = std::max<std::int64_t>(micros / 10, 0);
  fmt::format_int const whole(hundredths / 100);
  base::append(text, name, ";dur=", std::string_view(whole.data(), whole.size()), '.',
               static_cast<char>('0' + hundredths / 10 % 10), static_cast<char>('0' + hundredths % 10));
}

std::size_t bytes_of(base::Result<Outcome> const& outcome) noexcept {
  return outcome.has_value() ? outcome->message.bytes().size() : 0;
}

base::Task<void> nothing_more() { co_return; }

}  // namespace

McpEndpoint::McpEndpoint(EndpointParts parts, std::shared_ptr<EndpointRules const> rules)
    : parts_(parts),
      rules_(std::move(rules)),
      stream_rules_(rules_->streams),
      rules_changed_(parts.scheduler),
      request_stem_(parts.random.token(9)) {}

std::string_view McpEndpoint::request_id_for(net::Fields const& fields) {
  if (auto const chosen = chosen_request_id(fields); !chosen.empty()) return chosen;
  fmt::format_int const count(++request_count_);
  request_id_.clear();
  base::append(request_id_, request_stem_, '-', std::string_view(count.data(), count.size()));
  return request_id_;
}

// No coroutine itself: most bodies come with their head, and those requests should pay for one frame.
base::Task<void> McpEndpoint::serve(net::HttpExchange& exchange) {
  Admitted admitted;
  switch (admit(exchange, admitted)) {
    case Admission::answered: return nothing_more();
    case Admission::unknown_caller: return serve_unknown(exchange, std::move(admitted));
    case Admission::go_on: break;
  }
  return serve_admitted(exchange, std::move(admitted));
}

// The first to show a token waits for what its issuer says; whoever is known never comes here.
base::Task<void> McpEndpoint::serve_unknown(net::HttpExchange& exchange, Admitted admitted) {
  InProgress const mark(in_progress_);
  base::Secret const authorization(exchange.head().fields.value("authorization"));
  auth::Authenticator::Shown const shown{authorization.reveal(), admitted.endpoint};
  exchange.hold_head();  // other requests come meanwhile, and theirs must not be taken for this one
  auto who = co_await admitted.rules->authenticator.identify_late(shown, parts_.scheduler);
  exchange.resume_head();
  if (!take_caller(exchange, admitted, std::move(who)) || !check_head(exchange, admitted)) co_return;
  co_await serve_admitted(exchange, std::move(admitted));
}

base::Task<void> McpEndpoint::serve_admitted(net::HttpExchange& exchange, Admitted admitted) {
  if (admitted.stream && admitted.pair) return serve_pair(exchange, std::move(admitted));
  if (admitted.stream) return serve_stream(exchange, std::move(admitted));
  if (auto body = exchange.body_now()) return serve_message(exchange, std::move(admitted), std::move(*body));
  return serve_late(exchange, std::move(admitted));
}

base::Task<void> McpEndpoint::serve_late(net::HttpExchange& exchange, Admitted admitted) {
  InProgress const mark(in_progress_);
  auto body = co_await exchange.read_body();
  if (!body) {
    body_failed(exchange, body.error());
    co_return;
  }
  co_await serve_message(exchange, std::move(admitted), std::move(*body));
}

base::Task<void> McpEndpoint::serve_message(net::HttpExchange& exchange, Admitted admitted,
                                            std::string body) {
  // After the body: its framing is beyond doubt, the connection can go on.
  if (!check_media(exchange, admitted)) return nothing_more();
  if (admitted.pair) {
    take_letter(exchange, admitted, std::move(body));
    return nothing_more();
  }
  std::size_t const bytes_in = body.size();
  auto decoded = mcp::decode(std::move(body), {.json = {}, .bytes_max = admitted.rules->body_bytes_max});
  if (!decoded) {
    auto failure = std::move(decoded).error();
    if (failure.fault == mcp::DecodeFault::batch) {
      return serve_batch(exchange, std::move(admitted), std::move(failure.bytes));
    }
    int const http = failure.fault == mcp::DecodeFault::too_large ? 413 : 400;
    reject(exchange, "json", era::Refusal{http, failure.code(), failure.sentence, {}}, failure.id);
    return nothing_more();
  }
  auto call = std::make_unique<core::Call>(std::move(*decoded));
  call->principal = admitted.principal.get();
  call->access = admitted.rules->access;
  call->endpoint = admitted.endpoint;
  call->started = parts_.scheduler.now();
  call->deadline = call->deadline_latest = call->started + admitted.rules->call_max;
  if (!prepare(exchange, admitted, *call)) return nothing_more();
  auto const& fields = exchange.head().fields;
  call->fresh_only = net::list_contains(fields.value("cache-control"), "no-cache");
  call->idempotency_key = fields.value("idempotency-key");
  continue_trace(*call, fields.value("traceparent"), fields.value("tracestate"), parts_.random);
  return serve_call(exchange, std::move(admitted), std::move(call), bytes_in);
}

// Era, ladder, session header. False: the message was answered (or was a notification and needs no more).
bool McpEndpoint::prepare(net::HttpExchange& exchange, Admitted const& admitted, core::Call& call) {
  auto const& fields = exchange.head().fields;
  auto const seen = mcp_fields(fields);
  // The id of a response is the server's: echoed, it would answer a request of the client's own.
  bool const request = call.request.kind() == mcp::MessageKind::request;
  auto const id = request ? call.request.raw(Field::id) : std::string_view{};
  auto const classified = era::classify(seen, call.request);
  if (classified.refusal) {
    reject(exchange, "envelope", *classified.refusal, id);
    return false;
  }
  bool const modern = classified.route == era::Route::modern;
  bool const offered = modern ? admitted.rules->modern : admitted.rules->legacy;
  if (!offered) {
    std::string scratch;
    auto const asked =
        call.request.text(modern ? Field::meta_protocol_version : Field::protocol_version, scratch);
    reject(exchange, "version", era::unsupported_version(asked, admitted.rules->eras()), id);
    return false;
  }
  if (modern) {
    call.revision = mcp::kNewest;
    call.legacy_offered = admitted.rules->legacy;
    if (auto const refusal = era::climb_modern_ladder(seen, call.request, admitted.rules->eras(), true)) {
      reject(exchange, "headers", *refusal, id);
      return false;
    }
    take_param_headers(fields, call);
  } else if (!take_legacy_fields(exchange, call, classified.route == era::Route::legacy_initialize, id)) {
    return false;
  }
  if (request) return true;
  take_note(exchange, call);
  return false;
}

bool McpEndpoint::take_legacy_fields(net::HttpExchange& exchange, core::Call& call, bool initialize,
                                     std::string_view id) {
  auto const& fields = exchange.head().fields;
  if (initialize) {
    if (auto const refusal = era::check_initialize(call.request)) {
      reject(exchange, "envelope", *refusal, id);
      return false;
    }
    std::string scratch;
    call.revision = era::negotiate_legacy(call.request.text(Field::protocol_version, scratch));
    return true;
  }
  auto const header = optional_field(fields, "mcp-protocol-version");
  auto const revision = era::legacy_revision(header, mcp::kAssumedWithoutHeader);
  if (!revision) {
    reject(exchange, "version", era::unknown_legacy_version(), id);
    return false;
  }
  call.revision = *revision;
  call.revision_stated = header.has_value();
  call.session_id = fields.value("mcp-session-id");
  if (!call.session_id.empty()) return true;
  reject(exchange, "session", era::missing_session(), id);
  return false;
}

// A notification or a response: acknowledged, or 404 for a session that is not.
void McpEndpoint::take_note(net::HttpExchange& exchange, core::Call& call) {
  // P044: ids of modern requests are unique per client only, so a posted `cancelled` must not touch anything.
  if (!call.modern() && !parts_.entry.note(call)) {
    reject(exchange, "session", era::Refusal{404, -32001, "Session not found", {}}, {});
    return;
  }
  echo_request_id(exchange);
  exchange.reply(202, "", "", {});
}

// Waits for the work as long as somebody wants its answer.
base::Task<McpEndpoint::Waited> McpEndpoint::wait_for(net::HttpExchange& exchange, EndpointRules const& rules,
                                                      core::Call& call, Work& work) {
  auto& sink = static_cast<HttpSink&>(*call.client);
  for (;;) {
    base::TimePoint const now = parts_.scheduler.now();
    bool const endless = call.method == mcp::Method::subscriptions_listen;
    base::TimePoint const end = endless ? base::TimePoint::max() : call.deadline_latest;
    base::TimePoint const until = std::min(end, now + rules.streams.keepalive);
    base::Event* const hangup = sink.attached() ? exchange.watch() : nullptr;
    Ended const ended = co_await base::run_until(parts_.scheduler, work, until, hangup);
    if (ended == Ended::done) co_return Waited::done;
    if (ended == Ended::deadline) {
      if (!endless && parts_.scheduler.now() >= call.deadline_latest) co_return Waited::too_long;
      sink.keep_alive();
    }
    if (sink.attached() && !exchange.client_gone()) continue;
    if (call.modern()) co_return Waited::client_gone;
    sink.detach();
    exchange.abandon();  // its seat is somebody else's while the call runs on
  }
}

base::Task<void> McpEndpoint::serve_call(net::HttpExchange& exchange, Admitted admitted,
                                         std::unique_ptr<core::Call> call, std::size_t bytes_in) {
  InProgress const mark(in_progress_);
  std::string const request_id(request_id_for(exchange.head().fields));
  // Endless, and bounded where it is served: it takes no place of a call.
  bool const listens = call->modern() && call->method == mcp::Method::subscriptions_listen;
  auto const pass = listens ? std::nullopt : parts_.gate.enter();
  HttpSink sink({parts_.scheduler, parts_.sessions, admitted.rules->ask_max}, *call, exchange, parts_.meter,
                admitted.rules->streams, request_id);
  call->client = &sink;
  std::optional<AdmittedTenure> tenure;
  if (call->method == mcp::Method::subscriptions_listen) {
    call->tenure =
        &tenure.emplace(parts_.scheduler, rules_, rules_changed_, admitted.rules, admitted.principal);
  }
  Work work;
  Waited waited = Waited::refused;
  if (pass || listens) {
    work = parts_.entry.handle(*call);
    waited = co_await wait_for(exchange, *admitted.rules, *call, work);
  }
  CallRecord record;
  record.request_id = request_id;
  record.bytes_in = bytes_in;
  auto outcome = outcome_of(waited, work);
  work = {};  // what still goes on ends before the answer, and says so
  std::size_t const bytes = bytes_of(outcome);
  co_await parts_.scheduler.before_sending(bytes);
  std::string const event = answer(exchange, *admitted.rules, *call, std::move(outcome), record);
  iovec const part = part_of(event);
  if (!event.empty() && co_await exchange.send({&part, 1})) exchange.end_stream();
  record.duration = parts_.scheduler.clock().exact() - call->started;
  record.bytes_out = exchange.bytes_out();
  parts_.meter.record(*call, record);
}

base::Result<Outcome> McpEndpoint::outcome_of(Waited waited, Work& work) {
  using base::Blame;
  using base::Error;
  using base::Fault;
  switch (waited) {
    case Waited::done: return work.take();
    case Waited::client_gone: return Error(Fault::cancelled, Blame::client, "the client has gone");
    case Waited::too_long: return Error(Fault::timed_out, Blame::gateway, "call_max");
    case Waited::refused: break;
  }
  return Error(Fault::busy, Blame::gateway, "too many calls at once", base::Retry::always);
}

// Replies; where a stream is open, returns the event to send instead.
std::string McpEndpoint::answer(net::HttpExchange& exchange, EndpointRules const& rules, core::Call& call,
                                base::Result<Outcome> outcome, CallRecord& record) {
  if (!outcome && outcome.error().fault == base::Fault::cancelled) {
    record.outcome = observe::Outcome::cancelled;
    record.error_type = observe::kCancelled;
    if (exchange.streaming()) {
      exchange.end_stream();
    } else {
      exchange.reply(202, "", request_id_field(record.request_id), {});
    }
    return {};
  }
  if (!outcome && !outcome.error().scopes.empty()) call.facts.scopes_needed = outcome.error().scopes;
  auto settled = settle(call, std::move(outcome), rules.tool_results, record);
  auto& edits = settled.outcome.edits;
  put_id(settled.outcome, call.request.raw(Field::id));
  if (exchange.streaming()) {
    std::string json;
    edits.append_to(json);
    return static_cast<HttpSink&>(*call.client).final_event(std::move(json));
  }
  std::string fields = fields_for(record.request_id);
  fields += settled.fields;
  if (!call.facts.scopes_needed.empty()) {
    fields += rules.resource.lacks_scopes(call.endpoint, call.facts.scopes_needed);
  }
  if (settled.http == 401) fields += rules.resource.unauthenticated(call.endpoint, true);
  append_cache_fields(fields, call.facts.cache);
  append_degraded_field(fields, call.facts.degraded);
  append_rate_fields(fields, call.facts.rate);
  if (call.method == mcp::Method::initialize && call.session) {
    fields += "Mcp-Session-Id: " + call.session->id + "\r\n";
  }
  base::Duration const total = parts_.scheduler.clock().exact() - call.started;
  append_timing(fields, "Server-Timing: weir", total - call.facts.upstream);
  append_timing(fields, ", up", call.facts.upstream);
  base::append(fields, "\r\n");
  std::array<iovec, mcp::Splice::kPiecesMax> pieces;
  exchange.reply(settled.http, kJson, fields, {pieces.data(), edits.fill(pieces)});
  return {};
}

}  // namespace weir::edge
