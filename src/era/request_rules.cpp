#include "era/request_rules.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "mcp/header_value.hpp"
#include "mcp/json_text.hpp"
#include "mcp/method.hpp"

namespace weir::era {
namespace {

using mcp::Field;
using mcp::JsonKind;
using mcp::Message;
using mcp::MessageKind;

constexpr auto kFirstModern = mcp::Revision::r2026_07_28;

Refusal mismatch(std::string message) { return Refusal{400, -32020, std::move(message), {}}; }

Refusal invalid_params(std::string message) { return Refusal{400, -32602, std::move(message), {}}; }

// Rung b: the per-request envelope.
std::optional<Refusal> check_envelope(Message const& message) {
  if (!message.is(Field::meta_protocol_version, JsonKind::string)) {
    return invalid_params("_meta needs io.modelcontextprotocol/protocolVersion, a string");
  }
  if (message.kind() == MessageKind::notification) return std::nullopt;
  if (!message.is(Field::meta_client_capabilities, JsonKind::object)) {
    return invalid_params("_meta needs io.modelcontextprotocol/clientCapabilities, an object");
  }
  if (message.has(Field::meta_client_info) && !message.is(Field::meta_client_info, JsonKind::object)) {
    return invalid_params("_meta io.modelcontextprotocol/clientInfo must be an object");
  }
  return std::nullopt;
}

// Rung f: Mcp-Name says what the body says, however either is written (P027, P028, P030).
std::optional<Refusal> check_name(McpFields const& fields, Message const& message) {
  auto const& traits = mcp::traits_of(message.method());
  Field field = Field::name;
  if (traits.routed_by == mcp::RoutedBy::uri) field = Field::uri;
  if (traits.routed_by == mcp::RoutedBy::task_id) field = Field::task_id;
  bool const in_body = message.is(field, JsonKind::string);
  if (!fields.name) {
    if (!traits.needs_mcp_name || !in_body) return std::nullopt;
    return mismatch("the header Mcp-Name is missing");
  }
  if (!in_body) return std::nullopt;  // surplus: some clients send it with every request
  std::string header_scratch;
  auto const header = mcp::decode_header_value(mcp::trim_white_space(*fields.name), header_scratch);
  if (!header) return mismatch("the header Mcp-Name is not valid base64: " + header.error().detail);
  std::string body_scratch;
  if (*header == message.text(field, body_scratch)) return std::nullopt;
  return mismatch("the header Mcp-Name differs from the body");
}

// Rungs d and e.
std::optional<Refusal> check_standard_headers(McpFields const& fields, Message const& message) {
  if (!fields.protocol_version) return mismatch("the header MCP-Protocol-Version is missing");
  if (!fields.method) return mismatch("the header Mcp-Method is missing");
  std::string scratch;
  if (mcp::trim_white_space(*fields.method) != message.text(Field::method, scratch)) {
    return mismatch("the header Mcp-Method differs from the body");
  }
  return check_name(fields, message);
}

}  // namespace

// A revision is the day of its release: later ones, which are not known yet, are no less modern.
bool names_modern(std::optional<std::string_view> version) noexcept {
  constexpr std::string_view kShape = "dddd-dd-dd";
  if (!version) return false;
  auto const text = mcp::trim_white_space(*version);
  auto const fits = [](char shape, char byte) {
    return shape == 'd' ? byte >= '0' && byte <= '9' : byte == '-';
  };
  if (!std::equal(kShape.begin(), kShape.end(), text.begin(), text.end(), fits)) return false;
  return text >= mcp::text_of(kFirstModern);
}

Refusal unknown_legacy_version() { return Refusal{400, -32000, "Unsupported protocol version", {}}; }

Refusal missing_session() {
  return Refusal{400, -32000, "Mcp-Session-Id is missing; send initialize first", {}};
}

Refusal unsupported_version(std::string_view requested, Eras offered) {
  std::string data = R"({"supported":[)";
  for (auto at = mcp::kRevisions.rbegin(); at != mcp::kRevisions.rend(); ++at) {
    if (mcp::is_modern(*at) ? !offered.modern : !offered.legacy) continue;
    if (data.back() != '[') data += ',';
    mcp::append_json_string(data, mcp::text_of(*at));
  }
  data += R"(],"requested":)";
  mcp::append_json_string(data, requested);
  data += '}';
  return Refusal{400, -32022, "Unsupported protocol version", std::move(data)};
}

Classified classify(McpFields const& fields, Message const& message) {
  bool const modern_header = names_modern(fields.protocol_version);
  if (message.kind() == MessageKind::result || message.kind() == MessageKind::error) {
    if (!modern_header) return {Route::legacy, std::nullopt};
    return {Route::modern, Refusal{400, -32600, "a response cannot be sent to this server", {}}};  // P021
  }
  if (message.has(Field::meta_protocol_version)) return {Route::modern, std::nullopt};
  if (message.kind() == MessageKind::notification) {
    return {modern_header ? Route::modern : Route::legacy, std::nullopt};
  }
  if (modern_header) {
    return {Route::modern, invalid_params("_meta needs io.modelcontextprotocol/protocolVersion and "
                                          "io.modelcontextprotocol/clientCapabilities")};
  }
  bool const initialize = message.method() == mcp::Method::initialize;
  return {initialize ? Route::legacy_initialize : Route::legacy, std::nullopt};
}

std::optional<Refusal> climb_modern_ladder(McpFields const& fields, Message const& message, Eras offered,
                                           bool http) {
  bool const request = message.kind() == MessageKind::request;
  std::string scratch;
  bool const claims = message.is(Field::meta_protocol_version, JsonKind::string);
  std::string const claimed(claims ? message.text(Field::meta_protocol_version, scratch)
                                   : std::string_view{});
  if (http && claims && fields.protocol_version &&
      mcp::trim_white_space(*fields.protocol_version) != claimed) {
    return mismatch("the header MCP-Protocol-Version differs from the body");
  }
  if (!request && !claims) {  // header rules for notifications are undefined; but for the revision itself
    auto const stated = mcp::trim_white_space(fields.protocol_version.value_or(mcp::text_of(mcp::kNewest)));
    if (!mcp::parse_revision(stated)) return unsupported_version(stated, offered);
    return std::nullopt;
  }
  if (auto refusal = check_envelope(message)) return refusal;
  auto const revision = mcp::parse_revision(claimed);
  if (!revision || !mcp::is_modern(*revision)) return unsupported_version(claimed, offered);
  if (!request) return std::nullopt;
  if (http) {
    if (auto refusal = check_standard_headers(fields, message)) return refusal;
  }
  auto const& traits = mcp::traits_of(message.method());
  bool const known = message.method() != mcp::Method::unknown;  // others: the server may know them
  if (known && (!traits.modern || traits.to_client || traits.notification)) {
    return Refusal{
        404, -32601, fmt::format("Method not found: {}", message.text(Field::method, scratch)), {}};
  }
  return std::nullopt;
}

std::optional<mcp::Revision> legacy_revision(std::optional<std::string_view> header,
                                             mcp::Revision of_session) {
  if (!header) return of_session;
  auto const named = mcp::parse_revision(mcp::trim_white_space(*header));
  if (!named || mcp::is_modern(*named)) return std::nullopt;
  return named;
}

std::optional<Refusal> check_initialize(Message const& message) {
  if (!message.is(Field::protocol_version, JsonKind::string)) {
    return invalid_params("initialize needs protocolVersion, a string");
  }
  for (Field const field : {Field::capabilities, Field::client_info}) {
    if (message.has(field) && !message.is(field, JsonKind::object)) {
      return invalid_params("capabilities and clientInfo of initialize must be objects");
    }
  }
  return std::nullopt;
}

mcp::Revision negotiate_legacy(std::string_view asked) noexcept {
  auto const named = mcp::parse_revision(asked);
  return named && !mcp::is_modern(*named) ? *named : mcp::kNewestLegacy;
}

}  // namespace weir::era
