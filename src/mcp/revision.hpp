// The protocol revisions that Weir speaks, oldest first, and what tells them apart on the wire.
//
// Comparing two revisions compares their age. "Legacy" is everything with an `initialize` handshake; the
// model inside Weir is the newest. Constant, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::mcp {

enum class Revision : std::uint8_t { r2024_11_05, r2025_03_26, r2025_06_18, r2025_11_25, r2026_07_28 };

inline constexpr std::array kRevisions{Revision::r2024_11_05, Revision::r2025_03_26, Revision::r2025_06_18,
                                       Revision::r2025_11_25, Revision::r2026_07_28};
inline constexpr Revision kNewestLegacy = Revision::r2025_11_25;
inline constexpr Revision kNewest = Revision::r2026_07_28;
inline constexpr Revision kAssumedWithoutHeader =
    Revision::r2025_03_26;  // legacy HTTP without a version header

struct RevisionTraits {
  std::string_view text;         // as on the wire
  bool modern = false;           // metadata with every request, no handshake, no session
  bool streamable_http = false;  // otherwise HTTP+SSE with two endpoints
  bool batch = false;            // arrays of messages are legal
  bool version_header = false;   // clients send MCP-Protocol-Version after the handshake
  bool tool_annotations = false;
  bool audio_content = false;
  bool completions_capability = false;
  bool progress_message = false;
  bool structured_content = false;  // structuredContent, outputSchema and resource_link
  bool elicitation = false;         // form mode
  bool icons = false;
  bool url_elicitation = false;      // and error -32042 where legacy
  bool core_tasks = false;           // params.task and execution.taskSupport
  bool priming_event = false;        // an SSE stream begins with an event that has an id and no data
  bool any_json_structured = false;  // structuredContent may be other than an object
};

RevisionTraits const& traits_of(Revision revision) noexcept;
inline std::string_view text_of(Revision revision) noexcept { return traits_of(revision).text; }
inline bool is_modern(Revision revision) noexcept { return traits_of(revision).modern; }
std::optional<Revision> parse_revision(std::string_view text) noexcept;

}  // namespace weir::mcp
