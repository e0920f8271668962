#include "router/tool_rules.hpp"

#include <algorithm>

#include "base/glob.hpp"

namespace weir::router {

bool ToolRules::hides(std::string_view own_name) const noexcept {
  return std::any_of(hide.begin(), hide.end(), [own_name](std::string const& pattern) {
    return base::glob_matches(pattern, own_name);
  });
}

std::string_view ToolRules::shown_name(std::string_view own_name) const noexcept {
  for (auto const& [own, shown] : rename) {
    if (own == own_name) return shown;
  }
  return own_name;
}

std::string const* ToolRules::shown_description(std::string_view own_name) const noexcept {
  for (auto const& [pattern, text] : description) {
    if (base::glob_matches(pattern, own_name)) return &text;
  }
  return nullptr;
}

}  // namespace weir::router
