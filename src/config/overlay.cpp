// Environment variables and flags as small trees, so that they are checked and shown like files.
#include <fmt/format.h>

#include "config/load_steps.hpp"
#include "config/option_rows.hpp"

namespace weir::config {
namespace {

constexpr std::string_view kAnyKey = "WEIR__";
constexpr std::size_t kItemsMax = 16;  // of a list that is addressed by number

constexpr std::pair<std::string_view, std::string_view> kShort[] = {
    {"WEIR_LISTEN", "listeners.0.bind"},
    {"WEIR_ADMIN", "admin.bind"},
    {"WEIR_LOG_LEVEL", "observability.log.level"},
    {"WEIR_LOG_FORMAT", "observability.log.format"},
};

void move_marks(Node& node, SharedText const& source, std::uint32_t columns) {
  auto const move = [&](Mark& mark) {
    mark.source = source;
    mark.column += mark.line == 1 ? columns : 0;
  };
  move(node.mark);
  for (auto& item : node.items) move_marks(item, source, columns);
  for (auto& member : node.members) {
    move(member.mark);
    move_marks(member.value, source, columns);
  }
}

// `written` is the whole assignment as people would see it, "WEIR_LISTEN=…"; the value begins at `value_at`.
// `keys` are the path and the columns of its parts in `written` (0 where the part is not visible there).
struct Assignment {
  std::string title;
  std::string written;
  std::size_t value_at = 0;
  std::vector<std::pair<std::string, std::size_t>> keys;
};

Overlay tree_of(Assignment const& assignment, unsigned order, Problems& problems) {
  auto const source = make_source(assignment.title, assignment.written, order);
  Problems inner;
  auto node =
      read_yaml(make_source(assignment.title, assignment.written.substr(assignment.value_at), order), inner);
  if (inner.has_errors()) {  // not YAML: `:6270`, `*` and the like are taken as text
    node = Node{};
    node.kind = Node::Kind::text;
    node.text = assignment.written.substr(assignment.value_at);
    node.mark = Mark{source, 1, 1, static_cast<std::uint32_t>(std::max<std::size_t>(node.text.size(), 1))};
  }
  move_marks(node, source, static_cast<std::uint32_t>(assignment.value_at));
  for (auto key = assignment.keys.rbegin(); key != assignment.keys.rend(); ++key) {
    auto const& [name, column] = *key;
    Mark const mark{source, 1, static_cast<std::uint32_t>(column == 0 ? 1 : column),
                    static_cast<std::uint32_t>(column == 0 ? assignment.value_at : name.size())};
    Node outer;
    outer.mark = mark;
    bool const number =
        !name.empty() && name.size() <= 2 && name.find_first_not_of("0123456789") == name.npos;
    if (number && std::stoul(name) < kItemsMax) {
      outer.kind = Node::Kind::sequence;
      outer.items.resize(std::stoul(name));
      outer.items.push_back(std::move(node));
    } else {
      outer.kind = Node::Kind::map;
      outer.members.push_back(Member{name, mark, std::move(node)});
    }
    node = std::move(outer);
  }
  if (!node.is_map()) problems.error("WEIR-E012", node.mark, "a key must begin with a name");
  return Overlay{node.is_map() ? std::move(node) : Node{}, assignment.keys.size()};
}

std::vector<std::pair<std::string, std::size_t>> hidden_keys(std::string_view path) {
  std::vector<std::pair<std::string, std::size_t>> keys;
  for (auto const part : split(path, '.')) keys.emplace_back(part, 0);
  return keys;
}

}  // namespace

std::vector<Overlay> overlays(Sources const& sources, Environment const& environment, unsigned order,
                              Problems& problems) {
  std::vector<Overlay> trees;
  for (auto const& [name, path] : kShort) {
    auto const value = environment.variable(name);
    if (!value) continue;
    Assignment assignment{"environment", fmt::format("{}={}", name, *value), name.size() + 1,
                          hidden_keys(path)};
    trees.push_back(tree_of(assignment, order++, problems));
  }
  for (auto const& [name, value] : environment.variables()) {
    if (!name.starts_with(kAnyKey)) continue;
    Assignment assignment{"environment", fmt::format("{}={}", name, value), name.size() + 1, {}};
    for (std::size_t at = kAnyKey.size(); at <= name.size();) {
      auto const end = std::min(name.find("__", at), name.size());
      assignment.keys.emplace_back(name.substr(at, end - at), at + 1);
      at = end + 2;
    }
    trees.push_back(tree_of(assignment, order++, problems));
  }
  for (auto const& flag : sources.flags) {
    Assignment assignment{"command line", fmt::format("{} {}", flag.name, flag.text), flag.name.size() + 1,
                          hidden_keys(flag.path)};
    trees.push_back(tree_of(assignment, order++, problems));
  }
  return trees;
}

}  // namespace weir::config
