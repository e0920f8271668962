// Fields: the header fields of one HTTP message, in order, as views into the buffer that holds the message.
//
// A plain value of about 3.2 KiB: it lives inside a RequestHead or ResponseHead in per-thread scratch, never
// in a coroutine frame. Views die with the buffer. Names compare without case, values are kept as received,
// without the optional white space around them. The checks below are the grammar of RFC 9110 5.1, 5.5
// and 5.6.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir::net {

struct Field {
  std::string_view name;
  std::string_view value;
};

bool same_name(std::string_view a, std::string_view b) noexcept;  // equal ignoring ASCII case
bool is_token(std::string_view text) noexcept;                    // RFC 9110 token; false for ""
bool is_field_value(std::string_view text) noexcept;              // no CTL but HTAB, no DEL; "" is one
bool list_contains(std::string_view list, std::string_view token) noexcept;  // comma list, ignoring case

// Where the first byte that may not be in a field value stands (CTL but HTAB, DEL), or text.size().
std::size_t find_control(std::string_view text) noexcept;
std::size_t token_length(std::string_view text) noexcept;  // of the token that `text` begins with
std::size_t target_length(
    std::string_view text) noexcept;  // of the RFC 3986 characters, '#' apart, it begins with
bool is_origin_target(std::string_view text) noexcept;  // fit for a request line: begins with '/', no '#'

class Fields {
 public:
  static constexpr std::size_t kCapacity = 100;

  void clear() noexcept { count_ = 0; }
  bool add(Field field) noexcept;  // false when full; the name is not empty
  std::size_t size() const noexcept { return count_; }
  Field const* begin() const noexcept { return fields_.data(); }
  Field const* end() const noexcept { return fields_.data() + count_; }

  Field const* find(std::string_view name) const noexcept;       // the first one, or null
  std::string_view value(std::string_view name) const noexcept;  // "" when absent
  bool has(std::string_view name) const noexcept { return find(name) != nullptr; }

  // The name of a field that must be single and stands twice, or "". `singles` are names; one that ends in
  // '*' covers every name with that prefix, each of which may stand once.
  std::string_view duplicated(std::span<std::string_view const> singles) const noexcept;

 private:
  static std::uint8_t tag_of(std::string_view name) noexcept;

  std::array<Field, kCapacity> fields_;
  std::array<std::uint8_t, 112> tags_;  // of the names: 16 of them are compared at once
  std::size_t count_ = 0;
};

}  // namespace weir::net
