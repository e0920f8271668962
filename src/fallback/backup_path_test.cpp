#include "fallback/backup_path.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "fallback/backup_question.hpp"
#include "support/call_of.hpp"

namespace weir::fallback {
namespace {

using Names = std::vector<std::string>;

TEST(BackupPath, AUriIsItsHostAndItsPath) {
  EXPECT_EQ(parts_of_uri("https://wiki/x/pages/A1"), (Names{"wiki", "x", "pages", "A1"}));
  EXPECT_EQ(parts_of_uri("https://me:pw@wiki:8443/x/A%201?v=2/3#top/3"), (Names{"wiki", "x", "A 1"}));
  EXPECT_EQ(parts_of_uri("file:///docs//a/./b"), (Names{"docs", "a", "b"}));
  EXPECT_EQ(parts_of_uri("page:17"), (Names{"17"}));
  EXPECT_EQ(parts_of_uri("http://[::1]:80/a"), (Names{"[::1]", "a"}));
  EXPECT_EQ(parts_of_uri("notes/today"), (Names{"notes", "today"}));
  EXPECT_EQ(parts_of_uri("https://wiki/%C3%A9"), (Names{"wiki", "\xC3\xA9"}));
  EXPECT_EQ(parts_of_uri("https://wiki/a%252fb"), (Names{"wiki", "a%2fb"})) << "decoded once, not again";
  EXPECT_EQ(parts_of_uri(""), Names{});
}

TEST(BackupPath, TriesTheLongestEndOfAUriFirstAndEachWithItsEndings) {
  EXPECT_EQ(names_for({"wiki", "A1"}, true),
            (Names{"wiki/A1", "wiki/A1.md", "wiki/A1.txt", "wiki/A1.json", "wiki/A1.html", "A1", "A1.md",
                   "A1.txt", "A1.json", "A1.html"}));
  EXPECT_EQ(names_for({"wiki", "A1"}, false).size(), 5U);
}

TEST(BackupPath, RefusesWhatCouldLeaveTheFolder) {
  for (auto const* const uri : {"https://wiki/../x",
                                "https://wiki/a/%2e%2e/x",
                                "https://wiki/.%2E/x",
                                "https://wiki/a%2Fb",
                                "https://wiki/%2fetc%2fpasswd",
                                "https://wiki/a%5Cb",
                                "https://wiki/a\\b",
                                "https://wiki/a%00.md",
                                "https://wiki/.git/config",
                                "https://wiki/%",
                                "https://wiki/%4",
                                "https://wiki/%zz",
                                "https://../x",
                                "https://%2e%2e/x",
                                "file:///../etc/passwd",
                                "../x",
                                "x:..",
                                "https://wiki/a%0Ab",
                                "https://.hidden/x",
                                "https://a%2Fb/x"}) {
    EXPECT_EQ(parts_of_uri(uri), Names{}) << uri;
  }
  for (auto const* const value : {"../x", "a/../../x", ".env", "a/.git/config", "..", "a\\..\\b", "a\nb"})
    EXPECT_EQ(parts_of_value(value), Names{}) << value;
  EXPECT_EQ(parts_of_value("/etc/passwd"), (Names{"etc", "passwd"})) << "below the folder, like any other";
  EXPECT_EQ(parts_of_value("%2e%2e/x"), (Names{"%2e%2e", "x"})) << "values are not decoded";
}

TEST(BackupPath, HoldsItsLimitsOnBothSides) {
  std::string deep = "h:";
  for (std::size_t i = 0; i < kPartsMax; ++i) deep += "/p";
  EXPECT_EQ(parts_of_uri(deep).size(), kPartsMax);
  EXPECT_EQ(parts_of_uri(deep + "/p"), Names{});
  std::string under = "https://h";
  for (std::size_t i = 1; i < kPartsMax; ++i) under += "/p";
  EXPECT_EQ(parts_of_uri(under).size(), kPartsMax);
  EXPECT_EQ(parts_of_uri(under + "/p"), Names{});
  EXPECT_EQ(parts_of_value(std::string(255, 'a')).size(), 1U);
  EXPECT_EQ(parts_of_value(std::string(256, 'a')), Names{});
  std::string const slashes(kNamedByMax - 1, '/');
  EXPECT_EQ(parts_of_uri("a" + slashes).size(), 1U);
  EXPECT_EQ(parts_of_uri("aa" + slashes), Names{});
  EXPECT_EQ(parts_of_value("a" + slashes).size(), 1U);
  EXPECT_EQ(parts_of_value("aa" + slashes), Names{});
}

// Thirty thousand URIs and values made of what attacks are made of.
TEST(BackupPath, NoMixtureOfNastyPiecesNamesAnythingOutside) {
  constexpr std::string_view kPieces[] = {
      "..",  ".",   "/",      "//",       "\\",     "%2e",   "%2E", "%2f",       "%5c",
      "%00", "%25", "a",      "b.md",     "https:", "file:", "@",   ":",         "?",
      "#",   "~",   "%c0%ae", "\xC0\xAE", "\n",     "[",     "]",   "%2e%2e%2f", "etc/passwd"};
  base::SeededRandom random(20261129);
  std::size_t named = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    for (auto left = 1 + random.below(9); left > 0; --left) text += kPieces[random.below(std::size(kPieces))];
    auto names = names_for(parts_of_uri(text), true);
    auto const values = names_for(parts_of_value(text), false);
    names.insert(names.end(), values.begin(), values.end());
    named += names.empty() ? 0 : 1;
    for (auto const& name : names) {
      ASSERT_FALSE(name.empty() || name.front() == '/' || name.back() == '/') << text;
      ASSERT_EQ(("/" + name).find("/."), std::string::npos) << text << " names " << name;
      ASSERT_EQ(name.find("//"), std::string::npos) << text;
      ASSERT_EQ(name.find_first_of(std::string("\\\n\0", 3)), std::string::npos) << text;
    }
  }
  EXPECT_GT(named, 3'000U) << "most of it must not be refused unseen";
}

TEST(BackupPath, ASlugIsSmallLettersDigitsAndDashes) {
  EXPECT_EQ(slug_of("Deploy Guide (2)"), "deploy-guide-2");
  EXPECT_EQ(slug_of("../.."), "");
  EXPECT_EQ(slug_of("\xC3\x9C"
                    "ber uns"),
            "\xC3\x9C"
            "ber-uns");
}

BackupQuestion ask(std::string const& method, std::string const& params, bool writes = false) {
  auto call =
      test::call_of(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}",
                    mcp::Revision::r2025_11_25);
  call->says_writes = writes;
  return question_of(*call);
}

TEST(BackupQuestion, NamesFilesByTheArgumentsThatNameSomethingThenByTheTool) {
  auto const question =
      ask("tools/call", R"({"name":"get_page","arguments":{"pageId":17,"title":"Deploy Guide","limit":5}})");
  EXPECT_EQ(question.tool, "get_page");
  EXPECT_EQ(question.names.front(), "get_page/17");
  Names const wanted{"17", "get_page/Deploy Guide.md", "Deploy Guide", "deploy-guide.md", "get_page.md"};
  auto at = question.names.begin();
  for (auto const& name : wanted) {
    at = std::find(at, question.names.end(), name);
    EXPECT_NE(at, question.names.end()) << name << " in its turn";
  }
  EXPECT_EQ(std::count(question.names.begin(), question.names.end(), "5"), 0);
  EXPECT_EQ(question.words.size(), 2U) << "deploy, guide";
}

TEST(BackupQuestion, TakesTheTargetThatTheServerKnowsAndUrisInArguments) {
  auto const question = ask("tools/call", R"({"name":"fetch","arguments":{"url":"https://wiki/x/A1?q"}})");
  EXPECT_EQ(question.names.front(), "fetch/wiki/x/A1");
  EXPECT_NE(std::find(question.names.begin(), question.names.end(), "A1.md"), question.names.end());
}

TEST(BackupQuestion, AsksNothingForToolsThatWriteNorForOtherMethods) {
  std::string const params = R"({"name":"create_page","arguments":{"title":"x","text":"some words"}})";
  EXPECT_FALSE(ask("tools/call", params).empty());
  EXPECT_TRUE(ask("tools/call", params, true).empty());
  EXPECT_TRUE(ask("tools/list", "{}").empty());
  EXPECT_TRUE(ask("resources/read", R"({"uri":"https://wiki/../x"})").empty());
  EXPECT_FALSE(ask("resources/read", R"({"uri":"https://wiki/x"})").empty());
  EXPECT_FALSE(ask("prompts/get", R"({"name":"greet"})").empty());
}

TEST(BackupQuestion, IsBoundedHoweverMuchIsAsked) {
  std::string arguments, text;
  for (int i = 0; i < 100; ++i) {
    arguments += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "id\":\"v" + std::to_string(i) + "\"";
    text += "word" + std::to_string(i % 31) + " ";
  }
  auto const many = ask("tools/call", R"({"name":"t","arguments":{)" + arguments + "}}");
  EXPECT_EQ(many.names.size(), BackupQuestion::kNamesMax);
  EXPECT_EQ(many.names.back(), "t.html") << "the tool's own file is asked for all the same";
  EXPECT_EQ(many.words.size(), BackupQuestion::kWordsMax);
  EXPECT_EQ(ask("tools/call", R"({"name":"t","arguments":{"q":")" + text + "\"}}").words.size(), 31U);
  EXPECT_EQ(ask("tools/call", R"({"name":"t","arguments":{"q":[{"deep":")" + text + "last1 last2\"}]}}")
                .words.size(),
            32U);
}

}  // namespace
}  // namespace weir::fallback
