#include "net/http_fields.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace weir::net {
namespace {

TEST(Fields, AreFoundIgnoringCaseAndTheFirstOneWins) {
  Fields fields;
  fields.add({"Accept", "a"});
  fields.add({"aCCEPT", "b"});
  EXPECT_EQ(fields.value("ACCEPT"), "a");
  EXPECT_EQ(fields.find("Accep"), nullptr);
  EXPECT_EQ(fields.find("Acceptx"), nullptr);
  EXPECT_EQ(fields.value("Host"), "");
  EXPECT_FALSE(fields.has("Host"));
}

// They differ in the bit between the cases of a letter, and are none.
TEST(Fields, OnlyLettersHaveCases) {
  for (auto const& [one, other] : {std::pair{"x-param-^1", "x-param-~1"},
                                   {"aaaaaaa_", "aaaaaaa\x7f"},
                                   {"x-param-name@", "x-param-name`"},
                                   {"x-[param]", "x-{param}"}}) {
    EXPECT_FALSE(same_name(one, other)) << one;
    EXPECT_TRUE(same_name(one, one));
  }
  EXPECT_TRUE(same_name("X-Param-Name-AZ", "x-pARAM-nAME-az"));
}

TEST(Fields, HoldAHundredAndNoMore) {
  Fields fields;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(fields.add({"A", "b"}));
  EXPECT_FALSE(fields.add({"A", "b"}));
  EXPECT_EQ(fields.size(), 100U);
  fields.clear();
  EXPECT_TRUE(fields.add({"A", "b"}));
}

TEST(Fields, NameTheFieldThatStandsTwice) {
  std::array<std::string_view, 3> const singles{"Origin", "Authorization", "x-param-*"};
  Fields fields;
  fields.add({"Accept", "a"});
  fields.add({"accept", "a"});
  fields.add({"Origin", "a"});
  fields.add({"X-Param-A", "1"});
  fields.add({"X-Param-B", "1"});
  fields.add({"X-Param-", "1"});
  fields.add({"X-Par", "1"});
  fields.add({"X-Par", "1"});
  EXPECT_EQ(fields.duplicated(singles), "");
  fields.add({"x-param-b", "2"});
  EXPECT_EQ(fields.duplicated(singles), "x-param-b");
  fields.add({"ORIGIN", "b"});
  EXPECT_EQ(fields.duplicated(singles), "ORIGIN");
}

TEST(FieldGrammar, TokensAreExactlyTheBytesOfTheGrammar) {
  std::string_view const punctuation = "!#$%&'*+-.^_`|~";
  for (int i = 0; i < 256; ++i) {
    char const c = static_cast<char>(i);
    bool const alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    EXPECT_EQ(is_token({&c, 1}), alnum || (c != '\0' && punctuation.find(c) != std::string_view::npos)) << i;
  }
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
}

TEST(FieldGrammar, ControlBytesAreFoundAtEveryPlace) {
  EXPECT_TRUE(is_field_value(""));
  for (int i = 0; i < 256; ++i) {
    bool const control = (i < 32 && i != '\t') || i == 127;
    for (std::size_t length = 1; length < 70; ++length) {
      for (std::size_t const at : {std::size_t{0}, length / 2, length - 1}) {
        std::string text(length, 'x');
        text[at] = static_cast<char>(i);
        ASSERT_EQ(find_control(text), control ? at : length) << i << ' ' << length;
      }
    }
  }
}

TEST(FieldGrammar, OriginTargetsBeginWithASlashAndHoldNoFragment) {
  EXPECT_TRUE(is_origin_target("/"));
  EXPECT_TRUE(is_origin_target("/mcp?a=%20&b"));
  for (std::string_view const text :
       {"", "mcp", "/a#b", "/a b", "/a\r\nb", "/\xc3\xa9", "/a\\b", "http://h/"}) {
    EXPECT_FALSE(is_origin_target(text)) << text;
  }
}

TEST(FieldGrammar, ListsAreSearchedElementByElement) {
  EXPECT_TRUE(list_contains("close", "close"));
  EXPECT_TRUE(list_contains("keep-alive ,\tCLOSE", "close"));
  EXPECT_TRUE(list_contains(",,close,", "close"));
  EXPECT_FALSE(list_contains("closed, clos", "close"));
  EXPECT_FALSE(list_contains("close x", "close"));
  EXPECT_FALSE(list_contains("", "close"));
}

}  // namespace
}  // namespace weir::net
