#include "router/hidden_text.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace weir::router {
namespace {

std::string utf8(std::vector<char32_t> const& points) {
  std::string out;
  for (char32_t const p : points) {
    auto const tail = [&](int shift) { out += static_cast<char>(0x80 | (p >> shift & 0x3F)); };
    if (p < 0x80) {
      out += static_cast<char>(p);
    } else if (p < 0x800) {
      out += static_cast<char>(0xC0 | p >> 6), tail(0);
    } else if (p < 0x10000) {
      out += static_cast<char>(0xE0 | p >> 12), tail(6), tail(0);
    } else {
      out += static_cast<char>(0xF0 | p >> 18), tail(12), tail(6), tail(0);
    }
  }
  return out;
}

std::string found(std::vector<char32_t> const& points) { return names_of(hidden_in(utf8(points))); }

TEST(HiddenText, EveryKindIsFound_T56) {
  for (char32_t p = 0xE0000; p <= 0xE007F; ++p) {
    EXPECT_EQ(found({'a', p, 'b'}), "tag characters") << static_cast<unsigned>(p);
  }
  for (char32_t const p :
       {0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x200E, 0x200F, 0x061C}) {
    EXPECT_EQ(found({'a', p, 'b'}), "direction controls") << static_cast<unsigned>(p);
  }
  for (char32_t const p : {0x200B, 0x200C, 0x200D, 0x2060, 0x2061, 0x2064, 0xFEFF, 0x180E, 0xAD, 0x3164}) {
    EXPECT_EQ(found({'a', p, 'b'}), "zero-width characters") << static_cast<unsigned>(p);
  }
  for (char32_t const p : {0x00, 0x07, 0x1B, 0x7F, 0x9B, 0x2028}) {
    EXPECT_EQ(found({'a', p, '[', '8', 'm'}), "control characters") << static_cast<unsigned>(p);
  }
  EXPECT_EQ(found({'a', 0xE0041, 0x202E, 0x200B}),
            "tag characters, direction controls, zero-width characters");
}

// Of Unicode 15, DerivedCoreProperties.txt.
TEST(HiddenText, EveryDefaultIgnorableCodePointIsFound_T56) {
  constexpr std::pair<char32_t, char32_t> kIgnorable[] = {
      {0xAD, 0xAD},       {0x34F, 0x34F},    {0x61C, 0x61C},   {0x115F, 0x1160}, {0x17B4, 0x17B5},
      {0x180B, 0x180F},   {0x200B, 0x200F},  {0x202A, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},
      {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},  {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFF8}, {0x1BCA0, 0x1BCA3},
      {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};
  for (auto const& [first, last] : kIgnorable) {
    for (auto p = first; p <= last; ++p) {
      EXPECT_NE(found({'a', p, 'b'}), "") << static_cast<unsigned>(p);
      EXPECT_NE(with_hidden_shown(utf8({p})).find("<U+"), std::string::npos) << static_cast<unsigned>(p);
    }
  }
}

TEST(HiddenText, SelectorsAreFoundWhereTheyChooseNothing_T56) {
  constexpr char const* kFound = "variation selectors";
  EXPECT_EQ(found({0x2764, 0xFE0F}), "");  // a red heart
  EXPECT_EQ(found({0xA9, 0xFE0E}), "");
  EXPECT_EQ(found({'1', 0xFE0F, 0x20E3}), "");  // a keycap
  EXPECT_EQ(found({0x8FBB, 0xE0100}), "");
  EXPECT_EQ(found({0x8FBB, 0xFE00, 0x3001, 0xFE01}), "");
  EXPECT_EQ(found({0x2229, 0xFE00}), "");
  EXPECT_EQ(found({0x1820, 0x180B, 0x1828, 0x180F}), "");  // Mongolian
  EXPECT_EQ(found({0x2764, 0xFE0F, 0xFE0E}), kFound);
  EXPECT_EQ(found({0x8FBB, 0xE0100, 0xE0101}), kFound);
  EXPECT_EQ(found({0xFE0F, 'a'}), kFound);
  EXPECT_EQ(found({'1', 0xFE0F}), kFound);
  EXPECT_EQ(found({0x2764, 0xFE05}), kFound) << "there are no such variants";
  EXPECT_EQ(found({0x2764, 0xE0100}), kFound);
  for (char32_t const letter : {0x61, 0xE9, 0x0410, 0x05D0, 0x1820}) {
    for (char32_t const p : {0xFE00, 0xFE0F, 0xE0100, 0xE01EF})
      EXPECT_EQ(found({letter, p, letter, p}), kFound) << static_cast<unsigned>(p);
  }
}

TEST(HiddenText, TagsOfThreeFlagsAreNoFinding) {
  EXPECT_EQ(found({0x1F3F4, 0xE0067, 0xE0062, 0xE0065, 0xE006E, 0xE0067, 0xE007F, 'a'}), "");  // England
  EXPECT_EQ(found({0x1F3F4, 0xE0067, 0xE0062, 0xE0073, 0xE0063, 0xE0074, 0xE007F}), "");       // Scotland
  EXPECT_EQ(found({0x1F3F4, 0xE0067, 0xE0062, 0xE0077, 0xE006C, 0xE0073, 0xE007F}), "");       // Wales
  constexpr char const* kFound = "tag characters";
  EXPECT_EQ(found({0x1F3F4, 0xE0067, 0xE0062, 0xE0065, 0xE006E, 0xE0067}), kFound);
  EXPECT_EQ(found({0x1F3F4, 0xE0067, 0xE0062, 0xE0065, 0xE006E, 0xE0067, 0xE007F, 0xE0041}), kFound);
  EXPECT_EQ(found({0x1F3F4, 0xE0041, 0xE007F}), kFound);
  EXPECT_EQ(found({'a', 0xE0067, 0xE0062, 0xE0065, 0xE006E, 0xE0067, 0xE007F}), kFound);
}

TEST(HiddenText, OrdinaryTextIsNoFinding) {
  EXPECT_EQ(found({'r', 'e', 'a', 'd', '\n', '\t', '\r', 0xE9, 0x6F22}), "");
  EXPECT_EQ(found({0x1F468, 0x200D, 0x1F469, 0x200D, 0x1F467}), "");  // a family
  EXPECT_EQ(found({0x2764, 0xFE0F, 0x200D, 0x1F525}), "");            // a heart on fire
  EXPECT_EQ(found({0x0645, 0x06CC, 0x200C, 0x062E}), "");             // Persian
  EXPECT_EQ(found({0x1F468, 0x200D, 0x200D, 0x1F469}), "zero-width characters");
  EXPECT_EQ(found({0x1F468, 0x200D}), "zero-width characters");
  EXPECT_EQ(found({}), "");
}

TEST(HiddenText, WhatIsNoUtf8IsNotReadBeyondItsEnd) {
  EXPECT_EQ(hidden_in("\xF3\xA0"), Hidden::none);
  EXPECT_EQ(hidden_in("\xE2\x80"), Hidden::none | hidden_in("\x80"));
}

TEST(HiddenText, IsMadeVisible_T56) {
  EXPECT_EQ(with_hidden_shown(utf8({'a', 0xE0041, 0x200B, 'b', 0x1B, '[', 0x202E})),
            "a<U+E0041><U+200B>b<U+001B>[<U+202E>");
  EXPECT_EQ(with_hidden_shown("plain \xC3\xA9"), "plain \xC3\xA9");
  EXPECT_EQ(with_hidden_shown("a\tb\n"), "a\tb\n");
  EXPECT_EQ(shown_name("a\tb\r\n\u200B"), "a<U+0009>b<U+000D><U+000A><U+200B>");
}

}  // namespace
}  // namespace weir::router
