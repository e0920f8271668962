#include "mcp/json_cursor.hpp"

#include <array>
#include <limits>
#include <utility>

#include "base/assert.hpp"
#include "mcp/json_token.hpp"

namespace weir::mcp {
namespace {

// By first byte; kNoValue where none begins.
constexpr std::uint8_t kNoValue = 255;
constexpr auto kKinds = [] {
  std::array<std::uint8_t, 256> kinds{};
  kinds.fill(kNoValue);
  auto const set = [&](char c, JsonKind kind) {
    kinds[static_cast<unsigned char>(c)] = static_cast<std::uint8_t>(kind);
  };
  set('{', JsonKind::object);
  set('[', JsonKind::array);
  set('"', JsonKind::string);
  set('t', JsonKind::boolean);
  set('f', JsonKind::boolean);
  set('n', JsonKind::null);
  for (char const c : {'-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'}) set(c, JsonKind::number);
  return kinds;
}();

[[gnu::always_inline]] inline bool starts_value(char c, JsonKind& kind) noexcept {
  std::uint8_t const found = kKinds[static_cast<unsigned char>(c)];
  if (found == kNoValue) return false;
  kind = static_cast<JsonKind>(found);
  return true;
}

// The inside of a container, from its opening bracket to past its closing one, without recursion. `levels`
// holds one bit for each open container, 1 for an object: 64 levels are what it can hold.
class ContainerScan {
 public:
  ContainerScan(char const* end, std::uint32_t depth_left, std::uint32_t nodes_left) noexcept
      : end_(end), depth_left_(depth_left), nodes_left_(nodes_left) {}

  char const* run(char const* p) noexcept;
  std::uint32_t nodes_left() const noexcept { return nodes_left_; }
  TokenFault const& fault() const noexcept { return fault_; }

 private:
  char const* key(char const* p) noexcept;
  char const* scalar(char const* p) noexcept;
  char const* unexpected(char const* p) noexcept {
    return fault_.set(p == end_ ? JsonFault::unexpected_end : JsonFault::unexpected_byte, p);
  }

  char const* end_;
  std::uint32_t depth_left_;
  std::uint32_t nodes_left_;
  TokenFault fault_;
};

// A member's key, the colon, and the white space around them: from before the key to before the value.
inline char const* ContainerScan::key(char const* p) noexcept {
  if (!scan::comes('"', p, end_)) return unexpected(p);
  bool escaped = false;
  bool lone_surrogate = false;
  char const* const begin = p;
  p = pass_string(p, end_, escaped, lone_surrogate, fault_);
  if (p == nullptr) return nullptr;
  if (lone_surrogate) return fault_.set(JsonFault::lone_surrogate, begin);
  if (!scan::comes(':', p, end_)) return unexpected(p);
  return p + 1;
}

inline char const* ContainerScan::scalar(char const* p) noexcept {
  bool ignored = false;
  if (*p == '"') return pass_string(p, end_, ignored, ignored, fault_);
  if (*p == '-' || scan::is_digit(*p)) return pass_number(p, end_, fault_);
  if (*p == 't' || *p == 'f' || *p == 'n') return pass_literal(p, end_, fault_);
  return unexpected(p);
}

char const* ContainerScan::run(char const* p) noexcept {
  std::uint64_t levels = 0;
  std::uint32_t open = 0;
  bool in_object = false;

enter:
  if (open == depth_left_) return fault_.set(JsonFault::too_deep, p);
  ++open;
  in_object = *p == '{';
  levels = levels << 1 | static_cast<std::uint64_t>(in_object);
  p = scan::skip_space(p + 1, end_);
  if (p == end_) return unexpected(p);
  if (*p == (in_object ? '}' : ']')) goto leave;

next:
  if (in_object && (p = key(p)) == nullptr) return nullptr;
  p = scan::skip_space(p, end_);
  if (p == end_) return unexpected(p);
  if (nodes_left_ == 0) return fault_.set(JsonFault::too_many_nodes, p);
  --nodes_left_;
  if (*p == '{' || *p == '[') goto enter;
  p = scalar(p);
  if (p == nullptr) return nullptr;

after:
  if (scan::comes(',', p, end_)) {
    ++p;
    goto next;
  }
  if (p == end_ || *p != (in_object ? '}' : ']')) return unexpected(p);

leave:
  ++p;
  if (--open == 0) return p;
  levels >>= 1;
  in_object = (levels & 1) != 0;
  goto after;
}

}  // namespace

char const* sentence_of(JsonFault fault) noexcept {
  switch (fault) {
    case JsonFault::none: return "no fault";
    case JsonFault::unexpected_byte: return "unexpected byte";
    case JsonFault::unexpected_end: return "the text ends too early";
    case JsonFault::bad_number: return "not a number";
    case JsonFault::bad_literal: return "not true, false or null";
    case JsonFault::bad_escape: return "bad escape in a string";
    case JsonFault::control_byte: return "control byte in a string";
    case JsonFault::lone_surrogate: return "half a surrogate pair in a key";
    case JsonFault::too_deep: return "nested too deeply";
    case JsonFault::too_many_nodes: return "too many values";
    case JsonFault::bytes_after_end: return "bytes after the end";
  }
  return "no fault";
}

JsonKind kind_of_token(std::string_view token) noexcept {
  auto kind = JsonKind::null;
  WEIR_ASSERT(!token.empty() && starts_value(token.front(), kind));
  return kind;
}

JsonCursor::JsonCursor(std::string_view text, JsonLimits limits) noexcept
    : text_(text), limits_(limits), nodes_left_(limits.nodes_max) {
  WEIR_ASSERT(text.size() <= std::numeric_limits<std::uint32_t>::max());
  WEIR_ASSERT(limits.depth_max <= 64);
}

bool JsonCursor::stop(JsonFault fault, char const* at) noexcept {
  fault_ = fault;
  position_ = offset_of(at);
  return false;
}

char const* JsonCursor::at_token() noexcept {
  char const* const p = scan::skip_space(text_.data() + position_, text_.data() + text_.size());
  position_ = offset_of(p);
  return p;
}

bool JsonCursor::unexpected(char const* at) noexcept {
  return stop(at_end(at) ? JsonFault::unexpected_end : JsonFault::unexpected_byte, at);
}

bool JsonCursor::peek(JsonKind& kind) noexcept {
  if (failed()) return false;
  char const* const p = at_token();
  return !at_end(p) && starts_value(*p, kind);
}

bool JsonCursor::skip_value() noexcept {
  JsonValue ignored;
  return read_value(ignored);
}

bool JsonCursor::read_value(JsonValue& value) noexcept {
  if (failed()) return false;
  char const* const p = at_token();
  char const* const end = text_.data() + text_.size();
  value = JsonValue{};
  if (p == end || !starts_value(*p, value.kind)) return unexpected(p);
  if (nodes_left_ == 0) return stop(JsonFault::too_many_nodes, p);
  --nodes_left_;

  TokenFault fault;
  char const* after = nullptr;
  switch (value.kind) {
    case JsonKind::object:
    case JsonKind::array: {
      ContainerScan scan(end, limits_.depth_max - depth_, nodes_left_);
      after = scan.run(p);
      nodes_left_ = scan.nodes_left();
      fault = scan.fault();
      break;
    }
    case JsonKind::string: after = pass_string(p, end, value.escaped, value.lone_surrogate, fault); break;
    case JsonKind::number: after = pass_number(p, end, fault); break;
    case JsonKind::boolean:
    case JsonKind::null: after = pass_literal(p, end, fault); break;
  }
  if (after == nullptr) return stop(fault.fault, fault.at);
  value.span = {offset_of(p), offset_of(after)};
  position_ = value.span.end;
  return true;
}

bool JsonCursor::enter(char open) noexcept {
  if (failed()) return false;
  char const* const p = at_token();
  if (at_end(p) || *p != open) return unexpected(p);
  if (depth_ == limits_.depth_max) return stop(JsonFault::too_deep, p);
  if (nodes_left_ == 0) return stop(JsonFault::too_many_nodes, p);
  --nodes_left_;
  ++depth_;
  ++position_;
  fresh_ = true;
  return true;
}

bool JsonCursor::enter_object() noexcept { return enter('{'); }
bool JsonCursor::enter_array() noexcept { return enter('['); }

// Before the next member or element: false at the closing bracket, which is passed, or at a fault.
bool JsonCursor::advance(char closing) noexcept {
  if (failed()) return false;
  WEIR_ASSERT(depth_ > 0);
  bool const first = fresh_;
  fresh_ = false;
  char const* const p = at_token();
  if (at_end(p)) return unexpected(p);
  if (*p == closing) {
    ++position_;
    --depth_;
    return false;
  }
  if (first) return true;
  if (*p != ',') return unexpected(p);
  ++position_;
  return true;
}

// advance() and what follows it, written out: half of all steps through a message are this one.
bool JsonCursor::next_member(JsonValue& key) noexcept {
  if (failed()) return false;
  WEIR_ASSERT(depth_ > 0);
  char const* const end = text_.data() + text_.size();
  char const* p = text_.data() + position_;
  bool const first = std::exchange(fresh_, false);
  if (!scan::comes(first ? '"' : ',', p, end)) {
    if (at_end(p) || *p != '}') return unexpected(p);
    position_ = offset_of(p + 1);
    --depth_;
    return false;
  }
  if (!first && !scan::comes('"', ++p, end)) return unexpected(p);
  key.kind = JsonKind::string;
  key.escaped = key.lone_surrogate = false;
  TokenFault fault;
  char const* colon = pass_string(p, end, key.escaped, key.lone_surrogate, fault);
  if (colon == nullptr) return stop(fault.fault, fault.at);
  if (key.lone_surrogate) return stop(JsonFault::lone_surrogate, p);
  key.span = {offset_of(p), offset_of(colon)};
  if (!scan::comes(':', colon, end)) return unexpected(colon);
  position_ = offset_of(colon + 1);
  return true;
}

bool JsonCursor::next_element() noexcept { return advance(']'); }

bool JsonCursor::finish() noexcept {
  if (failed()) return false;
  char const* const p = at_token();
  return at_end(p) || stop(JsonFault::bytes_after_end, p);
}

}  // namespace weir::mcp
