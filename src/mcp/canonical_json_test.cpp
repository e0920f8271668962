#include "mcp/canonical_json.hpp"

#include <gtest/gtest.h>

#include <array>

namespace weir::mcp {
namespace {

TEST(CanonicalJson, OrderOfKeysAndWhiteSpaceDoNotMatter) {
  auto const one = canonical_json(R"({"b":[1, {"y":2,"x":true}],"a":"t"})");
  EXPECT_EQ(one, R"({"a":"t","b":[1,{"x":true,"y":2}]})");
  EXPECT_EQ(canonical_json("{ \"a\" :\t\"t\",\n\"b\":[1,{\"x\":true,\"y\":2}] }"), one);
}

TEST(CanonicalJson, SpellingsOfOneTextAndOfOneWholeNumberAreOne) {
  EXPECT_EQ(canonical_json(R"(["\u0061\/", 4.2e1, 42.0])"), R"(["a/",42,42])");
  EXPECT_EQ(canonical_json(R"({"\u0061":1})"), R"({"a":1})");
}

TEST(CanonicalJson, DifferentValuesStayDifferent) {
  EXPECT_NE(canonical_json("[1,2]"), canonical_json("[2,1]"));
  EXPECT_NE(canonical_json(R"({"a":1})"), canonical_json(R"({"a":"1"})"));
  EXPECT_NE(canonical_json("[0.5]"), canonical_json("[0.25]"));
  EXPECT_NE(canonical_json(R"({"a":null})"), canonical_json("{}"));
  EXPECT_NE(canonical_json("[[],{}]"), canonical_json("[{},[]]"));
  EXPECT_NE(canonical_json(R"({"a":1,"a":2})"), canonical_json(R"({"a":2,"a":1})"));
  EXPECT_NE(canonical_json(R"(["\ud800"])"), canonical_json(R"(["\ud801"])"));
}

TEST(CanonicalJson, NamedMembersOfTheOutermostObjectAreLeftOut) {
  std::array<std::string_view, 2> const without{"_meta", "x"};
  EXPECT_EQ(canonical_object(R"({"x":1,"b":{"x":1},"\u005fmeta":{},"a":2})", without),
            R"({"a":2,"b":{"x":1}})");
  EXPECT_EQ(canonical_object("[1]", without), "");
  EXPECT_EQ(canonical_object("", without), "");
}

}  // namespace
}  // namespace weir::mcp
