// Node: a value read from a configuration file, which knows where it was written.
//
// Plain values, one owner, any one thread. Keys keep the order of the file. A scalar keeps its text as
// written (escapes resolved); what `${…}` in it became is held apart as a Secret, so a printed tree never
// shows a secret. Kinds follow the YAML 1.2 core schema: `on`, `off`, `yes` and `no` are text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace weir::config {

// One text that was read, under the name people know it by ("weir.yaml", "environment variable WEIR_LISTEN").
struct SourceText {
  std::string name;
  std::string text;
  unsigned order = 0;  // of reading; problems are shown in this order
};

struct Mark {
  std::shared_ptr<SourceText const> source;  // null: no place in any text
  std::uint32_t line = 0;                    // 1-based; 0 = unknown
  std::uint32_t column = 0;                  // 1-based, in bytes of that line
  std::uint32_t length = 1;                  // bytes, within that line
};

struct Member;

struct Node {
  enum class Kind { null, boolean, integer, real, text, sequence, map };

  Kind kind = Kind::null;
  bool quoted = false;
  std::string text;                      // scalars
  std::optional<base::Secret> expanded;  // set when the text held `${…}`
  bool unset = false;                    // a reference in it has no value: nothing may be built from it
  Mark mark;
  std::vector<Node> items;      // sequence
  std::vector<Member> members;  // map, in the order of the file

  bool is_map() const noexcept { return kind == Kind::map; }
  bool is_sequence() const noexcept { return kind == Kind::sequence; }
  bool is_scalar() const noexcept { return kind != Kind::map && kind != Kind::sequence; }
  std::string_view value() const noexcept;  // the scalar after expansion; empty for null
  Node const* find(std::string_view key) const noexcept;
  Node* find(std::string_view key) noexcept;
  Node const* at(
      std::string_view dotted_path) const noexcept;  // keys without dots only, e.g. "shutdown.drain"
};

struct Member {
  std::string key;
  Mark mark;
  Node value;
};

char const* name_of(Node::Kind kind) noexcept;  // "a map", "text", … as error messages say it

}  // namespace weir::config
