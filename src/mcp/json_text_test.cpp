#include "mcp/json_text.hpp"

#include <gtest/gtest.h>

#include "mcp/json_cursor.hpp"

namespace weir::mcp {
namespace {

std::string decoded(std::string_view token) {
  std::string out;
  EXPECT_TRUE(decode_string(token, out)) << token;
  return out;
}

TEST(JsonText, DecodesEveryEscape) {
  EXPECT_EQ(decoded(R"("")"), "");
  EXPECT_EQ(decoded(R"("plain é")"), "plain é");
  EXPECT_EQ(decoded(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(decoded(R"("\u0041\u00e9\u20AC\uD83D\uDE00")"), "Aé€😀");
  EXPECT_EQ(decoded(R"("\u0000")"), std::string(1, '\0'));
  EXPECT_EQ(decoded(R"("\uFFFF\u07ff\u0800\u007f\u0080")"), "\uFFFF\u07ff\u0800\u007f\u0080");
  EXPECT_EQ(decoded(R"("tools\/call")"), "tools/call");
}

TEST(JsonText, RefusesHalfASurrogatePairAndLeavesTheTextAsItWas) {
  for (std::string_view const token : {R"("ab\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\n")",
                                       R"("\ud800\u0041")", R"("\ud800\ud800")", R"("\udc00\ud800")"}) {
    std::string out = "before";
    EXPECT_FALSE(decode_string(token, out)) << token;
    EXPECT_EQ(out, "before");
  }
}

TEST(JsonText, AppendsToWhatIsThere) {
  std::string out = "a";
  ASSERT_TRUE(decode_string(R"("b\n")", out));
  append_json_string(out, "c");
  EXPECT_EQ(out, "ab\n\"c\"");
}

TEST(JsonText, EscapesOnlyWhatMustBe) {
  std::string out;
  append_json_string(out, std::string_view("q\" b\\ / \b\f\n\r\t\0\x1f\x7f é😀", 23));
  EXPECT_EQ(out, "\"q\\\" b\\\\ / \\b\\f\\n\\r\\t\\u0000\\u001f\x7f é😀\"");
}

TEST(JsonText, ReadsBackWhatItWrites) {
  std::string text;
  for (int c = 0; c < 128; ++c) text += static_cast<char>(c);
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    std::string token;
    append_json_string(token, std::string_view(text).substr(cut));
    JsonCursor cursor(token);
    ASSERT_TRUE(cursor.skip_value() && cursor.finish());
    EXPECT_EQ(decoded(token), text.substr(cut));
  }
}

TEST(JsonText, AcceptsExactlyUtf8AndSaysWhereItEnds) {
  for (std::string_view const good :
       {"", "ascii", "é", "€", "😀", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
    EXPECT_EQ(first_not_utf8(good), good.size());
  }
  for (std::string_view const bad : {"\x80",
                                     "\xBF",
                                     "\xC0\x80",
                                     "\xC1\xBF",
                                     "\xC2",
                                     "\xC2x",
                                     "\xE0\x80\x80",
                                     "\xE0\x9F\xBF",
                                     "\xE2\x82",
                                     "\xED\xA0\x80",
                                     "\xED\xBF\xBF",
                                     "\xF0\x80\x80\x80",
                                     "\xF0\x8F\xBF\xBF",
                                     "\xF0\x9F\x98",
                                     "\xF4\x90\x80\x80",
                                     "\xF5\x80\x80\x80",
                                     "\xFE",
                                     "\xFF",
                                     "\xE2\x28\xA1",
                                     "\xF0\x9F\x28\x80"}) {
    for (std::size_t lead : {0u, 3u, 70u}) {
      std::string const text = std::string(lead, 'a') + std::string(bad);
      EXPECT_FALSE(is_utf8(text)) << lead;
      EXPECT_FALSE(is_utf8(text + std::string(64, 'z'))) << lead;
      EXPECT_EQ(first_not_utf8(text + "z"), lead);
    }
  }
}

TEST(JsonText, KnowsIntegersByTheirText) {
  for (std::string_view const token : {"0", "-0", "1", "-12", "123456789012345678901234567890"}) {
    EXPECT_TRUE(is_integer_token(token)) << token;
  }
  for (std::string_view const token : {"", "1.0", "1e1", "1E1", "\"1\"", "null", "true", "[1]"}) {
    EXPECT_FALSE(is_integer_token(token)) << token;
  }
}

}  // namespace
}  // namespace weir::mcp
