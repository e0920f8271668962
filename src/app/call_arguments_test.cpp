#include "app/call_arguments.hpp"

#include <gtest/gtest.h>

#include <sstream>
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

TEST(CallArguments, SaysTheLineAndColumnWhereAnObjectEndsToBeOne) {
  auto const why = [](std::string text) { return object_of("stdin", std::move(text)).error().detail; };
  EXPECT_EQ(why("{\"a\": 1,\r\n \"é\": x}\r\n"),
            "`stdin` is not JSON: unexpected byte at line 2, column 7\n   \"é\": x}\n        ^");
  EXPECT_EQ(why("{\n\n"), "`stdin` is not JSON: the text ends too early at line 1, column 2\n  {\n   ^");
  EXPECT_EQ(why("{\n\"a\":\"\xff\"}"),
            "`stdin` is not JSON: not UTF-8 at line 2, column 6\n  \"a\":\"?\"}\n       ^");
  EXPECT_EQ(why(""), "`stdin` is not JSON: the text ends too early at line 1, column 1");
  auto const long_line = why("{\"a\":\"" + std::string(300, 'x') + "\",}");
  EXPECT_NE(long_line.find("at line 1, column 309"), std::string::npos) << long_line;
  EXPECT_EQ(long_line.find('\n'), std::string::npos) << long_line;
}

std::string given(std::string const& args, std::vector<std::string> const& words, std::istream& in,
                  std::size_t bytes_max = kStdinBytesMax) {
  auto const made = given_arguments(args, words, Typing::json, in, bytes_max);
  return made ? *made : "error: " + made.error().detail;
}

TEST(CallArguments, ADashIsTheObjectOnStdin) {
  for (auto const& [args, words] : {std::pair<std::string, std::vector<std::string>>{"-", {}}, {"", {"-"}}}) {
    std::istringstream in("{\"a\": [1]}\n");
    EXPECT_EQ(given(args, words, in), "{\"a\": [1]}");
  }
  std::istringstream untouched("{}");
  EXPECT_EQ(given("", {"a=-"}, untouched), R"({"a":"-"})");
  EXPECT_EQ(given(R"({"b":2})", {}, untouched), R"({"b":2})");
  EXPECT_EQ(given("", {"-", "a=1"}, untouched), "error: `-` and name=value do not go together");
  EXPECT_EQ(given("-", {"a=1"}, untouched), "error: --args and name=value do not go together");
  EXPECT_EQ(untouched.tellg(), 0);
}

TEST(CallArguments, StdinIsReadUpToABound) {
  std::istringstream fits(R"({"a":1})");
  EXPECT_EQ(given("-", {}, fits, 7), R"({"a":1})");
  std::istringstream more(R"({"a":1} )" + std::string(1000, ' '));
  EXPECT_EQ(given("-", {}, more, 7), "error: there are more than 7 bytes on stdin");
  EXPECT_EQ(more.tellg(), 8);
}

TEST(CallArguments, ATargetIsAServerAndMaybeItsToolAlsoAsAgentsSeeIt) {
  auto const parts = [](std::string_view text) {
    auto const target = target_of(text);
    return target.server + '|' + target.tool;
  };
  EXPECT_EQ(parts("files"), "files|");
  EXPECT_EQ(parts("files.read"), "files|read");
  EXPECT_EQ(parts("files__read"), "files|read");
  EXPECT_EQ(parts("my_files.read__all.v2"), "my_files|read__all.v2");
  EXPECT_EQ(parts("files__read.v2"), "files|read.v2");
  EXPECT_EQ(parts("files."), "files|");
}

}  // namespace
}  // namespace weir::app
