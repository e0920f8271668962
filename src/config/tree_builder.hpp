// TreeBuilder: puts a Node tree together from a reader's events, within the limits of reader.hpp.
//
// One use, one thread. After the first limit that is passed, or stop(), it ignores everything; take() then
// gives null. Members of a map come as a scalar (the key) followed by a value. Reports duplicate keys and
// keys that are not text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "config/reader.hpp"

namespace weir::config {

class TreeBuilder {
 public:
  explicit TreeBuilder(Problems& problems) : problems_(problems) {}

  void scalar(Node node, std::size_t anchor = 0);
  void begin(Node::Kind kind, Mark mark, std::size_t anchor = 0);  // sequence or map
  void end();
  void alias(std::size_t anchor, Mark const& mark);  // the anchored value again, where it was first written
  void stop() noexcept { stopped_ = true; }
  bool stopped() const noexcept { return stopped_; }
  Node take();

 private:
  struct Frame {
    Node node;
    std::size_t anchor = 0;
    std::optional<Member> pending;  // a key that waits for its value
    bool drop = false;              // … which is not kept
    std::unordered_set<std::string> keys;
  };

  bool admit(std::size_t nodes, std::size_t text_bytes, Mark const& mark);
  void keep_anchor(std::size_t anchor, Node const& node);
  void attach(Node node);
  void attach_key(Frame& frame, Node node);

  Problems& problems_;
  std::vector<Frame> frames_;
  std::map<std::size_t, Node> anchors_;
  Node root_;
  std::size_t nodes_ = 0;
  std::size_t text_bytes_ = 0;
  bool stopped_ = false;
};

}  // namespace weir::config
