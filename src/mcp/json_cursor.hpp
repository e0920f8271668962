// JsonCursor: a strict RFC 8259 pull scanner over text that somebody else owns.
//
// It moves forward only and validates every byte it passes: numbers, escapes, literals, white space. It
// builds nothing and copies nothing; it hands out spans. The first fault is final: every later call returns
// false. One thread, lives on the stack. Text above 4 GiB is our bug.
//
// Limits: depth ≤ 64, nodes ≤ 100,000 (a node is a value; a key is not); both count from the cursor's start.
// Refused beyond the grammar: lone surrogate escapes in keys. In values they pass and are reported.
//
// Not done here: UTF-8 (call is_utf8 once for the whole text) and duplicate keys (the reader of an object
// knows which matter).
#pragma once

#include <cstdint>
#include <string_view>

#include "mcp/span.hpp"

namespace weir::mcp {

struct JsonLimits {
  std::uint32_t depth_max = 64;  // containers inside each other; 64 is the most that is supported
  std::uint32_t nodes_max = 100'000;
};

enum class JsonKind : std::uint8_t { object, array, string, number, boolean, null };

enum class JsonFault : std::uint8_t {
  none,
  unexpected_byte,
  unexpected_end,
  bad_number,
  bad_literal,
  bad_escape,
  control_byte,    // a byte below 0x20 inside a string
  lone_surrogate,  // in a key
  too_deep,
  too_many_nodes,
  bytes_after_end,
};

char const* sentence_of(JsonFault fault) noexcept;

struct JsonValue {
  Span span;  // the whole token: a string with its quotes
  JsonKind kind = JsonKind::null;
  bool escaped = false;         // a string with at least one escape: its text differs from its bytes
  bool lone_surrogate = false;  // a string with an escape that names half a code point: it has no text

  // A string's bytes between the quotes. Its text, if !escaped.
  std::string_view inner(std::string_view text) const noexcept {
    return Span{span.begin + 1, span.end - 1}.of(text);
  }
};

// What kind of value a complete token is, from its first byte.
JsonKind kind_of_token(std::string_view token) noexcept;

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text, JsonLimits limits = {}) noexcept;

  // Passes white space and one whole value, scalar or container, and says where it was.
  bool read_value(JsonValue& value) noexcept;
  bool skip_value() noexcept;

  // Containers, one level at a time. After enter_object(): while (next_member(key)) { read, skip or enter the
  // value }. After enter_array(): while (next_element()) { … }. The loops end with false at the closing
  // bracket, which they pass, or at a fault: ask failed(). A value must be taken in each round.
  bool enter_object() noexcept;
  bool next_member(JsonValue& key) noexcept;
  bool enter_array() noexcept;
  bool next_element() noexcept;

  // Passes white space and says the kind of the next value by its first byte, at position(), without taking
  // it. False, without a fault, at the end or at a byte that starts no value: taking it reports the fault.
  bool peek(JsonKind& kind) noexcept;

  // True if nothing but white space is left; otherwise the fault is bytes_after_end.
  bool finish() noexcept;

  bool failed() const noexcept { return fault_ != JsonFault::none; }
  JsonFault fault() const noexcept { return fault_; }
  // The next byte; at a fault the byte it was found at.
  std::uint32_t position() const noexcept { return position_; }
  std::string_view text() const noexcept { return text_; }

 private:
  bool enter(char open) noexcept;
  bool advance(char closing) noexcept;
  bool unexpected(char const* at) noexcept;
  bool stop(JsonFault fault, char const* at) noexcept;
  char const* at_token() noexcept;
  bool at_end(char const* at) const noexcept { return at == text_.data() + text_.size(); }
  std::uint32_t offset_of(char const* at) const noexcept {
    return static_cast<std::uint32_t>(at - text_.data());
  }

  std::string_view text_;
  JsonLimits limits_;
  std::uint32_t position_ = 0;
  std::uint32_t depth_ = 0;
  std::uint32_t nodes_left_;
  JsonFault fault_ = JsonFault::none;
  bool fresh_ = false;  // directly after an opening bracket: no comma is due
};

}  // namespace weir::mcp
