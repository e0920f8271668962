#include "edge/stdio_endpoint.hpp"

// Which era the process speaks, and what that allows (MCP 2026-07-28, basic/versioning).
namespace weir::edge {

using era::Refusal;
using mcp::Field;

namespace {

constexpr int kInvalidRequest = -32600;
constexpr int kInvalidParams = -32602;
constexpr int kServerError = -32000;

Refusal pinned_to(bool modern, std::string_view requested) {
  auto refusal = era::unsupported_version(requested, {modern, !modern});
  refusal.message = "This process already speaks another revision of the protocol";
  return refusal;
}

}  // namespace

std::optional<Refusal> StdioEndpoint::admit(core::Call& call, EndpointRules const& rules) {
  auto const classified = era::classify({}, call.request);
  if (classified.refusal) return classified.refusal;
  bool const modern = classified.route == era::Route::modern;
  if (modern ? !rules.modern : !rules.legacy) {
    std::string scratch;
    auto const asked = modern ? Field::meta_protocol_version : Field::protocol_version;
    return era::unsupported_version(call.request.text(asked, scratch), rules.eras());
  }
  if (modern) return admit_modern(call, rules);
  return classified.route == era::Route::legacy_initialize ? admit_initialize(call) : admit_legacy(call);
}

std::optional<Refusal> StdioEndpoint::admit_modern(core::Call& call, EndpointRules const& rules) {
  if (auto refusal = era::climb_modern_ladder({}, call.request, rules.eras(), false)) return refusal;
  std::string scratch;
  if (pinned_ == Pinned::legacy) {
    return pinned_to(false, call.request.text(Field::meta_protocol_version, scratch));
  }
  bool const probe = call.method == mcp::Method::server_discover || call.method == mcp::Method::unknown;
  if (!probe) pinned_ = Pinned::modern;
  call.revision = mcp::kNewest;
  call.legacy_offered = rules.legacy;
  return std::nullopt;
}

std::optional<Refusal> StdioEndpoint::admit_initialize(core::Call& call) {
  std::string scratch;
  auto const asked = call.request.text(Field::protocol_version, scratch);
  if (pinned_ == Pinned::modern) return pinned_to(true, asked);
  if (shaking_hands_ || session_) return Refusal{400, kInvalidRequest, "initialize was sent before", {}};
  if (auto refusal = era::check_initialize(call.request)) return refusal;
  shaking_hands_ = true;
  call.revision = era::negotiate_legacy(asked);
  return std::nullopt;
}

std::optional<Refusal> StdioEndpoint::admit_legacy(core::Call& call) {
  if (pinned_ == Pinned::modern) {
    return Refusal{400, kInvalidParams, "_meta needs io.modelcontextprotocol/protocolVersion, a string", {}};
  }
  if (!session_) return Refusal{400, kServerError, "Send initialize first", {}};
  return keep_session(call);
}

// The process is the session: one that grew too old for the table is opened again.
std::optional<Refusal> StdioEndpoint::keep_session(core::Call& call) {
  auto const now = parts_.scheduler.now();
  if (!parts_.sessions.find(session_->id, *who_, now)) {
    auto const opened =
        parts_.sessions.open(core::ClientSession(*session_), *who_, now, observe::Transport::pipe);
    if (!opened) return Refusal{503, kServerError, "Too many sessions; try again later", {}};
    begin_session(*opened);
  }
  call.session_id = session_->id;
  call.revision = session_->revision;
  return std::nullopt;
}

void StdioEndpoint::end_handshake(core::Call const& call) {
  shaking_hands_ = false;
  if (!call.session) return;  // it failed: the client may try again, in either era
  pinned_ = Pinned::legacy;
  session_ = call.session;
  if (auto const pin = parts_.sessions.find(session_->id, *who_, parts_.scheduler.now())) begin_session(pin);
}

}  // namespace weir::edge
