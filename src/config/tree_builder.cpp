#include "config/tree_builder.hpp"

#include <algorithm>

namespace weir::config {
namespace {

struct Extent {
  std::size_t nodes = 1;
  std::size_t text_bytes = 0;
  std::size_t depth = 1;
};

Extent extent_of(Node const& node) {
  Extent total{1, node.text.size(), 1};
  auto const add = [&](Node const& child) {
    auto const inner = extent_of(child);
    total.nodes += inner.nodes;
    total.text_bytes += inner.text_bytes;
    total.depth = std::max(total.depth, inner.depth + 1);
  };
  for (auto const& item : node.items) add(item);
  for (auto const& member : node.members) {
    add(member.value);
    total.text_bytes += member.key.size();
  }
  return total;
}

}  // namespace

bool TreeBuilder::admit(std::size_t nodes, std::size_t text_bytes, Mark const& mark) {
  if (stopped_) return false;
  nodes_ += nodes;
  text_bytes_ += text_bytes;
  if (nodes_ <= kNodesMax && text_bytes_ <= kTextBytesMax) return true;
  problems_.error("WEIR-E002", mark, "the file holds too many values");
  stopped_ = true;
  return false;
}

void TreeBuilder::keep_anchor(std::size_t anchor, Node const& node) {
  if (anchor == 0 || stopped_) return;
  auto const extent = extent_of(node);
  if (admit(extent.nodes, extent.text_bytes, node.mark)) anchors_[anchor] = node;
}

void TreeBuilder::scalar(Node node, std::size_t anchor) {
  if (!admit(1, node.text.size(), node.mark)) return;
  if (node.text.find('\0') != std::string::npos) {  // as the reader of JSON refuses it
    problems_.error("WEIR-E003", node.mark, "a zero byte, which no name and no value may have");
    std::erase(node.text, '\0');
  }
  keep_anchor(anchor, node);
  attach(std::move(node));
}

void TreeBuilder::begin(Node::Kind kind, Mark mark, std::size_t anchor) {
  if (!admit(1, 0, mark)) return;
  if (frames_.size() >= kDepthMax) {
    problems_.error("WEIR-E002", mark, "nested deeper than 64 levels");
    stopped_ = true;
    return;
  }
  auto& frame = frames_.emplace_back();
  frame.node.kind = kind;
  frame.node.mark = std::move(mark);
  frame.anchor = anchor;
}

void TreeBuilder::end() {
  if (stopped_ || frames_.empty()) return;
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  keep_anchor(frame.anchor, frame.node);
  attach(std::move(frame.node));
}

void TreeBuilder::alias(std::size_t anchor, Mark const& mark) {
  if (stopped_) return;
  auto const found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    problems_.error("WEIR-E003", mark, "an alias of a value that is not complete yet");
    stopped_ = true;
    return;
  }
  auto const extent = extent_of(found->second);
  if (!admit(extent.nodes, extent.text_bytes, mark)) return;
  if (frames_.size() + extent.depth > kDepthMax) {
    problems_.error("WEIR-E002", mark, "nested deeper than 64 levels");
    stopped_ = true;
    return;
  }
  attach(found->second);
}

void TreeBuilder::attach(Node node) {
  if (stopped_) return;
  if (frames_.empty()) {
    root_ = std::move(node);
    return;
  }
  auto& frame = frames_.back();
  if (frame.node.is_sequence()) {
    frame.node.items.push_back(std::move(node));
  } else if (!frame.pending) {
    attach_key(frame, std::move(node));
  } else {
    frame.pending->value = std::move(node);
    if (!frame.drop) frame.node.members.push_back(std::move(*frame.pending));
    frame.pending.reset();
  }
}

void TreeBuilder::attach_key(Frame& frame, Node node) {
  frame.drop = true;
  frame.pending.emplace();
  if (!node.is_scalar() || (node.kind == Node::Kind::null && !node.quoted)) {
    problems_.error("WEIR-E006", node.mark, "a key must be text");
    return;
  }
  if (!frame.keys.insert(node.text).second) {
    auto& problem = problems_.error("WEIR-E004", node.mark, "duplicate key `" + node.text + "`");
    auto const& members = frame.node.members;
    auto const first =
        std::find_if(members.begin(), members.end(), [&](Member const& m) { return m.key == node.text; });
    if (first != members.end())
      problem.notes.push_back("first set on line " + std::to_string(first->mark.line));
    problem.fix = "remove one of the two";
    return;
  }
  frame.drop = false;
  frame.pending->key = std::move(node.text);
  frame.pending->mark = std::move(node.mark);
}

Node TreeBuilder::take() { return stopped_ ? Node{} : std::move(root_); }

}  // namespace weir::config
