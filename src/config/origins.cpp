#include <fmt/format.h>

#include <algorithm>

#include "config/load_steps.hpp"

namespace weir::config {
namespace {

class OriginWalk {
 public:
  explicit OriginWalk(std::vector<KeyOrigin>& out) : out_(out) {}

  // `shown`: the dotted path with numbers of items; `before`: the item before this one.
  void visit(Node const& node, std::string const& shown, std::string_view before) {
    auto const below = [&](std::string_view key) {
      return shown.empty() ? std::string(key) : fmt::format("{}.{}", shown, key);
    };
    for (auto const& member : node.members) {
      path_.push_back(member.key);
      visit(member.value, below(member.key), {});
      path_.pop_back();
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      visit(node.items[i], below(std::to_string(i)), i == 0 ? std::string_view() : node.items[i - 1].text);
    }
    if (!node.is_scalar() || node.kind == Node::Kind::null) return;
    auto const& mark = node.mark;
    out_.push_back(
        {shown, without_credentials(node.text, {path_, before}),
         fmt::format("{}:{}:{}", mark.source ? mark.source->name : "?", mark.line, shown_column(mark))});
  }

 private:
  std::vector<KeyOrigin>& out_;
  Path path_;
};

}  // namespace

std::vector<KeyOrigin> origins(Node const& tree) {
  std::vector<KeyOrigin> all;
  OriginWalk(all).visit(tree, "", {});
  std::sort(all.begin(), all.end(), [](KeyOrigin const& a, KeyOrigin const& b) { return a.path < b.path; });
  return all;
}

}  // namespace weir::config
