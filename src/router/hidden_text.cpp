#include "router/hidden_text.hpp"

#include <array>
#include <cstdio>

namespace weir::router {
namespace {

struct Range {
  char32_t first, last;
  Hidden kind;
};

constexpr std::array kRanges{
    Range{0x00, 0x08, Hidden::controls},       Range{0x0B, 0x0C, Hidden::controls},
    Range{0x0E, 0x1F, Hidden::controls},       Range{0x7F, 0x9F, Hidden::controls},
    Range{0xAD, 0xAD, Hidden::zero_width},     Range{0x034F, 0x034F, Hidden::zero_width},
    Range{0x061C, 0x061C, Hidden::direction},  Range{0x115F, 0x1160, Hidden::zero_width},
    Range{0x17B4, 0x17B5, Hidden::zero_width}, Range{0x180B, 0x180D, Hidden::selectors},
    Range{0x180E, 0x180E, Hidden::zero_width}, Range{0x200B, 0x200D, Hidden::zero_width},
    Range{0x200E, 0x200F, Hidden::direction},  Range{0x2028, 0x2029, Hidden::controls},
    Range{0x202A, 0x202E, Hidden::direction},  Range{0x2060, 0x2064, Hidden::zero_width},
    Range{0x2065, 0x2069, Hidden::direction},  Range{0x206A, 0x206F, Hidden::direction},
    Range{0x3164, 0x3164, Hidden::zero_width}, Range{0xFE00, 0xFE0F, Hidden::selectors},
    Range{0xFEFF, 0xFEFF, Hidden::zero_width}, Range{0xFFA0, 0xFFA0, Hidden::zero_width},
    Range{0xFFF9, 0xFFFB, Hidden::controls},   Range{0x1D173, 0x1D17A, Hidden::controls},
    Range{0xE0000, 0xE007F, Hidden::tags},     Range{0xE0100, 0xE01EF, Hidden::selectors},
};

constexpr char32_t kFirstOutsideAscii = 0x80;
constexpr char32_t kZeroWidthNonJoiner = 0x200C;
constexpr char32_t kZeroWidthJoiner = 0x200D;

Hidden kind_of(char32_t point) noexcept {
  for (auto const& range : kRanges) {
    if (point <= range.last) return point >= range.first ? range.kind : Hidden::none;
  }
  return Hidden::none;
}

// The next code point, taken off the text; a byte that begins none stands for itself.
char32_t take(std::string_view& text) noexcept {
  auto const byte = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  char32_t point = byte(0);
  std::size_t const length = point < 0xC0 ? 1 : point < 0xE0 ? 2 : point < 0xF0 ? 3 : 4;
  if (length > 1 && length <= text.size()) {
    point &= 0xFFU >> (length + 1);
    for (std::size_t i = 1; i < length; ++i) point = point << 6 | (byte(i) & 0x3FU);
    text.remove_prefix(length);
  } else {
    text.remove_prefix(1);
  }
  return point;
}

bool is_visible_beyond_ascii(char32_t point) noexcept {
  if (point < kFirstOutsideAscii) return false;
  auto const kind = kind_of(point);
  return kind == Hidden::none || kind == Hidden::selectors;  // joiners stand behind those in emoji
}

// `next`: what follows, 0 at the end. Whether this character is written so in ordinary text.
bool is_ordinary(char32_t before, char32_t point, char32_t next) noexcept {
  if (point == kZeroWidthJoiner || point == kZeroWidthNonJoiner) {
    return is_visible_beyond_ascii(before) && is_visible_beyond_ascii(next);
  }
  return kind_of(point) == Hidden::selectors && before != 0 && kind_of(before) == Hidden::none;
}

}  // namespace

Hidden hidden_in(std::string_view text) noexcept {
  Hidden found = Hidden::none;
  char32_t before = 0;
  while (!text.empty()) {
    char32_t const point = take(text);
    auto const kind = kind_of(point);
    if (kind != Hidden::none) {
      auto rest = text;
      char32_t const next = rest.empty() ? 0 : take(rest);
      if (!is_ordinary(before, point, next)) found = found | kind;
    }
    before = point;
  }
  return found;
}

std::string names_of(Hidden kinds) {
  std::string out;
  auto const add = [&](Hidden kind, char const* name) {
    if (has(kinds, kind)) out.append(out.empty() ? "" : ", ").append(name);
  };
  add(Hidden::tags, "tag characters");
  add(Hidden::direction, "direction controls");
  add(Hidden::zero_width, "zero-width characters");
  add(Hidden::selectors, "runs of variation selectors");
  add(Hidden::controls, "control characters");
  return out;
}

std::string with_hidden_shown(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const before = text;
    char32_t const point = take(text);
    if (kind_of(point) == Hidden::none) {
      out.append(before.substr(0, before.size() - text.size()));
      continue;
    }
    char shown[16];
    std::snprintf(shown, sizeof shown, "<U+%04X>", static_cast<unsigned>(point));
    out += shown;
  }
  return out;
}

}  // namespace weir::router
