#include "mcp/param_headers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::mcp {
namespace {

std::vector<ParamHeader> headers_of(std::string_view schema) {
  auto headers = read_param_headers(schema);
  EXPECT_TRUE(headers.has_value()) << schema << ": " << (headers ? "" : headers.error().detail);
  return headers ? *headers : std::vector<ParamHeader>();
}

std::string reason_for(std::string_view schema) {
  auto const headers = read_param_headers(schema);
  EXPECT_FALSE(headers.has_value()) << schema;
  return headers ? "" : headers.error().detail;
}

std::string properties(std::string const& inside) {
  return R"({"type":"object","properties":{)" + inside + "}}";
}

TEST(ParamHeaders, AreReadWithPathAndType) {
  auto const headers = headers_of(R"({"type":"object","properties":{
      "region":{"type":"string","description":"d","x-mcp-header":"Region"},
      "plain":{"type":"number"},
      "page":{"type":"object","properties":{
          "size":{"x-mcp-header":"Page-Size","type":"integer"},
          "deep":{"properties":{"\u00e9":{"type":"boolean","x-mcp-header":"Deep"}}}}}},
      "required":["region"]})");
  ASSERT_EQ(headers.size(), 3u);
  EXPECT_EQ(headers[0].suffix, "Region");
  EXPECT_EQ(headers[0].path, (std::vector<std::string>{"region"}));
  EXPECT_EQ(headers[0].type, ParamType::string);
  EXPECT_EQ(headers[1].suffix, "Page-Size");
  EXPECT_EQ(headers[1].path, (std::vector<std::string>{"page", "size"}));
  EXPECT_EQ(headers[1].type, ParamType::integer);
  EXPECT_EQ(headers[2].path, (std::vector<std::string>{"page", "deep", "é"}));
  EXPECT_EQ(headers[2].type, ParamType::boolean);
}

TEST(ParamHeaders, AreNoneInASchemaWithoutAnnotations) {
  EXPECT_TRUE(headers_of("{}").empty());
  EXPECT_TRUE(headers_of("true").empty());
  EXPECT_TRUE(headers_of(R"({"properties":5,"oneOf":{},"items":[true,{}]})").empty());
}

TEST(ParamHeaders, AreNotSeenInNamesAndData) {
  EXPECT_TRUE(headers_of(properties(R"("x-mcp-header":{"type":"string"})")).empty());
  EXPECT_TRUE(
      headers_of(R"({"default":{"x-mcp-header":""},"enum":[{"x-mcp-header":1}],"const":{"x-mcp-header":2},
                             "examples":[{"x-mcp-header":3}],"unheard-of":{"x-mcp-header":4}})")
          .empty());
  EXPECT_EQ(headers_of(properties(R"("properties":{"type":"string","x-mcp-header":"P"})")).at(0).path,
            (std::vector<std::string>{"properties"}));
}

// P033
TEST(ParamHeaders, MustNotStandWhereNamesAloneDoNotLead) {
  std::string const annotated = R"({"type":"string","x-mcp-header":"A"})";
  for (std::string const place :
       {"items", "contains", "additionalProperties", "not", "if", "then", "else", "propertyNames",
        "unevaluatedItems", "unevaluatedProperties", "additionalItems", "contentSchema"}) {
    EXPECT_NE(reason_for("{\"" + place + "\":" + annotated + "}").find("do not lead"), std::string::npos)
        << place;
    EXPECT_NE(reason_for(properties("\"p\":{\"" + place + "\":" + annotated + "}")), "") << place;
  }
  for (std::string const place : {"allOf", "anyOf", "oneOf", "prefixItems", "items"}) {
    EXPECT_NE(reason_for("{\"" + place + "\":[true," + annotated + "]}"), "") << place;
    EXPECT_NE(reason_for("{\"" + place + "\":[" + properties("\"p\":" + annotated) + "]}"), "") << place;
  }
  for (std::string const place :
       {"$defs", "definitions", "patternProperties", "dependentSchemas", "dependencies"}) {
    EXPECT_NE(reason_for("{\"" + place + "\":{\"d\":" + annotated + "}}"), "") << place;
  }
  EXPECT_NE(reason_for(annotated), "");
}

// P033
TEST(ParamHeaders, MustBeTokensOnPlainTypesAndUnique) {
  auto const one = [](std::string const& name, std::string const& type) {
    return properties(R"("p":{"x-mcp-header":)" + name + R"(,"type":)" + type + "}");
  };
  EXPECT_EQ(headers_of(one(R"("!#$%&'*+-.^_`|~09azAZ")", R"("string")")).size(), 1u);
  for (std::string const name :
       {R"("")", R"("a b")", R"("a:b")", R"("a\r\nb")", R"("é")", R"("a(")", "5", "null", "{}"}) {
    EXPECT_NE(reason_for(one(name, R"("string")")), "") << name;
  }
  for (std::string const type :
       {R"("number")", R"("object")", R"("array")", R"("null")", R"(["string","null"])", "1"}) {
    EXPECT_NE(reason_for(one(R"("A")", type)).find("not a string, integer or boolean"), std::string::npos)
        << type;
  }
  EXPECT_NE(reason_for(properties(R"("p":{"x-mcp-header":"A"})")), "");
  EXPECT_NE(reason_for(
                properties(
                    R"("p":{"type":"string","x-mcp-header":"Ab"},"q":{"type":"string","x-mcp-header":"aB"})"))
                .find("used twice"),
            std::string::npos);
  EXPECT_NE(reason_for(properties(R"("p":{"type":"string","x-mcp-header":"A","x-mcp-header":"B"})"))
                .find("appears twice"),
            std::string::npos);
}

TEST(ParamHeaders, AreAtMostThirtyTwo) {
  auto const many = [](int count) {
    std::string inside;
    for (int i = 0; i < count; ++i) {
      auto const n = std::to_string(i);
      inside += (i > 0 ? ",\"p" : "\"p") + n + R"(":{"type":"string","x-mcp-header":"H)" + n + "\"}";
    }
    return properties(inside);
  };
  EXPECT_EQ(headers_of(many(32)).size(), 32u);
  EXPECT_NE(reason_for(many(33)).find("too many"), std::string::npos);
}

TEST(ParamHeaders, RefuseSchemasBeyondTheLimitsOfJson) {
  EXPECT_NE(reason_for(std::string(70, '[')), "");
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += R"({"properties":{"p":)";
  EXPECT_NE(reason_for(deep).find("nested too deeply"), std::string::npos);
}

std::optional<std::string> text_at(std::vector<std::string> path, std::string_view arguments) {
  auto const text = param_text({.suffix = "S", .path = std::move(path)}, arguments);
  EXPECT_TRUE(text.has_value()) << arguments;
  return text ? *text : std::nullopt;
}

// P032
TEST(ParamText, IsTheValueAtThePathOrNothing) {
  std::string_view const arguments =
      R"({"a":"x\u00e9","n":{"i":42.0,"b":true,"z":null},"s":"","l":[1],"big":1e30,"f":4.50})";
  EXPECT_EQ(text_at({"a"}, arguments), "xé");
  EXPECT_EQ(text_at({"n", "i"}, arguments), "42");
  EXPECT_EQ(text_at({"n", "b"}, arguments), "true");
  EXPECT_EQ(text_at({"s"}, arguments), "");
  EXPECT_EQ(text_at({"big"}, arguments), "1e30");
  EXPECT_EQ(text_at({"f"}, arguments), "4.50");
  EXPECT_EQ(text_at({"n", "z"}, arguments), std::nullopt);
  EXPECT_EQ(text_at({"n", "q"}, arguments), std::nullopt);
  EXPECT_EQ(text_at({"q"}, arguments), std::nullopt);
  EXPECT_EQ(text_at({"a", "b"}, arguments), std::nullopt);
  EXPECT_EQ(text_at({"l", "0"}, arguments), std::nullopt);
  EXPECT_EQ(text_at({"a"}, ""), std::nullopt);
  EXPECT_EQ(text_at({"a"}, "[]"), std::nullopt);
}

TEST(ParamText, FailsWhereAnotherParserCouldReadAnotherValue) {
  ParamHeader const header{.suffix = "S", .path = {"n", "a"}};
  EXPECT_FALSE(param_text(header, R"({"n":{"a":1,"a":2}})").has_value());
  EXPECT_FALSE(param_text(header, R"({"n":{"a":1},"\u006e":{"a":2}})").has_value());
  EXPECT_FALSE(param_text(header, R"({"n":{"a":"\ud800"}})").has_value());
  EXPECT_FALSE(param_text(header, R"({"n":{"a":[]}})").has_value());
  EXPECT_FALSE(param_text(header, R"({"n":{"a":{}}})").has_value());
  EXPECT_TRUE(param_text(header, R"({"n":{"a":1},"x":1,"x":2})").has_value());
}

// P028, P034
TEST(ParamMatches, ComparesTheHeaderWithTheBody) {
  ParamHeader const text{.suffix = "S", .path = {"a"}};
  EXPECT_TRUE(param_matches(text, R"({"a":"eu"})", " eu\t"));
  EXPECT_FALSE(param_matches(text, R"({"a":"eu"})", "EU"));
  EXPECT_FALSE(param_matches(text, R"({"a":"eu"})", std::nullopt));
  EXPECT_FALSE(param_matches(text, "{}", "eu"));
  EXPECT_FALSE(param_matches(text, R"({"a":null})", ""));
  EXPECT_TRUE(param_matches(text, R"({"a":null})", std::nullopt));
  EXPECT_TRUE(param_matches(text, "", std::nullopt));
  EXPECT_TRUE(param_matches(text, R"({"a":""})", ""));
  EXPECT_TRUE(param_matches(text, R"({"a":"é"})", "=?base64?w6k=?="));
  EXPECT_FALSE(param_matches(text, R"({"a":"é"})", "=?base64?w6k?="));
  EXPECT_FALSE(param_matches(text, R"({"a":"42"})", "42.0"));
  EXPECT_FALSE(param_matches(text, R"({"a":"1","a":"1"})", "1"));

  ParamHeader const integer{.suffix = "S", .path = {"a"}, .type = ParamType::integer};
  EXPECT_TRUE(param_matches(integer, R"({"a":42})", "42.0"));
  EXPECT_TRUE(param_matches(integer, R"({"a":4.2e1})", "42"));
  EXPECT_FALSE(param_matches(integer, R"({"a":42})", "43"));
  EXPECT_FALSE(param_matches(integer, R"({"a":42})", "x"));
  EXPECT_FALSE(param_matches(integer, R"({"a":4.5})", "4"));

  ParamHeader const boolean{.suffix = "S", .path = {"a"}, .type = ParamType::boolean};
  EXPECT_TRUE(param_matches(boolean, R"({"a":true})", "true"));
  EXPECT_FALSE(param_matches(boolean, R"({"a":true})", "True"));
}

}  // namespace
}  // namespace weir::mcp
