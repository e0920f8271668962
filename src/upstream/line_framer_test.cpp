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
  EXPECT_EQ(reply_id_at_ends(R"({"id":)", "}"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends("", ""), std::nullopt);
  EXPECT_EQ(reply_id_at_ends("{", "}"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends(R"({"jsonrpc":"2.0")", R"("jsonrpc":"2.0"})"), std::nullopt);
}

TEST(ReplyIdAtEnds, KnowsBlanksAndAnyOrderOfMembers) {
  EXPECT_EQ(reply_id_at_ends(R"({"jsonrpc": "2.0", "id": 1, "result": {)", "}}"), 1U) << "json.dumps";
  EXPECT_EQ(reply_id_at_ends("{\n  \"id\" : 2,\n  \"result\": {", "}}"), 2U);
  EXPECT_EQ(reply_id_at_ends(R"({"result": {)", R"(}, "id" : 3 , "jsonrpc": "2.0" } )"), 3U);
  EXPECT_EQ(reply_id_at_ends(R"({"id":4,"x":[{"id":9}],"error":{)", "}}"), 4U);
  EXPECT_EQ(reply_id_at_ends(R"({"result": {"t":)", R"(x\", \"id\": 8}"})"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends(R"({"result":{)", R"(},"id":"8\"","x":"\\"})"), std::nullopt) << "not ours";
}

TEST(ReplyIdAtEnds, IsNoneOfARequestWhoseParamsComeFirst) {
  EXPECT_EQ(reply_id_at_ends(R"({"jsonrpc":"2.0","id":1,"params":{)", R"(},"method":"roots/list"})"),
            std::nullopt);
  EXPECT_EQ(reply_id_at_ends(R"({"params":{)", R"(},"method":"roots/list","id":1})"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends(R"({"id":1,"x":{)", R"(},"method":"roots/list"})"), std::nullopt);
  EXPECT_EQ(reply_id_at_ends(R"({"id":1,"x":{)", R"(}})"), std::nullopt) << "may be either";
}

TEST(MessageEnds, HaveTheIdAsItWasWritten) {
  using Kind = MessageEnds::Kind;
  auto const of = [](std::string_view head, std::string_view tail, Kind kind) {
    auto const ends = ends_of_message(head, tail);
    EXPECT_EQ(ends.kind, kind) << head;
    return ends.id;
  };
  EXPECT_EQ(of(R"({"jsonrpc":"2.0","id":"s\u0034","method":"tools/)", "}}", Kind::request), R"("s\u0034")");
  EXPECT_EQ(of(R"({"jsonrpc": "2.0", "id": -7, "method": "to)", "}}", Kind::request), "-7");
  EXPECT_EQ(of(R"({"params":{)", R"(}, "method": "m", "id": "a\"b\\"})", Kind::request), R"("a\"b\\")");
  EXPECT_EQ(of(R"({"jsonrpc":"2.0","id":"weir-1","result":{)", "}}", Kind::answer), R"("weir-1")");
  EXPECT_EQ(of(R"({"method":"x","params":{"id":1,)", "}}", Kind::request), "");
  EXPECT_EQ(of(R"({"id":null,"error":{)", "}}", Kind::answer), "");
  EXPECT_EQ(of(R"({"id":12)", "}}", Kind::unseen), "") << "may go on";
  EXPECT_EQ(of("{\"id\":\"\xC3\",\"method\":\"", "}}", Kind::request), "") << "not UTF-8";
}

TEST(LineFramer, TellsOfAClientsLongLineWhatItWas) {
  LineFramer framer({.line_bytes_max = 300, .of_client = true});
  std::string const padding(500, 'x');
  auto const lines =
      feed(framer,
           R"({"jsonrpc": "2.0", "id": 4, "method": "m", "params": {"a": ")" + padding + "\"}}\n" +
               R"({"jsonrpc":"2.0","id":"s4","method":"m","params":{"a":")" + padding + "\"}}\n" +
               R"({"jsonrpc":"2.0","id":5,"result":{"a":")" + padding + "\"}}\n",
           4096);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].reply_to, 4U);
  EXPECT_FALSE(lines[1].reply_to);
  EXPECT_EQ(lines[1].ends.id, R"("s4")");
  EXPECT_FALSE(lines[2].reply_to) << "an answer gets none";
  EXPECT_EQ(lines[2].ends.kind, MessageEnds::Kind::answer);
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
