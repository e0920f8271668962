#include <array>

#include "edge/answer.hpp"
#include "edge/mcp_endpoint.hpp"
#include "net/http_fields.hpp"
#include "net/http_text.hpp"

// The checks of McpEndpoint that come before the body.
namespace weir::edge {

namespace {

constexpr std::string_view kPath = "/mcp";
constexpr std::string_view kJson = "application/json";
constexpr std::array<std::string_view, 7> kSingle{
    "host", "content-type", "authorization", "origin", "accept-encoding", "mcp-*", "last-event-id"};

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

bool is_json(std::string_view content_type) {
  auto const end = content_type.find(';');
  auto type = content_type.substr(0, end);
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return net::same_name(type, kJson);
}

// Whether an Accept value allows `type`, by name or by wildcard. Absent means anything.
bool accepts(net::Fields const& fields, std::string_view type, std::string_view family) {
  bool stated = false;
  for (auto const& field : fields) {
    if (!net::same_name(field.name, "accept")) continue;
    stated = true;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      auto const comma = rest.find(',');
      auto one = rest.substr(0, comma);
      one = one.substr(0, one.find(';'));
      while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
      while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
      if (net::same_name(one, type) || one == "*/*" || net::same_name(one, family)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return !stated;
}

// Without these a browser keeps our answer from the page that asked. For origins that passed the policy only.
std::string cors_fields(std::string_view origin) {
  std::string fields;
  if (!net::append_field(fields, "Access-Control-Allow-Origin", origin)) return {};
  fields += "Vary: Origin\r\nAccess-Control-Expose-Headers: Mcp-Session-Id, X-Request-Id, Server-Timing\r\n";
  return fields;
}

constexpr std::string_view kPreflightFields =
    "Access-Control-Allow-Methods: POST, GET, DELETE\r\nAccess-Control-Allow-Headers: Content-Type, "
    "Authorization, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID\r\n"
    "Access-Control-Max-Age: 600\r\n";

}  // namespace

void McpEndpoint::refused(int status, std::string_view) {
  parts_.meter.refused(status == 408                                     ? "timeout"
                       : status == 413 || status == 414 || status == 431 ? "size"
                                                                         : "framing");
}

void McpEndpoint::reject(net::HttpExchange& exchange, std::string_view reason, era::Refusal const& refusal,
                         std::string_view id, std::string_view fields) {
  parts_.meter.refused(reason);
  std::string const body = error_message(id, refusal.code, refusal.message, refusal.data);
  iovec const part = part_of(body);
  exchange.reply(refusal.http, kJson, fields, {&part, 1});
}

bool McpEndpoint::find_endpoint(net::HttpExchange& exchange, Admitted& admitted) {
  std::string_view path = exchange.head().path;
  if (path == kPath) return true;
  if (path.starts_with("/mcp/")) {
    if (auto const* const server = parts_.catalog.current()->server(path.substr(kPath.size() + 1))) {
      admitted.endpoint = server->name;
      return true;
    }
  }
  parts_.meter.refused("path");
  exchange.reply_text(404, "", "There is nothing here. MCP is at /mcp and /mcp/{server}.");
  return false;
}

bool McpEndpoint::check_method(net::HttpExchange& exchange, Admitted const& admitted) {
  auto const& head = exchange.head();
  if (head.method == "POST") return true;
  if (head.method == "OPTIONS") {
    exchange.reply(204, "", kPreflightFields, {});
    return false;
  }
  if (head.method == "DELETE" && admitted.rules->legacy && head.fields.has("mcp-session-id")) {
    end_session(exchange, admitted);
    return false;
  }
  // There is no stream to open with GET here, but a session that has ended is to be known as such.
  auto const* const session = head.fields.find("mcp-session-id");
  if (head.method == "GET" && session != nullptr &&
      !parts_.sessions.find(std::string(session->value), *admitted.principal, parts_.scheduler.now())) {
    reject(exchange, "session", era::Refusal{404, -32001, "Session not found", {}}, {});
    return false;
  }
  parts_.meter.refused("method");
  exchange.reply_text(405, admitted.rules->legacy ? "Allow: POST, DELETE\r\n" : "Allow: POST\r\n",
                      "Send MCP requests with POST.");
  return false;
}

void McpEndpoint::end_session(net::HttpExchange& exchange, Admitted const& admitted) {
  std::string const id(exchange.head().fields.value("mcp-session-id"));
  if (parts_.sessions.end(id, *admitted.principal, parts_.scheduler.now())) {
    exchange.reply(200, "", "", {});
    return;
  }
  reject(exchange, "session", era::Refusal{404, -32001, "Session not found", {}}, {});
}

bool McpEndpoint::check_media(net::HttpExchange& exchange) {
  auto const& fields = exchange.head().fields;
  if (!is_json(fields.value("content-type"))) {
    reject(exchange, "media_type", era::Refusal{415, -32600, "Content-Type must be application/json", {}},
           {});
    return false;
  }
  if (accepts(fields, kJson, "application/*") && accepts(fields, "text/event-stream", "text/*")) return true;
  reject(exchange, "media_type",
         era::Refusal{406, -32600, "Accept must list application/json and text/event-stream", {}}, {});
  return false;
}

// True: go on to the body. False: the request was answered.
bool McpEndpoint::admit(net::HttpExchange& exchange, Admitted& admitted) {
  auto const& head = exchange.head();
  admitted.rules = rules_;
  if (auto const twice = head.fields.duplicated(kSingle); !twice.empty()) {
    reject(exchange, "duplicate_field",
           era::Refusal{400, -32600, "The header " + std::string(twice) + " may stand once only", {}}, {});
    return false;
  }
  if (!rules_->hosts.host_allowed(head.host)) {
    reject(exchange, "host", era::Refusal{403, -32600, "This Host is not served here; see allowed_hosts", {}},
           {});
    return false;
  }
  auto const* const origin = head.fields.find("origin");
  if (origin != nullptr && !rules_->hosts.origin_allowed(origin->value)) {
    reject(exchange, "origin",
           era::Refusal{403, -32600, "This Origin is not allowed; see allowed_origins", {}}, {});
    return false;
  }
  if (origin != nullptr) exchange.add_fields(cors_fields(origin->value));
  if (!find_endpoint(exchange, admitted)) return false;
  if (head.method != "OPTIONS") {
    auto who =
        rules_->authenticator.identify(head.fields.value("authorization"), parts_.scheduler.clock().wall());
    if (!who) {
      reject(exchange, "unauthenticated", era::Refusal{401, 4010, "Authentication is required", {}}, {},
             "WWW-Authenticate: Bearer\r\n");
      return false;
    }
    admitted.principal = std::move(*who);
  }
  if (!check_method(exchange, admitted)) return false;
  if (head.framing.kind == net::Framing::Kind::length && head.framing.length > rules_->body_bytes_max) {
    reject(exchange, "size", era::Refusal{413, -32600, "The request body is too large", {}}, {});
    return false;
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
  std::string const body = error_message({}, -32600, error.detail, {});
  iovec const part = part_of(body);
  exchange.reply(shown, kJson, "", {&part, 1});
}

}  // namespace weir::edge
