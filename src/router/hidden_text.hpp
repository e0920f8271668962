// Characters that a reader does not see and a model does: what hides instructions in descriptions.
//
// Tags (U+E0000…), controls of the writing direction, zero-width characters and fillers, two or more
// variation selectors in a row, and control characters, of which ESC and CSI begin what a terminal obeys. One
// joiner between characters that are not ASCII is how emoji and several scripts are written, and one
// variation selector behind a character chooses its picture: those are no finding. Pure functions over UTF-8,
// any thread; what is no UTF-8 counts byte by byte. Source: Unicode 15, UTS 39 and UTS 51.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::router {

enum class Hidden : std::uint8_t {
  none = 0,
  tags = 1,
  direction = 2,
  zero_width = 4,
  selectors = 8,
  controls = 16
};

constexpr Hidden operator|(Hidden a, Hidden b) noexcept {
  return static_cast<Hidden>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
constexpr bool has(Hidden all, Hidden one) noexcept {
  return (static_cast<std::uint8_t>(all) & static_cast<std::uint8_t>(one)) != 0;
}

Hidden hidden_in(std::string_view text) noexcept;

std::string names_of(Hidden kinds);  // "tags, zero-width characters"; "" for none

// The text with each invisible character as <U+200B>, so that people and terminals see it.
std::string with_hidden_shown(std::string_view text);

}  // namespace weir::router
