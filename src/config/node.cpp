#include "config/node.hpp"

namespace weir::config {

std::string_view Node::value() const noexcept {
  return expanded ? expanded->reveal() : std::string_view(text);
}

Node const* Node::find(std::string_view key) const noexcept {
  for (auto const& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) noexcept {
  return const_cast<Node*>(static_cast<Node const*>(this)->find(key));
}

Node const* Node::at(std::string_view dotted_path) const noexcept {
  Node const* node = this;
  while (node != nullptr && !dotted_path.empty()) {
    auto const dot = dotted_path.find('.');
    node = node->find(dotted_path.substr(0, dot));
    dotted_path = dot == std::string_view::npos ? std::string_view() : dotted_path.substr(dot + 1);
  }
  return node;
}

char const* name_of(Node::Kind kind) noexcept {
  switch (kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::boolean: return "true or false";
    case Node::Kind::integer: return "a whole number";
    case Node::Kind::real: return "a number";
    case Node::Kind::text: return "text";
    case Node::Kind::sequence: return "a list";
    case Node::Kind::map: return "a map";
  }
  return "?";
}

}  // namespace weir::config
