#include "upstream/http_heads.hpp"

#include <fmt/core.h>
#include <string.h>

#include "base/append.hpp"
#include "mcp/header_value.hpp"
#include "net/http_fields.hpp"
#include "net/http_text.hpp"

namespace weir::upstream {
namespace {

using mcp::Field;

constexpr std::string_view kPostFields =
    "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
constexpr std::size_t kOwnBytes = 192;  // of the fields that a request has of its own, names and values
constexpr std::string_view kGetFields = "Accept: text/event-stream\r\n";

void add(std::string& head, std::string_view name, std::string_view text) {
  base::append(head, name, ": ");
  mcp::append_header_value(head, text);
  base::append(head, "\r\n");
}

// What cannot stand in a header is left out: it came in a message, where more is allowed.
void add_trace(std::string& head, core::Call const& call) {
  if (call.traceparent.empty()) return;
  static_cast<void>(net::append_field(head, "traceparent", call.traceparent));
  if (!call.tracestate.empty()) static_cast<void>(net::append_field(head, "tracestate", call.tracestate));
}

base::Error misfit(std::string what, std::string cure) {
  return base::Error(base::Fault::config, base::Blame::gateway, std::move(what)).advise(std::move(cure));
}

std::optional<base::Error> misfit_in(net::Url const& url, core::CredentialFields const& fields) {
  if (!net::is_origin_target(url.target) || !net::is_field_value(url.authority))
    return misfit("the url of the server has a byte that no request may have", "Correct the server's url.");
  for (auto const& [name, value] : fields) {
    if (!net::is_token(name))
      return misfit("the name of a configured header has a byte that none may have",
                    "Correct the names in the server's headers and auth.");
    if (!net::is_field_value(value.reveal()))
      return misfit(
          fmt::format("the value of header {} has a line end or another control byte", name),
          fmt::format("Correct the configured value of header {}, or the secret that it comes from.", name));
  }
  return std::nullopt;
}

}  // namespace

base::Result<std::string> fixed_part(std::string_view method, net::Url const& url,
                                     core::CredentialFields const& fields, std::string_view more) {
  if (auto error = misfit_in(url, fields)) return std::move(*error);
  constexpr std::size_t kPunctuation = 64;  // of the request line and of Host
  std::size_t bytes = method.size() + url.target.size() + url.authority.size() + more.size() + kPunctuation;
  for (auto const& [name, value] : fields) bytes += name.size() + value.reveal().size() + 4;
  std::string head;
  head.reserve(bytes);
  base::append(head, method, ' ', url.target, " HTTP/1.1\r\nHost: ", url.authority, "\r\n");
  for (auto const& [name, value] : fields)  // base::append() would leave the value on the stack
    head.append(name).append(": ").append(value.reveal()).append("\r\n");
  head += more;
  return head;
}

HttpHeads::HttpHeads(net::Url const& url, core::CredentialFields const& fields)
    : post_(made("POST", url, fields, kPostFields)),
      get_(made("GET", url, fields, kGetFields)),
      delete_(made("DELETE", url, fields, {})) {}

std::string HttpHeads::made(std::string_view method, net::Url const& url,
                            core::CredentialFields const& fields, std::string_view more) {
  auto part = fixed_part(method, url, fields, more);
  if (part) return std::move(*part);
  unfit_ = std::move(part).error();
  return {};
}

HttpHeads::~HttpHeads() {
  for (auto* const part : {&post_, &get_, &delete_}) explicit_bzero(part->data(), part->size());
}

std::string_view HttpHeads::fixed(Verb verb) const noexcept {
  switch (verb) {
    case Verb::get: return get_;
    case Verb::del: return delete_;
    case Verb::post: break;
  }
  return post_;
}

void HttpHeads::close(std::string& head, std::size_t body_bytes) { net::append_last_field(head, body_bytes); }

std::string HttpHeads::modern(mcp::Method method, mcp::Revision revision, std::string_view target,
                              std::size_t body_bytes) {
  std::string head;
  head.reserve(kOwnBytes + target.size());
  base::append(head, "MCP-Protocol-Version: ", mcp::text_of(revision),
               "\r\nMcp-Method: ", mcp::traits_of(method).name, "\r\n");
  if (mcp::traits_of(method).needs_mcp_name) add(head, "Mcp-Name", target);
  close(head, body_bytes);
  return head;
}

std::string HttpHeads::modern(core::Call const& call, mcp::Revision revision, std::size_t body_bytes) {
  std::string head;
  head.reserve(kOwnBytes + call.target.size());
  std::string scratch;
  base::append(head, "MCP-Protocol-Version: ", mcp::text_of(revision),
               "\r\nMcp-Method: ", call.request.text(Field::method, scratch), "\r\n");
  if (mcp::traits_of(call.method).needs_mcp_name) {
    std::string_view target = call.target;
    auto const routed = mcp::traits_of(call.method).routed_by;
    if (target.empty() && routed == mcp::RoutedBy::task_id)
      target = call.request.text(Field::task_id, scratch);
    add(head, "Mcp-Name", target);
  }
  if (call.mirrored != nullptr) {
    for (auto const& mirrored : *call.mirrored) {
      auto const text = mcp::param_text(mirrored, call.request.raw(Field::arguments));
      if (text && *text) add(head, "Mcp-Param-" + mirrored.suffix, **text);
    }
  }
  add_trace(head, call);
  close(head, body_bytes);
  return head;
}

std::string HttpHeads::legacy(core::Call const& call, std::string_view session, std::string_view revision,
                              std::size_t body_bytes) {
  std::string head;
  head.reserve(kOwnBytes + session.size());
  if (!session.empty()) static_cast<void>(net::append_field(head, "Mcp-Session-Id", session));
  if (!revision.empty()) static_cast<void>(net::append_field(head, "MCP-Protocol-Version", revision));
  add_trace(head, call);
  close(head, body_bytes);
  return head;
}

std::string HttpHeads::legacy(std::string_view session, std::string_view revision, std::size_t body_bytes) {
  std::string head;
  head.reserve(kOwnBytes + session.size());
  if (!session.empty()) static_cast<void>(net::append_field(head, "Mcp-Session-Id", session));
  if (!revision.empty()) static_cast<void>(net::append_field(head, "MCP-Protocol-Version", revision));
  close(head, body_bytes);
  return head;
}

std::string HttpHeads::legacy_delete(std::string_view session, std::string_view revision) {
  std::string head;
  head.reserve(kOwnBytes + session.size());
  static_cast<void>(net::append_field(head, "Mcp-Session-Id", session));
  if (!revision.empty()) static_cast<void>(net::append_field(head, "MCP-Protocol-Version", revision));
  net::append_head_end(head);
  return head;
}

std::string HttpHeads::open_events(std::string_view session, std::string_view revision,
                                   std::string_view after) {
  std::string head;
  head.reserve(kOwnBytes + session.size() + after.size());
  if (!after.empty()) static_cast<void>(net::append_field(head, "Last-Event-ID", after));
  if (!session.empty()) static_cast<void>(net::append_field(head, "Mcp-Session-Id", session));
  if (!revision.empty()) static_cast<void>(net::append_field(head, "MCP-Protocol-Version", revision));
  net::append_head_end(head);
  return head;
}

}  // namespace weir::upstream
