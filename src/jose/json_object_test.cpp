#include "jose/json_object.hpp"

#include <gtest/gtest.h>

namespace weir::jose {
namespace {

using Texts = std::vector<std::string>;

TEST(JsonObject, MembersAreReadByType) {
  auto const object = JsonObject::parse(
      R"({"a":"x","n":12,"f":1.9,"neg":-1,"t":true,"l":["p","q"],"mixed":["p",1],"empty":[],"o":[{"b":1}]})");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->text("a"), "x");
  EXPECT_EQ(object->text("n"), std::nullopt);
  EXPECT_TRUE(object->has("n"));
  EXPECT_FALSE(object->has("N"));
  EXPECT_EQ(object->seconds("n"), 12);
  EXPECT_EQ(object->seconds("f"), 1);
  EXPECT_EQ(object->seconds("neg"), std::nullopt);
  EXPECT_EQ(object->seconds("a"), std::nullopt);
  EXPECT_EQ(object->flag("t"), true);
  EXPECT_EQ(object->flag("a"), std::nullopt);
  EXPECT_EQ(object->texts("a"), Texts{"x"});
  EXPECT_EQ(object->texts("l"), (Texts{"p", "q"}));
  EXPECT_EQ(object->texts("mixed"), std::nullopt);
  EXPECT_EQ(object->texts("empty"), Texts{});
  EXPECT_EQ(object->objects("o"), Texts{R"({"b":1})"});
  EXPECT_EQ(object->objects("l"), std::nullopt);
}

TEST(JsonObject, TimesEndWithTheYear9999) {
  auto const object = JsonObject::parse(R"({"last":253402300799,"beyond":253402300800,"huge":1e300})");
  EXPECT_EQ(object->seconds("last"), 253402300799);
  EXPECT_EQ(object->seconds("beyond"), std::nullopt);
  EXPECT_EQ(object->seconds("huge"), std::nullopt);
}

TEST(JsonObject, AConfiguredNameIsWholeFirstThenAPath) {
  auto const object = JsonObject::parse(
      R"({"https://x.example/groups":"g","realm_access":{"roles":["r"]},"a.b":"whole","a":{"b":"deep"}})");
  EXPECT_EQ(object->texts_at("https://x.example/groups"), Texts{"g"});
  EXPECT_EQ(object->texts_at("realm_access.roles"), Texts{"r"});
  EXPECT_EQ(object->texts_at("a.b"), Texts{"whole"});
  EXPECT_EQ(object->texts_at("realm_access.none"), std::nullopt);
  EXPECT_EQ(object->texts_at("realm_access"), std::nullopt);
}

TEST(JsonObject, WhatTwoReadersWouldReadDifferentlyIsRefused) {
  for (char const* const text :
       {R"({"a":1,"a":2})", R"({"a":1,"\u0061":2})", "[]", "1", "", "{", R"({"a":1} x)", R"({"a":01})",
        "{\"a\":\"\xFF\"}", R"({"a":1,})", R"({"a":NaN})", R"({'a':1})"}) {
    EXPECT_FALSE(JsonObject::parse(text)) << text;
  }
}

TEST(JsonObject, DepthIsBounded) {
  auto nested = [](std::size_t arrays) {
    return "{\"a\":" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
  };
  EXPECT_TRUE(JsonObject::parse(nested(JsonObject::kDepthMax - 2)));
  EXPECT_FALSE(JsonObject::parse(nested(JsonObject::kDepthMax)));
}

}  // namespace
}  // namespace weir::jose
