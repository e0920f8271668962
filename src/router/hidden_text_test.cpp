#include "router/hidden_text.hpp"

#include <gtest/gtest.h>

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

TEST(HiddenText, SelectorsAreFoundInRunsOnly_T56) {
  EXPECT_EQ(found({0x2764, 0xFE0F}), "");  // a red heart
  EXPECT_EQ(found({0x8FBB, 0xE0100}), "");
  EXPECT_EQ(found({0x2764, 0xFE0F, 0xFE0E}), "runs of variation selectors");
  EXPECT_EQ(found({'a', 0xE0100, 0xE0155, 0xE01EF}), "runs of variation selectors");
  EXPECT_EQ(found({0xFE0F, 'a'}), "runs of variation selectors");  // chooses nothing
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
}

}  // namespace
}  // namespace weir::router
