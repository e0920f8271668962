#include "upstream/child_environment.hpp"

#include <algorithm>

namespace weir::upstream {

std::vector<Variable> child_environment(
    std::function<std::optional<std::string_view>(std::string_view)> const& own,
    std::span<Variable const> configured) {
  std::vector<Variable> out;
  auto const put = [&out](std::string_view name, base::Secret value) {
    auto const same =
        std::find_if(out.begin(), out.end(), [&](Variable const& v) { return v.first == name; });
    if (same != out.end()) {
      same->second = std::move(value);
    } else {
      out.emplace_back(name, std::move(value));
    }
  };
  for (auto const name : kInheritedVariables) {
    if (auto const value = own(name)) put(name, base::Secret(*value));
  }
  for (auto const& [name, value] : configured) put(name, value);
  return out;
}

}  // namespace weir::upstream
