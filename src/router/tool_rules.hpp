// ToolRules: what the operator changes in one server's tool list.
//
// All speak of the server's own names. `hide` and `description` are globs, the first match wins; `rename` is
// exact. A hidden tool cannot be called either. Renaming never hides another tool: see name_map.hpp for
// collisions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::router {

struct ToolRules {
  std::vector<std::string> hide;
  std::vector<std::pair<std::string, std::string>> rename;       // own name → shown name
  std::vector<std::pair<std::string, std::string>> description;  // own names → text shown instead

  bool hides(std::string_view own_name) const noexcept;
  std::string_view shown_name(std::string_view own_name) const noexcept;           // own_name if not renamed
  std::string const* shown_description(std::string_view own_name) const noexcept;  // null: the server's own
  bool operator==(ToolRules const&) const = default;
};

}  // namespace weir::router
