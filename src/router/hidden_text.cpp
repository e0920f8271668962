#include "router/hidden_text.hpp"

#include <algorithm>
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
    Range{0x180E, 0x180E, Hidden::zero_width}, Range{0x180F, 0x180F, Hidden::selectors},
    Range{0x200B, 0x200D, Hidden::zero_width}, Range{0x200E, 0x200F, Hidden::direction},
    Range{0x2028, 0x2029, Hidden::controls},   Range{0x202A, 0x202E, Hidden::direction},
    Range{0x2060, 0x2064, Hidden::zero_width}, Range{0x2065, 0x206F, Hidden::direction},
    Range{0x3164, 0x3164, Hidden::zero_width}, Range{0xFE00, 0xFE0F, Hidden::selectors},
    Range{0xFEFF, 0xFEFF, Hidden::zero_width}, Range{0xFFA0, 0xFFA0, Hidden::zero_width},
    Range{0xFFF0, 0xFFF8, Hidden::zero_width}, Range{0xFFF9, 0xFFFB, Hidden::controls},
    Range{0x1BCA0, 0x1BCA3, Hidden::controls}, Range{0x1D173, 0x1D17A, Hidden::controls},
    Range{0xE0000, 0xE00FF, Hidden::tags},     Range{0xE0100, 0xE01EF, Hidden::selectors},
    Range{0xE01F0, 0xE0FFF, Hidden::tags},
};

struct Span {
  char32_t first, last;
};

// What is drawn in colour or in black, as U+FE0F or U+FE0E says: emoji and symbols.
constexpr std::array kPictures{
    Span{0xA9, 0xA9},     Span{0xAE, 0xAE},       Span{0x203C, 0x203C}, Span{0x2049, 0x2049},
    Span{0x2100, 0x2BFF}, Span{0x3030, 0x3030},   Span{0x303D, 0x303D}, Span{0x3297, 0x3297},
    Span{0x3299, 0x3299}, Span{0x1F000, 0x1FAFF},
};
// What has standardized variants, U+FE00 to U+FE02: mathematical symbols, punctuation of CJK, ideographs.
constexpr std::array kGlyphs{
    Span{0x2190, 0x2BFF}, Span{0x3001, 0x3002}, Span{0x3400, 0x4DBF},
    Span{0x4E00, 0x9FFF}, Span{0xFF01, 0xFF1F}, Span{0x20000, 0x3FFFD},
};
constexpr std::array kIdeographs{Span{0x3400, 0x4DBF}, Span{0x4E00, 0x9FFF}, Span{0xF900, 0xFAFF},
                                 Span{0x20000, 0x3FFFD}};
constexpr std::array kMongolian{Span{0x1820, 0x18AA}};

constexpr char32_t kPictureInBlack = 0xFE0E;
constexpr char32_t kLastGlyphSelector = 0xFE02;
constexpr char32_t kFirstIdeographSelector = 0xE0100;
constexpr char32_t kLastMongolianSelector = 0x180F;
constexpr char32_t kKeycap = 0x20E3;

constexpr char32_t kFlag = 0x1F3F4;
constexpr std::size_t kFlagTags = 6;
constexpr std::array<std::string_view, 3> kFlags{
    "\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F",   // gbeng
    "\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",   // gbsct
    "\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F"};  // gbwls

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

template <std::size_t N>
bool is_in(std::array<Span, N> const& spans, char32_t point) noexcept {
  return std::any_of(spans.begin(), spans.end(),
                     [point](Span const& span) { return point >= span.first && point <= span.last; });
}

bool has_keycap(char32_t point) noexcept {
  return (point >= U'0' && point <= U'9') || point == U'#' || point == U'*';
}

// Whether the selector chooses something of the character before it.
bool chooses(char32_t before, char32_t selector, char32_t next) noexcept {
  if (selector <= kLastMongolianSelector) return is_in(kMongolian, before);
  if (selector >= kFirstIdeographSelector) return is_in(kIdeographs, before);
  if (selector <= kLastGlyphSelector) return is_in(kGlyphs, before);
  if (selector < kPictureInBlack) return false;
  return is_in(kPictures, before) || (has_keycap(before) && next == kKeycap);
}

// `next`: what follows, 0 at the end. Whether this character is written so in ordinary text.
bool is_ordinary(char32_t before, char32_t point, char32_t next) noexcept {
  if (point == kZeroWidthJoiner || point == kZeroWidthNonJoiner) {
    return is_visible_beyond_ascii(before) && is_visible_beyond_ascii(next);
  }
  return kind_of(point) == Hidden::selectors && chooses(before, point, next);
}

std::string shown_point(char32_t point) {
  char shown[16];
  std::snprintf(shown, sizeof shown, "<U+%04X>", static_cast<unsigned>(point));
  return shown;
}

}  // namespace

bool CharacterReader::next(Character& out) noexcept {
  if (text_.empty()) return false;
  auto const from = text_;
  out.point = take(text_);
  out.bytes = from.substr(0, from.size() - text_.size());
  out.kind = kind_of(out.point);
  out.ordinary = out.kind == Hidden::none || of_flag_ > 0;
  if (of_flag_ > 0) --of_flag_;
  if (!out.ordinary) {
    auto rest = text_;
    out.ordinary = is_ordinary(before_, out.point, rest.empty() ? 0 : take(rest));
  }
  bool const flag = out.point == kFlag && std::any_of(kFlags.begin(), kFlags.end(),
                                                      [this](auto tags) { return text_.starts_with(tags); });
  if (flag) of_flag_ = kFlagTags;
  before_ = out.point;
  return true;
}

Hidden hidden_in(std::string_view text) noexcept {
  Hidden found = Hidden::none;
  CharacterReader reader(text);
  Character character;
  while (reader.next(character)) {
    if (!character.ordinary) found = found | character.kind;
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
  add(Hidden::selectors, "variation selectors");
  add(Hidden::controls, "control characters");
  return out;
}

std::string with_hidden_shown(std::string_view text) {
  std::string out;
  CharacterReader reader(text);
  Character character;
  while (reader.next(character)) {
    if (character.kind == Hidden::none) {
      out += character.bytes;
    } else {
      out += shown_point(character.point);
    }
  }
  return out;
}

std::string shown_name(std::string_view name) {
  std::string out;
  for (char const c : with_hidden_shown(name)) {
    if (c == '\t' || c == '\n' || c == '\r') {
      out += shown_point(static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace weir::router
