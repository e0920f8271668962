#include <array>

#include "auth/bearer.hpp"
#include "auth/certificate_caller.hpp"
#include "edge/answer.hpp"
#include "edge/http_sink.hpp"
#include "edge/mcp_endpoint.hpp"
#include "edge/media_types.hpp"
#include "edge/request_id.hpp"
#include "mcp/header_value.hpp"
#include "net/http_fields.hpp"
#include "net/http_text.hpp"

// The checks of McpEndpoint that come before the body.
namespace weir::edge {

namespace {

constexpr std::string_view kPath = "/mcp";
constexpr std::string_view kOldPath = "/sse";
static_assert(kOldPath.size() == kPath.size());
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kParamPrefix = "mcp-param-";
constexpr std::string_view kHostRefused =
    "this Host is not served here: if it should be, add it to allowed_hosts";
constexpr std::string_view kOriginRefused =
    "pages of this Origin may not call: if they should, add it to allowed_origins";
constexpr std::array<std::string_view, 8> kSingle{"host",          "content-type",   "content-encoding",
                                                  "authorization", "origin",         "mcp-*",
                                                  "last-event-id", "idempotency-key"};

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

// What lets a page of an origin that passed the policy read the answer, whichever it is.
std::string cors_fields(std::string_view origin) {
  std::string fields;
  if (!net::append_field(fields, "Access-Control-Allow-Origin", origin)) return {};
  fields +=
      "Vary: Origin\r\n"
      "Access-Control-Expose-Headers: Age, Cache-Status, Mcp-Session-Id, RateLimit, RateLimit-Policy, "
      "Retry-After, Server-Timing, WWW-Authenticate, Weir-Degraded, X-Request-Id\r\n";
  return fields;
}

// What a page may send. The names of Mcp-Param-* are the tools': those that it asks for are allowed.
std::string preflight_fields(std::string_view asked) {
  std::string fields =
      "Access-Control-Allow-Methods: POST, GET, DELETE\r\n"
      "Access-Control-Allow-Headers: Content-Type, Authorization, MCP-Protocol-Version, Mcp-Session-Id, "
      "Mcp-Method, Mcp-Name, Last-Event-ID, Idempotency-Key, Cache-Control, X-Request-Id, traceparent, "
      "tracestate";
  while (!asked.empty()) {
    auto const end = std::min(asked.find(','), asked.size());
    auto const name = mcp::trim_white_space(asked.substr(0, end));
    asked.remove_prefix(std::min(end + 1, asked.size()));
    bool const param = name.size() > kParamPrefix.size() &&
                       net::same_name(name.substr(0, kParamPrefix.size()), kParamPrefix);
    if (param && net::is_token(name)) fields.append(", ").append(name);
  }
  return fields += "\r\nAccess-Control-Max-Age: 600\r\n";
}

// Whole seconds, rounded up; 5 where nobody knows.
std::string retry_field(base::Duration wait) {
  auto const seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return "Retry-After: " + std::to_string(seconds > 0 ? seconds : 5) + "\r\n";
}

// The label of mcp_auth_failures_total.
std::string_view failure_of(base::Fault fault, std::string_view authorization) noexcept {
  switch (fault) {
    case base::Fault::invalid_input: return "malformed";
    case base::Fault::denied: return "scopes";
    case base::Fault::unavailable:
    case base::Fault::busy: return "issuer";
    default: break;
  }
  if (authorization.empty()) return "missing";
  auto const scheme = authorization.substr(0, net::token_length(authorization));
  return net::same_name(scheme, "bearer") ? "refused" : "unsupported";
}

std::string_view allowed_methods(bool legacy) noexcept {
  return legacy ? "Allow: POST, GET, DELETE, OPTIONS\r\n" : "Allow: POST, OPTIONS\r\n";
}

std::optional<std::string_view> version_field(net::Fields const& fields) {
  auto const* const field = fields.find("mcp-protocol-version");
  return field == nullptr ? std::nullopt : std::optional(field->value);
}

}  // namespace

void McpEndpoint::refused(int status, std::string_view) {
  parts_.meter.refused(status == 408                                     ? "timeout"
                       : status == 413 || status == 414 || status == 431 ? "too_large"
                                                                         : "syntax");
}

void McpEndpoint::reject(net::HttpExchange& exchange, std::string_view reason, era::Refusal const& refusal,
                         std::string_view id, std::string_view fields) {
  parts_.meter.refused(reason);
  echo_request_id(exchange);
  std::string const body = error_message(id, refusal.code, refusal.message, refusal.data);
  iovec const part = part_of(body);
  exchange.reply(refusal.http, kJson, fields, {&part, 1});
}

void McpEndpoint::echo_request_id(net::HttpExchange& exchange) {
  auto const id = chosen_request_id(exchange.head().fields);
  if (!id.empty()) exchange.add_fields(request_id_field(id));
}

bool McpEndpoint::find_endpoint(net::HttpExchange& exchange, Admitted& admitted) {
  std::string_view path = exchange.head().path;
  admitted.old_path = admitted.rules->legacy_sse && path.starts_with(kOldPath);
  if (admitted.old_path || path.starts_with(kPath)) {
    path.remove_prefix(kPath.size());
    if (path.empty()) return true;
    auto const* const server =
        path.front() == '/' ? parts_.catalog.current().server(path.substr(1)) : nullptr;
    if (server != nullptr) {
      admitted.endpoint = server->name;
      return true;
    }
  }
  parts_.meter.refused("path");
  echo_request_id(exchange);
  exchange.reply_text(404, "", "There is nothing here. MCP is at /mcp and /mcp/{server}.");
  return false;
}

bool McpEndpoint::check_method(net::HttpExchange& exchange, Admitted& admitted) {
  auto const& head = exchange.head();
  if (admitted.old_path && head.method != "GET" && head.method != "OPTIONS") {
    parts_.meter.refused("method");
    echo_request_id(exchange);
    exchange.reply_text(405, "Allow: GET, OPTIONS\r\n",
                        "GET opens a stream here, whose first event says where to POST.");
    return false;
  }
  if (head.method == "POST") {
    admitted.pair = is_letter(exchange);
    return true;
  }
  bool const legacy = admitted.rules->legacy;
  if (head.method == "OPTIONS") {
    echo_request_id(exchange);
    exchange.reply(
        204, "",
        preflight_fields(head.fields.value("access-control-request-headers")).append(allowed_methods(legacy)),
        {});
    return false;
  }
  if (head.method == "DELETE" && legacy && !era::names_modern(version_field(head.fields))) {
    end_session(exchange, admitted);
    return false;
  }
  if (head.method == "GET" && legacy && !era::names_modern(version_field(head.fields))) {
    admitted.pair = admitted.rules->legacy_sse && !head.fields.has("mcp-session-id");
    if (admitted.pair || head.fields.has("mcp-session-id")) return admitted.stream = true;
  }
  parts_.meter.refused("method");
  echo_request_id(exchange);
  exchange.reply_text(405, allowed_methods(legacy), "Send MCP requests with POST.");
  return false;
}

void McpEndpoint::end_session(net::HttpExchange& exchange, Admitted const& admitted) {
  auto const& fields = exchange.head().fields;
  std::string const id(fields.value("mcp-session-id"));
  if (id.empty()) return reject(exchange, "session", era::missing_session(), {});
  if (!era::legacy_revision(version_field(fields), mcp::kAssumedWithoutHeader)) {
    return reject(exchange, "version", era::unknown_legacy_version(), {});
  }
  auto const now = parts_.scheduler.now();
  auto const& who = *admitted.principal;
  if (parts_.sessions.find(id, who, admitted.endpoint, now) && parts_.sessions.end(id, who, now)) {
    echo_request_id(exchange);
    exchange.reply(200, "", "", {});
    return;
  }
  reject(exchange, "session", era::Refusal{404, -32001, "Session not found", {}}, {});
}

bool McpEndpoint::check_media(net::HttpExchange& exchange, Admitted const& admitted) {
  auto const& fields = exchange.head().fields;
  if (!is_json_type(fields.value("content-type"))) {
    reject(exchange, "content_type",
           era::Refusal{415, -32600, "Content-Type must be application/json in UTF-8", {}}, {});
    return false;
  }
  auto const coding = fields.value("content-encoding");
  if (!coding.empty() && !net::same_name(coding, "identity")) {
    reject(exchange, "content_type", era::Refusal{415, -32600, "A request body must not be compressed", {}},
           {}, "Accept-Encoding: identity\r\n");
    return false;
  }
  if (admitted.pair) return true;  // the answer is not in this exchange
  if (accepts_both(fields)) return true;
  reject(exchange, "content_type",
         era::Refusal{406, -32600, "Accept must list application/json and text/event-stream", {}}, {});
  return false;
}

// The checks that need nobody else's answer.
McpEndpoint::Admission McpEndpoint::admit(net::HttpExchange& exchange, Admitted& admitted) {
  auto const& head = exchange.head();
  admitted.rules = rules_;
  if (auto const twice = head.fields.duplicated(kSingle); !twice.empty()) {
    reject(exchange, "duplicate_field",
           era::Refusal{400, -32600, "The header " + std::string(twice) + " may stand once only", {}}, {});
    return Admission::answered;
  }
  if (!rules_->hosts.host_allowed(head.host)) {
    parts_.meter.kept_out(observe::Level::warn, "auth.host", kHostRefused, head.host);
    reject(exchange, "host", era::Refusal{403, -32600, "This Host is not served here; see allowed_hosts", {}},
           {});
    return Admission::answered;
  }
  if (answer_metadata(exchange)) return Admission::answered;
  auto const* const origin = head.fields.find("origin");
  if (origin != nullptr && !rules_->hosts.origin_allowed(origin->value)) {
    parts_.meter.kept_out(observe::Level::warn, "auth.origin", kOriginRefused, origin->value);
    reject(exchange, "origin",
           era::Refusal{403, -32600, "This Origin is not allowed; see allowed_origins", {}}, {});
    return Admission::answered;
  }
  if (origin != nullptr) exchange.add_fields(cors_fields(origin->value));
  if (!find_endpoint(exchange, admitted)) return Admission::answered;
  if (head.method != "OPTIONS") {
    auth::Authenticator::Shown const shown{head.fields.value("authorization"), admitted.endpoint};
    bool const by_certificate = shown.authorization.empty() && rules_->certificates;
    auto const* const certificate = by_certificate ? exchange.certificate() : nullptr;
    auto who = certificate != nullptr ? auth::certificate_caller(certificate->subject, certificate->sha256)
                                      : rules_->authenticator.identify_now(
                                            shown, parts_.scheduler.clock().wall(), parts_.scheduler.now());
    if (!who) return Admission::unknown_caller;
    if (!take_caller(exchange, admitted, *std::move(who))) return Admission::answered;
  }
  return check_head(exchange, admitted) ? Admission::go_on : Admission::answered;
}

// False: whoever it is may not come in, and was told so.
bool McpEndpoint::take_caller(net::HttpExchange& exchange, Admitted& admitted, auth::Authenticator::Who who) {
  if (who) {
    admitted.principal = *std::move(who);
    return true;
  }
  auto const& resource = admitted.rules->resource;
  auto const authorization = exchange.head().fields.value("authorization");
  auto const fault = who.error().fault;
  bool const shown = !auth::bearer_of(authorization).empty();
  // Without a credential clients begin that want to be told where to get one.
  parts_.meter.kept_out(authorization.empty() ? observe::Level::info : observe::Level::warn, "auth.denied",
                        who.error().detail, {});
  parts_.meter.not_let_in(failure_of(fault, authorization));
  switch (fault) {
    case base::Fault::invalid_input:  // RFC 6750 section 3.1
      reject(exchange, "syntax", era::Refusal{400, -32600, "The Authorization header is malformed", {}}, {},
             resource.malformed(admitted.endpoint));
      break;
    case base::Fault::denied:
      reject(exchange, "denied", era::Refusal{403, 4030, "The token lacks a scope", {}}, {},
             resource.lacks_scopes(admitted.endpoint, {}));
      break;
    case base::Fault::unavailable:
    case base::Fault::busy:
      reject(exchange, "issuer", era::Refusal{503, 5030, "The token cannot be checked at the moment", {}}, {},
             retry_field(who.error().retry_after));
      break;
    default:
      reject(exchange, "unauthenticated", era::Refusal{401, 4010, "Authentication is required", {}}, {},
             resource.unauthenticated(admitted.endpoint, shown));
  }
  return false;
}

// What is left to check once the caller is known, and before the body. False: the request was answered.
bool McpEndpoint::check_head(net::HttpExchange& exchange, Admitted& admitted) {
  auto const& head = exchange.head();
  if (!check_method(exchange, admitted)) return false;
  if (head.framing.kind == net::Framing::Kind::length &&
      head.framing.length > admitted.rules->body_bytes_max) {
    reject(exchange, "too_large", era::Refusal{413, -32600, "The request body is too large", {}}, {});
    return false;
  }
  return !head.expect_continue ||
         check_media(exchange, admitted);  // who asks before sending is told before sending
}

// RFC 9728: for everybody, pages of any origin included; it holds nothing that is not for all.
bool McpEndpoint::answer_metadata(net::HttpExchange& exchange) {
  auto const& head = exchange.head();
  auto const endpoint = rules_->resource.endpoint_of(head.path);
  if (!endpoint) return false;
  if (!endpoint->empty() && parts_.catalog.current().server(*endpoint) == nullptr) return false;
  constexpr std::string_view kAnyPage =
      "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: GET\r\n"
      "Access-Control-Allow-Headers: MCP-Protocol-Version\r\nCache-Control: max-age=300\r\n";
  echo_request_id(exchange);
  if (head.method == "OPTIONS") {
    exchange.reply(204, "", kAnyPage, {});
  } else if (head.method == "GET") {
    std::string const body = rules_->resource.metadata(*endpoint);
    iovec const part = part_of(body);
    exchange.reply(200, kJson, kAnyPage, {&part, 1});
  } else {
    parts_.meter.refused("method");
    exchange.reply_text(405, "Allow: GET, OPTIONS\r\n", "There is only something to read here.");
  }
  return true;
}

void McpEndpoint::body_failed(net::HttpExchange& exchange, base::Error const& error) {
  int const status = error.fault == base::Fault::too_large   ? 413
                     : error.fault == base::Fault::timed_out ? 408
                                                             : 400;
  int const shown = exchange.refusal_status() != 0 ? exchange.refusal_status() : status;
  refused(shown, error.detail);
  if (error.fault == base::Fault::connection_lost) return;  // nobody is there to answer
  echo_request_id(exchange);
  std::string const body = error_message({}, -32600, error.detail, {});
  iovec const part = part_of(body);
  exchange.reply(shown, kJson, "", {&part, 1});
}

}  // namespace weir::edge
