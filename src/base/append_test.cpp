#include "base/append.hpp"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

TEST(Append, PutsTextsLiteralsAndCharactersInOrder) {
  std::string out = "head ";
  std::string const owned = "owned";
  append(out, "literal, ", owned, ',', ' ', std::string_view("a view of more").substr(0, 6),
         std::string_view{});
  EXPECT_EQ(out, "head literal, owned, a view");
}

TEST(Append, GrowsAsOftenAsItMust) {
  std::string out;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    append(out, "n=", std::to_string(i), ';');
    expected += "n=" + std::to_string(i) + ";";
  }
  EXPECT_EQ(out, expected);
}

TEST(Append, JoinsUpTo256BytesAndMoreThanThat) {
  for (std::size_t const size : {254U, 255U, 256U, 1000U}) {
    std::string out = "x";
    append(out, std::string(size, 'a'), ':', "b");
    EXPECT_EQ(out, "x" + std::string(size, 'a') + ":b");
  }
}

TEST(Append, OfNothingChangesNothing) {
  std::string out = "x";
  append(out, std::string_view{}, "");
  EXPECT_EQ(out, "x");
}

}  // namespace
}  // namespace weir::base
