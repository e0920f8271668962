#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/load_steps.hpp"
#include "config/option_rows.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kNameBytesMax = 32;

bool holds(Node const& aliases, std::string_view name) {
  return std::any_of(aliases.items.begin(), aliases.items.end(),
                     [&](Node const& alias) { return alias.is_scalar() && alias.text == name; });
}

}  // namespace

// A section of `degradation` and its aliases are names of one server; any of them may be the configured one.
std::string_view server_meant(Node const& root, std::string_view name) {
  auto const* servers = root.find("servers");
  if (servers == nullptr) return {};
  auto const configured = [&](std::string_view candidate) -> std::string_view {
    for (auto const& member : servers->members) {
      if (member.key == candidate) return member.key;
    }
    return {};
  };
  if (auto const found = configured(name); !found.empty()) return found;
  auto const* sections = root.find("degradation");
  if (sections == nullptr) return {};
  for (auto const& section : sections->members) {
    auto const* aliases = section.value.find("aliases");
    if (aliases == nullptr || (section.key != name && !holds(*aliases, name))) continue;
    if (auto const found = configured(section.key); !found.empty()) return found;
    for (auto const& alias : aliases->items) {
      if (auto const found = configured(alias.text); !found.empty()) return found;
    }
  }
  return {};
}

Problem& warn_of_unknown_server(std::string_view code, Mark const& mark, std::string_view name,
                                Node const& root, Problems& problems) {
  auto& problem = problems.warning(code, mark, fmt::format("server `{}` is not configured", name));
  std::vector<std::string_view> names;
  if (auto const* servers = root.find("servers")) {
    for (auto const& member : servers->members) names.push_back(member.key);
  }
  if (auto const meant = nearest(name, names); !meant.empty())
    problem.label = fmt::format("did you mean `{}`?", meant);
  return problem;
}

bool is_server_name(std::string_view name) noexcept {
  bool const clean = std::all_of(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
  return clean && !name.empty() && name.size() <= kNameBytesMax &&
         std::isalnum(static_cast<unsigned char>(name[0])) != 0 &&
         name.find("__") == std::string_view::npos && !name.ends_with('_');
}

}  // namespace weir::config
