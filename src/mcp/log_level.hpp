// The eight severities of log messages, least severe first (RFC 5424, as MCP spells them).
//
// Pure, any thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace weir::mcp {

inline constexpr std::array<std::string_view, 8> kLogLevels{"debug", "info",     "notice", "warning",
                                                            "error", "critical", "alert",  "emergency"};

// 0 debug … 7 emergency.
inline std::optional<int> severity_of(std::string_view level) noexcept {
  for (std::size_t i = 0; i < kLogLevels.size(); ++i) {
    if (kLogLevels[i] == level) return static_cast<int>(i);
  }
  return std::nullopt;
}

}  // namespace weir::mcp
