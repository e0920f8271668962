#include <fmt/format.h>

#include <algorithm>

#include "config/expand.hpp"
#include "config/load_steps.hpp"
#include "config/option_rows.hpp"

namespace weir::config {
namespace {

void collect(Node const& node, std::string const& path, std::vector<KeyOrigin>& out) {
  auto const below = [&](std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  };
  for (auto const& member : node.members) collect(member.value, below(member.key), out);
  for (std::size_t i = 0; i < node.items.size(); ++i) collect(node.items[i], below(std::to_string(i)), out);
  if (!node.is_scalar() || node.kind == Node::Kind::null) return;
  auto const& mark = node.mark;
  bool const hidden = is_credential_path(split(path, '.')) && !has_reference(node.text);
  out.push_back(
      {path, hidden ? "***" : node.text,
       fmt::format("{}:{}:{}", mark.source ? mark.source->name : "?", mark.line, shown_column(mark))});
}

}  // namespace

std::vector<KeyOrigin> origins(Node const& tree) {
  std::vector<KeyOrigin> all;
  collect(tree, "", all);
  std::sort(all.begin(), all.end(), [](KeyOrigin const& a, KeyOrigin const& b) { return a.path < b.path; });
  return all;
}

}  // namespace weir::config
