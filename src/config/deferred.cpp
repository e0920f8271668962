#include <fmt/format.h>

#include "config/load_steps.hpp"
#include "config/option_rows.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kPathsShown = 6;

// Whole paths, their first parts, or their last ones.
constexpr std::string_view kProtections[] = {
    "admin.roles", "security.allow_exec_secrets", "stdio.share", "stdio.memory_max", "observability.audit",
};

Loss loss_of(std::string_view path) {
  for (auto const part : kProtections) {
    if (path == part || path.ends_with("." + std::string(part)) || path.starts_with(std::string(part) + "."))
      return Loss::protection;
  }
  return Loss::none;
}

struct Found {
  std::string path;
  Mark mark;  // of the key
};

bool is_default(Node const& node, Option const& row) {
  return node.kind == Node::Kind::null || (node.is_scalar() && node.text == row.fallback);
}

// The highest keys that are for later and say something else than their default.
void collect(Node const& node, Shape const& shape, std::string const& path, std::vector<Found>& out) {
  auto const visit = [&](Node const& value, Mark const& mark, Shape const* below, std::string const& name) {
    if (below == nullptr || below->rows.empty()) return;
    if (below->rows.front()->effect == Effect::now) return collect(value, *below, name, out);
    if (is_default(value, *below->rows.front())) return;
    if (value.is_scalar() || value.is_sequence()) return out.push_back({name, mark});
    std::vector<Found> inner;  // a section of defaults says nothing
    collect(value, *below, name, inner);
    if (!inner.empty()) out.push_back({name, mark});
  };
  for (auto const& member : node.members) {
    auto const name = path.empty() ? member.key : path + "." + member.key;
    visit(member.value, member.mark, shape.below(member.key), name);
  }
  for (auto const& item : node.items) visit(item, item.mark, shape.item.get(), path + "[]");
}

void complain(Found const& found, Problems& problems) {
  problems
      .warning("WEIR-E061", found.mark,
               fmt::format("`{}` asks for a protection that this version does not give", found.path))
      .fix = "remove it if you can do without it";
}

}  // namespace

std::vector<Deferred> note_deferred(Node const& root, Sources const& sources, Problems& problems) {
  std::vector<Deferred> all;
  for (auto const& member : root.members) {
    std::vector<Found> found;
    Node one;
    one.kind = Node::Kind::map;
    one.members.push_back(member);
    collect(one, root_shape(), "", found);
    if (found.empty()) continue;
    auto& problem = problems.note("WEIR-E060", member.mark,
                                  fmt::format("`{}`: accepted; not in effect in this version", member.key));
    if (found.front().path != member.key) {
      problem.message = fmt::format("parts of `{}`: accepted; not in effect in this version", member.key);
      std::string list;
      for (std::size_t i = 0; i < std::min(found.size(), kPathsShown); ++i)
        list += (i == 0 ? "" : ", ") + found[i].path;
      if (found.size() > kPathsShown) list += ", …";
      problem.notes.push_back(std::move(list));
    }
    for (auto const& one_found : found) {
      auto const loss = loss_of(one_found.path);
      all.push_back({one_found.path, loss});
      if (sources.starting && loss != Loss::none) complain(one_found, problems);
    }
  }
  return all;
}

}  // namespace weir::config
