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

TEST(CanonicalJson, EachLevelIsPutInOrderForItself) {
  EXPECT_EQ(canonical_json(R"([{"b":{"d":[{"z":0,"y":{}}],"c":1},"a":[]},{"b":2,"a":3,"c":{"k":1,"j":2}}])"),
            R"([{"a":[],"b":{"c":1,"d":[{"y":{},"z":0}]}},{"a":3,"b":2,"c":{"j":2,"k":1}}])");
  EXPECT_EQ(canonical_json(R"({"b":1,"a":2,"b":3,"a":4})"), R"({"a":2,"a":4,"b":1,"b":3})");
  EXPECT_EQ(canonical_json(R"({"ab":1,"a":2,"":3})"), R"({"":3,"a":2,"ab":1})");
}

TEST(CanonicalJson, NumbersKeepTheirValue) {
  EXPECT_EQ(canonical_json("[0,-0,-0.0,7,-7,123456789012345,9007199254740991,9007199254740992,1e2,1.5]"),
            "[0,0,0,7,-7,123456789012345,9007199254740991,9007199254740992,100,1.5]");
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
  EXPECT_EQ(canonical_object(R"({"x":1,"_meta":[2]})", without), "{}");
  EXPECT_EQ(canonical_object(R"({"b":1,"x":1,"a":2,"x":3})", without), R"({"a":2,"b":1})");
  EXPECT_EQ(canonical_object("[1]", without), "");
  EXPECT_EQ(canonical_object("", without), "");
}

}  // namespace
}  // namespace weir::mcp
