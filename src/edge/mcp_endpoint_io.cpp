#include "edge/mcp_endpoint.hpp"

#include <fmt/format.h>

#include "base/run_until.hpp"
#include "edge/answer.hpp"
#include "edge/http_sink.hpp"
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
  text.append(name).append(";dur=").append(whole.data(), whole.size()).append(1, '.');
  text.append(1, static_cast<char>('0' + hundredths / 10 % 10))
      .append(1, static_cast<char>('0' + hundredths % 10));
}

}  // namespace

McpEndpoint::McpEndpoint(EndpointParts parts, std::shared_ptr<EndpointRules const> rules)
    : parts_(parts), rules_(std::move(rules)), request_stem_(parts.random.token(9)) {}

std::string_view McpEndpoint::next_request_id() {
  request_id_.assign(request_stem_).append(1, '-').append(std::to_string(++request_count_));
  return request_id_;
}

base::Task<void> McpEndpoint::serve(net::HttpExchange& exchange) {
  struct InProgress {
    unsigned long& count;
    explicit InProgress(unsigned long& c) : count(c) { ++count; }
    ~InProgress() { --count; }
  } const mark(in_progress_);
  Admitted admitted;
  if (!admit(exchange, admitted)) co_return;
  if (auto body = exchange.body_now()) {
    co_await serve_message(exchange, std::move(admitted), std::move(*body));
    co_return;
  }
  auto body = co_await exchange.read_body();
  if (!body) {
    body_failed(exchange, body.error());
    co_return;
  }
  co_await serve_message(exchange, std::move(admitted), std::move(*body));
}

base::Task<void> McpEndpoint::serve_message(net::HttpExchange& exchange, Admitted admitted,
                                            std::string body) {
  if (!check_media(exchange))
    co_return;  // after the body: its framing is beyond doubt, the connection can go on
  std::size_t const bytes_in = body.size();
  auto decoded = mcp::decode(std::move(body), {.json = {}, .bytes_max = admitted.rules->body_bytes_max});
  if (!decoded) {
    auto const& failure = decoded.error();
    int const http = failure.fault == mcp::DecodeFault::too_large ? 413 : 400;
    reject(exchange, "json", era::Refusal{http, failure.code(), failure.sentence, {}}, failure.id);
    co_return;
  }
  core::Call call(std::move(*decoded));
  call.principal = admitted.principal.get();
  call.endpoint = admitted.endpoint;
  call.started = parts_.scheduler.now();
  call.deadline = call.deadline_latest = call.started + admitted.rules->call_max;
  if (!prepare(exchange, admitted, call)) co_return;
  co_await serve_call(exchange, *admitted.rules, call, bytes_in);
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
    if (auto const refusal = era::climb_modern_ladder(seen, call.request, admitted.rules->eras(), true)) {
      reject(exchange, "ladder", *refusal, id);
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
  exchange.reply(202, "", "", {});
}

// Waits for the work as long as somebody wants its answer.
base::Task<McpEndpoint::Waited> McpEndpoint::wait_for(net::HttpExchange& exchange, EndpointRules const& rules,
                                                      core::Call& call,
                                                      base::Task<base::Result<Outcome>>& work) {
  auto& sink = static_cast<HttpSink&>(*call.client);
  for (;;) {
    base::TimePoint const now = parts_.scheduler.now();
    bool const endless = call.method == mcp::Method::subscriptions_listen;
    base::TimePoint const end = endless ? base::TimePoint::max() : call.deadline_latest;
    base::TimePoint const until = std::min(end, now + rules.keepalive);
    base::Event* const hangup = sink.attached() ? exchange.watch() : nullptr;
    Ended const ended = co_await base::run_until(parts_.scheduler, work, until, hangup);
    if (ended == Ended::done) co_return Waited::done;
    if (ended == Ended::deadline) {
      if (!endless && parts_.scheduler.now() >= call.deadline_latest) co_return Waited::too_long;
      sink.keep_alive();
    }
    if (!sink.attached() || !exchange.client_gone()) continue;
    if (call.modern()) co_return Waited::client_gone;
    sink.detach();
    exchange.abandon();
  }
}

base::Task<void> McpEndpoint::write_outcome(net::HttpExchange& exchange, core::Call const& call,
                                            Outcome& outcome, int status, std::string_view fields) {
  put_id(outcome, call.request.raw(Field::id));
  std::array<iovec, mcp::Splice::kPiecesMax> pieces;
  if (!exchange.streaming()) {
    std::size_t const count = outcome.edits.fill(pieces);
    exchange.reply(status, kJson, fields, {pieces.data(), count});
    co_return;
  }
  std::string json;
  outcome.edits.append_to(json);
  std::string event;
  net::append_sse_message(event, json);
  iovec const part = part_of(event);
  if (co_await exchange.send({&part, 1})) exchange.end_stream();
}

base::Task<void> McpEndpoint::serve_call(net::HttpExchange& exchange, EndpointRules const& rules,
                                         core::Call& call, std::size_t bytes_in) {
  std::string const request_id(next_request_id());
  auto const pass = parts_.gate.enter();
  std::string head_fields = "X-Request-Id: " + request_id + "\r\nCache-Control: no-store\r\n";
  HttpSink sink({parts_.scheduler, parts_.sessions, rules.ask_max}, call, exchange, head_fields);
  call.client = &sink;
  base::Result<Outcome> outcome =
      base::Error(base::Fault::busy, base::Blame::gateway, "too many calls at once", base::Retry::always);
  Waited waited = Waited::done;
  if (pass) {
    auto work = parts_.entry.handle(call);
    waited = co_await wait_for(exchange, rules, call, work);
    if (waited == Waited::done) outcome = work.take();
    if (waited == Waited::too_long)
      outcome = base::Error(base::Fault::timed_out, base::Blame::gateway, "call_max");
  }
  CallRecord record;
  record.request_id = request_id;
  record.bytes_in = bytes_in;
  bool const cancelled = !outcome && outcome.error().fault == base::Fault::cancelled;
  if (cancelled || waited == Waited::client_gone) {
    record.outcome = observe::Outcome::cancelled;
    record.error_type = observe::kCancelled;
    if (exchange.streaming()) {
      exchange.end_stream();
    } else {
      exchange.reply(202, "", "", {});
    }
  } else {
    co_await answer(exchange, rules, call, std::move(outcome), std::move(head_fields), record);
  }
  record.duration = parts_.scheduler.now() - call.started;
  record.bytes_out = exchange.bytes_out();
  parts_.meter.record(call, record);
}

base::Task<void> McpEndpoint::answer(net::HttpExchange& exchange, EndpointRules const& rules,
                                     core::Call& call, base::Result<Outcome> outcome, std::string fields,
                                     CallRecord& record) {
  auto settled = settle(call, std::move(outcome), rules.tool_results, record);
  fields += settled.fields;
  if (call.method == mcp::Method::initialize && call.session) {
    fields += "Mcp-Session-Id: " + call.session->id + "\r\n";
  }
  base::Duration const total = parts_.scheduler.now() - call.started;
  append_timing(fields.append("Server-Timing: "), "weir", total - call.facts.upstream);
  append_timing(fields.append(", "), "up", call.facts.upstream);
  fields.append("\r\n");
  co_await write_outcome(exchange, call, settled.outcome, settled.http, fields);
}

}  // namespace weir::edge
