// The whole tree against the option table.
#include <fmt/format.h>

#include <algorithm>

#include "config/option_rows.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kKeysShown = 8;

void check(Node const& node, Shape const& shape, Mark const& place, Problems& problems);

std::vector<std::string_view> sorted_keys(Shape const& shape) {
  std::vector<std::string_view> keys;
  for (auto const& [key, below] : shape.keys) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

void report_unknown(Member const& member, Shape const& shape, Problems& problems) {
  auto const keys = sorted_keys(shape);
  auto& problem = problems.error("WEIR-E012", member.mark, fmt::format("unknown key `{}`", member.key));
  auto const meant = nearest(member.key, keys);
  if (!meant.empty()) problem.label = fmt::format("did you mean `{}`?", meant);
  std::string list;
  for (std::size_t i = 0; i < std::min(keys.size(), kKeysShown); ++i)
    list += (i == 0 ? "" : ", ") + std::string(keys[i]);
  if (keys.size() > kKeysShown) list += ", …";
  problem.notes.push_back("keys here: " + list);
}

void check_map(Node const& node, Shape const& shape, Problems& problems) {
  for (auto const& member : node.members) {
    if (auto const* below = shape.below(member.key)) {
      check(member.value, *below, member.mark, problems);
    } else {
      report_unknown(member, shape, problems);
    }
  }
}

void report_type(Node const& node, Shape const& shape, Mark const& place, Problems& problems) {
  std::string expected;
  for (auto const* row : shape.rows)
    expected += (expected.empty() ? "" : ", or ") + std::string(grammar_of(row->type));
  auto const got = node.is_scalar() ? fmt::format("`{}`", node.text) : name_of(node.kind);
  problems.error("WEIR-E011", node.mark.line == 0 ? place : node.mark,
                 fmt::format("expected {}, got {}", expected, got));
}

// `place` is where the value's key stands, for values without a place of their own.
void check(Node const& node, Shape const& shape, Mark const& place, Problems& problems) {
  if (node.kind == Node::Kind::null || node.unset) return;
  if (node.is_map()) {
    if (shape.row_of(Type::section) || shape.row_of(Type::table)) return check_map(node, shape, problems);
    return report_type(node, shape, place, problems);
  }
  if (node.is_sequence()) {
    if (!shape.row_of(Type::list)) return report_type(node, shape, place, problems);
    for (auto const& item : node.items) check(item, *shape.item, place, problems);
    return;
  }
  auto const scalar = std::find_if(shape.rows.begin(), shape.rows.end(), [](Option const* row) {
    return row->type != Type::section && row->type != Type::table && row->type != Type::list;
  });
  if (scalar == shape.rows.end()) return report_type(node, shape, place, problems);
  if (auto complaint = check_scalar(node, **scalar); !complaint.code.empty()) {
    problems.error(complaint.code, node.mark, std::move(complaint.message)).fix = std::move(complaint.fix);
  }
}

}  // namespace

void validate(Node const& root, Problems& problems) { check(root, root_shape(), root.mark, problems); }

}  // namespace weir::config
