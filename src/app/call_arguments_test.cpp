#include "app/call_arguments.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weir::app {
namespace {

std::string typed(std::vector<std::string> const& words, Typing typing = Typing::json) {
  auto const made = arguments_of(words, typing);
  return made ? *made : "error: " + made.error().detail;
}

TEST(CallArguments, TypesWhatLooksLikeAScalarOfJson) {
  EXPECT_EQ(typed({"a=1", "b=-2.5e3", "c=true", "d=false", "e=null"}),
            R"({"a":1,"b":-2.5e3,"c":true,"d":false,"e":null})");
  EXPECT_EQ(typed({R"(zip="01234")", R"(q="a b\n")"}), R"({"zip":"01234","q":"a b\n"})");
}

TEST(CallArguments, TakesEverythingElseAsText) {
  EXPECT_EQ(
      typed({"a=", "b=007", "c=+1", "d=True", "e=1 ", "f=[1]", "g={}", "h=x=y", R"(i="open)", "j=nan"}),
      R"({"a":"","b":"007","c":"+1","d":"True","e":"1 ","f":"[1]","g":"{}","h":"x=y","i":"\"open","j":"nan"})");
}

TEST(CallArguments, TakesJsonAsItStands) {
  EXPECT_EQ(typed({R"(tags:=["a", {"b":1}])", "n:=1", R"(s:="x")"}),
            R"({"tags":["a", {"b":1}],"n":1,"s":"x"})");
  EXPECT_EQ(typed({}), "{}");
}

TEST(CallArguments, ShowsWhereJsonIsWrong) {
  auto const text = typed({"tags:=[1,,2]"});
  EXPECT_TRUE(text.starts_with("error: `tags` is not JSON: ")) << text;
  EXPECT_EQ(text.substr(text.find('\n')), "\n  tags:=[1,,2]\n           ^");
}

TEST(CallArguments, RefusesWhatIsNoPair) {
  EXPECT_EQ(typed({"loose"}), "error: `loose` is not of the form name=value");
  EXPECT_EQ(typed({"=x"}), "error: `=x` is not of the form name=value");
  EXPECT_EQ(typed({"a=1", "a=2"}), "error: `a` is given twice");
  EXPECT_EQ(typed({"a=\xff"}), "error: `a` is not UTF-8");
}

TEST(CallArguments, AreTextForPrompts) {
  EXPECT_EQ(typed({"a=1", "b:=[]"}, Typing::text), R"({"a":"1","b:":"[]"})");
}

TEST(CallArguments, TakesAnObjectAsAWhole) {
  EXPECT_EQ(*object_of("--args", "{\"a\": 1}\n"), "{\"a\": 1}");
  EXPECT_EQ(object_of("--args", "[1]").error().detail, "`--args` must be a JSON object");
  EXPECT_NE(object_of("--args", "{\"a\":}").error().detail.find("\n  {\"a\":}\n       ^"), std::string::npos);
}

}  // namespace
}  // namespace weir::app
