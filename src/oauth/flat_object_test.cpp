#include "oauth/flat_object.hpp"

#include <gtest/gtest.h>

#include "jose/json_object.hpp"

namespace weir::oauth {
namespace {

using jose::JsonObject;

bool good(std::string_view text) {
  auto const object = FlatObject::parse(text);
  return object && !object->repeats();
}

std::string nested(std::size_t arrays) {
  return "{\"a\":" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
}

TEST(FlatObject, MembersAreReadByType) {
  auto const object = FlatObject::parse(
      R"({"a":"x","n":12,"f":1.9,"t":true,"l":["p","q"],"mixed":["p",1],"empty":[],"o":{"a":1},"\u0062":"y"})");
  ASSERT_TRUE(object);
  EXPECT_FALSE(object->repeats());
  EXPECT_EQ(object->text("a"), "x");
  EXPECT_EQ(object->text("b"), "y");
  EXPECT_EQ(object->text("n"), std::nullopt);
  EXPECT_EQ(object->integer("n"), 12);
  EXPECT_EQ(object->integer("f"), std::nullopt);
  EXPECT_EQ(object->boolean("t"), true);
  EXPECT_EQ(object->boolean("a"), std::nullopt);
  using Texts = std::vector<std::string>;
  EXPECT_EQ(object->texts("a"), Texts{"x"});
  EXPECT_EQ(object->texts("l"), (Texts{"p", "q"}));
  EXPECT_EQ(object->texts("mixed"), std::nullopt);
  EXPECT_EQ(object->texts("empty"), Texts{});
  EXPECT_EQ(object->raw("o"), R"({"a":1})");
  EXPECT_FALSE(object->has("A"));
}

// Two readers of JSON stand here for reasons that their headers tell; they must not disagree about what is
// an object at all, or one could be shown something that the other does not see.
TEST(FlatObject, RefusesWhatTheReaderOfSignedTokensRefuses) {
  for (std::string const text : {R"({"a":1,"a":2})",
                                 R"({"a":1,"\u0061":2})",
                                 "[]",
                                 "1",
                                 "null",
                                 "",
                                 " ",
                                 "{",
                                 R"({"a":1} x)",
                                 R"({"a":01})",
                                 R"({"a":+1})",
                                 R"({"a":.5})",
                                 R"({"a":1.})",
                                 R"({"a":-})",
                                 R"({"a":1e})",
                                 R"({"a":NaN})",
                                 R"({"a":1,})",
                                 R"({,})",
                                 R"({"a"})",
                                 R"({"a":})",
                                 R"({'a':1})",
                                 R"({a:1})",
                                 R"({"a":tru})",
                                 R"({"a":"x)",
                                 R"({"a":"\x"})",
                                 R"({"a":"\u12"})",
                                 "{\"a\":\"\n\"}",
                                 R"({"a":[1,]})",
                                 R"({"a":[})",
                                 R"({"a":1}{"b":2})",
                                 R"(/**/{"a":1})"}) {
    EXPECT_FALSE(good(text)) << text;
    EXPECT_FALSE(JsonObject::parse(text)) << text;
  }
  EXPECT_FALSE(good("{\"a\":\"\xFF\"}"));
  EXPECT_FALSE(JsonObject::parse("{\"a\":\"\xFF\"}"));
  EXPECT_FALSE(good("\xEF\xBB\xBF{}"));
  EXPECT_FALSE(good(nested(JsonObject::kDepthMax)));
  EXPECT_FALSE(JsonObject::parse(nested(JsonObject::kDepthMax)));
}

TEST(FlatObject, TakesWhatTheReaderOfSignedTokensTakes) {
  for (std::string const text :
       {R"({})", R"( { } )", R"({"a":1,"A":2})", R"({"":0})", R"({"a":{"b":1,"b":2}})", R"({"a":-0.5e+3})",
        R"({"a":"\u00e9\ud83d\ude00\/"})", R"({"a":[{"b":[null,true,false]}]})", R"({"a":"\u0000"})"}) {
    EXPECT_TRUE(good(text)) << text;
    EXPECT_TRUE(JsonObject::parse(text)) << text;
  }
  EXPECT_TRUE(good(nested(JsonObject::kDepthMax - 2)));
  EXPECT_TRUE(JsonObject::parse(nested(JsonObject::kDepthMax - 2)));
}

TEST(FlatObject, ItsMembersAreBounded) {
  auto const of = [](std::size_t members) {
    std::string text = "{";
    for (std::size_t i = 0; i < members; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
    return text + "}";
  };
  EXPECT_TRUE(good(of(FlatObject::kMembersMax)));
  EXPECT_FALSE(good(of(FlatObject::kMembersMax + 1)));
}

}  // namespace
}  // namespace weir::oauth
