// One step through UTF-8 text that cannot be trusted, and what of it a person must not see raw.
//
// Pure; any thread. Overlong forms, surrogates and values beyond U+10FFFF are invalid. Source: RFC 3629,
// section 3.
#pragma once

#include <cstddef>
#include <string_view>

namespace weir::observe {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0: no valid sequence begins here
};

// The code point at the start of `text`, which is not empty.
inline CodePoint first_code_point(std::string_view text) noexcept {
  auto const at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char const lead = at(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t const bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  char32_t value = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xc0U) != 0x80) return {};
    value = (value << 6) | (at(i) & 0x3fU);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[bytes] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {value, bytes};
}

// Control characters, and those that change the direction or the lines of what a person sees.
inline bool is_unsafe(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

}  // namespace weir::observe
