#include "router/cursor.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace weir::router {
namespace {

CursorScope const kScope{"", "key:ci", 0x0123456789abcdef, ListKind::prompts, true};

class Cursor : public testing::Test {
 protected:
  base::SeededRandom random_{3};
  CursorSealer sealer_{random_};
};

TEST_F(Cursor, OpensWhatItSealed) {
  for (std::uint32_t const position : {1U, 500U, 0x01020304U, std::numeric_limits<std::uint32_t>::max()}) {
    EXPECT_EQ(sealer_.open(kScope, sealer_.seal(kScope, position)), position);
  }
}

TEST_F(Cursor, TheEmptyStringIsTheStart) { EXPECT_EQ(sealer_.open(kScope, ""), 0U); }  // P076

TEST_F(Cursor, EveryChangedByteIsNoticed) {  // P077
  auto const good = sealer_.seal(kScope, 500);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char const letter : std::string_view("ABab01-_=+/ \0", 13)) {
      auto bad = good;
      if (bad[i] == letter) continue;
      bad[i] = letter;
      EXPECT_FALSE(sealer_.open(kScope, bad)) << i << letter;
    }
    EXPECT_FALSE(sealer_.open(kScope, good.substr(0, i)) && i > 0) << i;
  }
  EXPECT_FALSE(sealer_.open(kScope, good + 'A'));
  EXPECT_FALSE(sealer_.open(kScope, good + good));
  EXPECT_FALSE(sealer_.open(kScope, std::string(100'000, 'A')));
}

TEST_F(Cursor, IsWorthNothingElsewhere) {  // P078
  auto const good = sealer_.seal(kScope, 500);
  auto other = kScope;
  other.principal = "key:dev";
  EXPECT_FALSE(sealer_.open(other, good));
  other = kScope;
  other.endpoint = "github";
  EXPECT_FALSE(sealer_.open(other, good));
  other = kScope;
  other.endpoint = "key";  // the two names must not run into one another
  other.principal = ":ci";
  EXPECT_FALSE(sealer_.open(other, good));
  other = kScope;
  other.modern = false;
  EXPECT_FALSE(sealer_.open(other, good));
  other = kScope;
  other.kind = ListKind::tools;
  EXPECT_FALSE(sealer_.open(other, good));
  other = kScope;
  other.list_hash ^= 1ULL << 63;  // the list has changed
  EXPECT_FALSE(sealer_.open(other, good));
}

TEST_F(Cursor, IsWorthNothingInAnotherProcess) {
  CursorSealer const other(random_);
  EXPECT_FALSE(other.open(kScope, sealer_.seal(kScope, 500)));
}

TEST_F(Cursor, NeedsNoEscaping) {
  auto const text = sealer_.seal(kScope, 500);
  EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}

}  // namespace
}  // namespace weir::router
