#include "upstream/line_framer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weir::upstream {
namespace {

std::vector<LineFramer::Line> feed(LineFramer& framer, std::string const& text, std::size_t piece) {
  std::vector<LineFramer::Line> lines;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    auto chunk = std::string_view(text).substr(at, piece);
    while (auto line = framer.take(chunk)) lines.push_back(std::move(*line));
    EXPECT_TRUE(chunk.empty());
  }
  return lines;
}

TEST(LineFramer, CutsTheSameLinesHoweverTheBytesArrive) {
  std::string const text = "{\"a\":1}\n\n  \t\r\n{\"b\":2}\r\n\n{\"c\":\"\xC3\xA4\"}\nrest";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    LineFramer framer({});
    auto const lines = feed(framer, text, piece);
    ASSERT_EQ(lines.size(), 3U) << piece;
    EXPECT_EQ(lines[0].text, "{\"a\":1}");
    EXPECT_EQ(lines[1].text, "{\"b\":2}");
    EXPECT_EQ(lines[2].text, "{\"c\":\"\xC3\xA4\"}");
  }
}

TEST(LineFramer, TakesALineOfTheBoundAndSkipsALongerOne) {
  LineFramer framer({.line_bytes_max = 100});
  for (std::size_t const piece : {1U, 7U, 1000U}) {
    auto const fits = feed(framer, std::string(100, 'x') + "\n", piece);
    ASSERT_EQ(fits.size(), 1U);
    EXPECT_FALSE(fits[0].too_long);
    EXPECT_EQ(fits[0].text.size(), 100U);
    auto const longer = feed(framer, std::string(101, 'x') + "\nnext\n", piece);
    ASSERT_EQ(longer.size(), 2U);
    EXPECT_TRUE(longer[0].too_long);
    EXPECT_TRUE(longer[0].text.empty());
    EXPECT_FALSE(longer[0].reply_to);
    EXPECT_EQ(longer[1].text, "next");
  }
}

TEST(LineFramer, FindsWhichRequestALongLineAnswers) {
  std::string const padding(500, 'x');
  for (std::size_t const piece : {1U, 13U, 4096U}) {
    LineFramer framer({.line_bytes_max = 300});
    auto const lines = feed(framer,
                            R"({"jsonrpc":"2.0","id":17,"result":{"a":")" + padding + "\"}}\n" +
                                R"({"result":{"a":")" + padding + R"("},"jsonrpc":"2.0","id":18})" + "\n",
                            piece);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].reply_to, 17U) << piece;
    EXPECT_EQ(lines[1].reply_to, 18U) << piece;
  }
}

TEST(ReplyIdAtEnds, TakesOnlyMembersOfTheMessageItself) {
  EXPECT_EQ(reply_id_at_ends(R"({"id":5,"result":{)", "}}"), 5U);
  EXPECT_EQ(reply_id_at_ends(R"({"result":{)", R"(},"id":6,"jsonrpc":"2.0"})"), 6U);
  EXPECT_EQ(reply_id_at_ends(R"({"result":{)", R"(,"id":7}})"), std::nullopt) << "inside result";
  EXPECT_EQ(reply_id_at_ends(R"({"result":{)", R"(x\",\"id\":8}"})"), std::nullopt) << "inside a string";
  EXPECT_EQ(reply_id_at_ends(R"({"id":"9","result":{)", "}}"), std::nullopt) << "not one of ours";
  EXPECT_EQ(reply_id_at_ends(R"({"method":"x","params":{"id":1,)", "}}"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends(R"({"jsonrpc":"2.0","id":1,"method":"sampling/)", "}}"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends(R"({"id":1,"jsonrpc":"2.0","method":"sampling/)", "}}"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends(R"({"method":"sampling/createMessage",)", R"(},"jsonrpc":"2.0","id":1})"),
            std::nullopt)
      << "it asks";
  EXPECT_EQ(reply_id_at_ends(R"({"jsonrpc":"2.0","id":1,"method":"tools/)", "}}", true), 1U) << "a client's";
  EXPECT_EQ(reply_id_at_ends(R"({"id":)", "}"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends("", ""), std::nullopt);
  EXPECT_EQ(reply_id_at_ends("{", "}"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends(R"({"jsonrpc":"2.0")", R"("jsonrpc":"2.0"})"), std::nullopt);
}

TEST(LineFramer, EndsAChildThatTalksTooMuchNoiseInARow) {
  LineFramer framer({.line_bytes_max = 100, .noise_lines_max = 3});
  EXPECT_TRUE(framer.noise());
  EXPECT_TRUE(framer.noise());
  EXPECT_TRUE(framer.noise());
  framer.message();
  EXPECT_TRUE(framer.noise());
  EXPECT_TRUE(framer.noise());
  EXPECT_TRUE(framer.noise());
  EXPECT_FALSE(framer.noise());
  EXPECT_EQ(framer.noise_lines(), 7U);
}

}  // namespace
}  // namespace weir::upstream
