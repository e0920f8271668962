// Request rules of the near rim: which era an HTTP request belongs to and whether its headers fit its body.
//
// Brains on views: nothing is kept. The body decides (P001); headers are checked against it. Source:
// MCP 2026-07-28, basic/versioning and basic/transports/streamable-http. Every refusal is a JSON-RPC error
// with the HTTP status it travels on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mcp/message.hpp"
#include "mcp/revision.hpp"

namespace weir::era {

// The header fields of MCP, as received; nothing where a field is absent.
struct McpFields {
  std::optional<std::string_view> protocol_version;  // MCP-Protocol-Version
  std::optional<std::string_view> method;            // Mcp-Method
  std::optional<std::string_view> name;              // Mcp-Name
};

struct Refusal {
  int http = 400;
  int code = -32600;
  std::string message;
  std::string data;  // JSON, or ""
};

enum class Route { modern, legacy_initialize, legacy };

struct Classified {
  Route route = Route::legacy;
  std::optional<Refusal> refusal;
};

// Steps 5 to 8: from the message, with the version header as a cross-check.
Classified classify(McpFields const& fields, mcp::Message const& message);

// Which revisions a listener speaks.
struct Eras {
  bool modern = true;
  bool legacy = true;
};

// Rungs a to g for a message that classify() called modern. On stdio there are no headers: `http` false skips
// a, d–f. A method that is not MCP's own passes: an extension's, perhaps, which is for the router to say.
std::optional<Refusal> climb_modern_ladder(McpFields const& fields, mcp::Message const& message, Eras offered,
                                           bool http);

// Whether a version header names a modern revision: 2026-07-28, or any later day.
bool names_modern(std::optional<std::string_view> version) noexcept;

// The revision of a legacy request after the handshake: the header's, else the session's (P046).
// Nothing: the header names a version that is not offered, refuse with 400.
std::optional<mcp::Revision> legacy_revision(std::optional<std::string_view> header,
                                             mcp::Revision of_session);

// What an `initialize` must say: the version, and objects where objects belong.
std::optional<Refusal> check_initialize(mcp::Message const& message);

// The version to answer an `initialize` with (P008): the one asked for, or the newest legacy one.
mcp::Revision negotiate_legacy(std::string_view asked) noexcept;

Refusal unsupported_version(std::string_view requested, Eras offered);  // -32022 with data
Refusal unknown_legacy_version();
Refusal missing_session();

}  // namespace weir::era
