#include <fmt/format.h>

#include "config/load_steps.hpp"
#include "config/option_rows.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kPathsShown = 6;

// Keys whose absence weakens a protection.
bool protects(std::string_view path) {
  for (std::string_view const part :
       {"policies", "auth.jwt", "admin.roles", "limits.per_principal", "security", "tls"}) {
    if (path == part || path.ends_with("." + std::string(part)) || path.starts_with(std::string(part) + "."))
      return true;
  }
  return false;
}

bool is_default(Node const& node, Option const& row) {
  return node.kind == Node::Kind::null || (node.is_scalar() && node.text == row.fallback);
}

// The highest keys that are for later and say something else than their default.
void collect(Node const& node, Shape const& shape, std::string const& path, std::vector<std::string>& out) {
  auto const visit = [&](Node const& value, Shape const* below, std::string const& name) {
    if (below == nullptr || below->rows.empty()) return;
    if (below->rows.front()->effect == Effect::now) return collect(value, *below, name, out);
    if (is_default(value, *below->rows.front())) return;
    if (value.is_scalar() || value.is_sequence()) return out.push_back(name);
    std::vector<std::string> inner;  // a section of defaults says nothing
    collect(value, *below, name, inner);
    if (!inner.empty()) out.push_back(name);
  };
  for (auto const& member : node.members) {
    visit(member.value, shape.below(member.key), path.empty() ? member.key : path + "." + member.key);
  }
  for (auto const& item : node.items) visit(item, shape.item.get(), path + "[]");
}

// Words that are known and for later.
void collect_words(Node const& root, std::string_view top, std::vector<std::string>& out) {
  if (top != "servers") return;
  auto const* servers = root.find("servers");
  for (auto const& server : servers->members) {
    auto const* type = server.value.at("auth.type");
    if (type != nullptr && (type->text == "oauth" || type->text == "exchange")) {
      out.push_back(fmt::format("servers.{}.auth.type: {}", server.key, type->text));
    }
  }
}

}  // namespace

std::vector<Deferred> note_deferred(Node const& root, Problems& problems) {
  std::vector<Deferred> all;
  for (auto const& member : root.members) {
    std::vector<std::string> paths;
    Node one;
    one.kind = Node::Kind::map;
    one.members.push_back(member);
    collect(one, root_shape(), "", paths);
    collect_words(one, member.key, paths);
    if (paths.empty()) continue;
    auto& problem = problems.note("WEIR-E060", member.mark,
                                  fmt::format("`{}`: accepted; not in effect in this version", member.key));
    if (paths.front() != member.key) {
      problem.message = fmt::format("parts of `{}`: accepted; not in effect in this version", member.key);
      std::string list;
      for (std::size_t i = 0; i < std::min(paths.size(), kPathsShown); ++i)
        list += (i == 0 ? "" : ", ") + paths[i];
      if (paths.size() > kPathsShown) list += ", …";
      problem.notes.push_back(std::move(list));
    }
    for (auto& path : paths) {
      bool const protecting = protects(path);
      all.push_back({std::move(path), protecting});
    }
  }
  return all;
}

}  // namespace weir::config
