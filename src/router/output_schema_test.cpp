#include "router/output_schema.hpp"

#include <gtest/gtest.h>

namespace weir::router {
namespace {

std::string in_place(std::string_view schema) {
  auto const whole = wrapped_schema(schema);
  std::string_view const before = R"({"type":"object","properties":{"result":)";
  std::string_view const after = R"(},"required":["result"]})";
  EXPECT_TRUE(whole.starts_with(before) && whole.ends_with(after)) << whole;
  return whole.substr(before.size(), whole.size() - before.size() - after.size());
}

TEST(WrappedSchema, KeepsTheBytesOfASchemaWithoutReferences) {  // P085
  EXPECT_EQ(in_place(R"({ "type":["array", "null"] ,"items":{"minimum":1.0e2}})"),
            R"({ "type":["array", "null"] ,"items":{"minimum":1.0e2}})");
  EXPECT_EQ(in_place("{}"), "{}");
}

TEST(WrappedSchema, MovesReferencesThatStartAtTheRoot) {
  EXPECT_EQ(
      in_place(R"({"$defs":{"a":{"$ref":"#"}},"anyOf":[{"$ref":"#/$defs/a"},{"$ref":"#name"},)"
               R"({"$ref":"http://x/#/y"}]})"),
      R"({"$defs":{"a":{"$ref":"#/properties/result"}},"anyOf":[{"$ref":"#/properties/result/$defs/a"},)"
      R"({"$ref":"#name"},{"$ref":"http://x/#/y"}]})");
}

TEST(WrappedSchema, LeavesSubtreesWithAnIdOfTheirOwnAndLiteralsAlone) {
  auto const schema = R"({"items":{"$id":"http://x/","properties":{"a":{"$ref":"#/b"}}},)"
                      R"("const":{"$ref":"#/c"},"enum":[{"$ref":"#/d"}]})";
  EXPECT_EQ(in_place(schema), schema);
}

}  // namespace
}  // namespace weir::router
