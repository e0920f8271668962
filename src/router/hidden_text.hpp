// Characters that a reader does not see and a model does: what hides instructions in descriptions.
//
// All of Default_Ignorable_Code_Point (tags, controls of the writing direction, zero-width characters and
// fillers, variation selectors), and control characters, of which ESC and CSI begin what a terminal obeys.
// Ordinary text has some of them, which are no finding: one joiner between characters that are not ASCII, as
// emoji and several scripts are written; one variation selector behind a character that has variants; the
// tags of the flags of England, Scotland and Wales. Pure functions over UTF-8, any thread; what is no UTF-8
// counts byte by byte. Source: Unicode 15, UTS 37, UTS 39 and UTS 51.
#pragma once

#include <cstddef>
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

struct Character {
  std::string_view bytes;
  char32_t point = 0;
  Hidden kind = Hidden::none;  // of those that nobody sees
  bool ordinary = true;        // it is seen, or written so in ordinary text
};

// The characters of a text, one by one.
class CharacterReader {
 public:
  explicit CharacterReader(std::string_view text) noexcept : text_(text) {}
  bool next(Character& out) noexcept;  // false: there are no more

 private:
  std::string_view text_;
  char32_t before_ = 0;
  std::size_t of_flag_ = 0;  // tags to come that belong to the flag before
};

Hidden hidden_in(std::string_view text) noexcept;

std::string names_of(Hidden kinds);  // "tags, zero-width characters"; "" for none

// The text with each invisible character as <U+200B>, so that people and terminals see it.
std::string with_hidden_shown(std::string_view text);
// The same of a name, on one line: tabs and line breaks, too.
std::string shown_name(std::string_view name);

}  // namespace weir::router
