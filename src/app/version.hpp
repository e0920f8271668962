// What this build calls itself.
//
// Constants of the build; WEIR_VERSION and WEIR_SOURCE_REVISION come from CMake.
#pragma once

#include <string>
#include <string_view>

namespace weir::app {

inline constexpr std::string_view kVersion = WEIR_VERSION;
inline constexpr std::string_view kSourceRevision = WEIR_SOURCE_REVISION;

// The Implementation object that Weir shows to both sides.
inline std::string gateway_info() {
  return R"({"name":"weir","title":"Weir MCP gateway","version":")" + std::string(kVersion) + "\"}";
}

}  // namespace weir::app
