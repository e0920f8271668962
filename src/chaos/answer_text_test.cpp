#include "chaos/answer_text.hpp"

#include <gtest/gtest.h>

namespace weir::chaos {
namespace {

constexpr std::string_view kResponse = R"({"jsonrpc":"2.0","id":17,"result":{"items":[{"id":5}]}})";

std::string sized(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string streamed(std::string_view data) {
  return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: "
         "chunked\r\n\r\n40\r\ndata: " +
         std::string(data) + "\n\n\r\n";
}

AnswerText of(std::string_view bytes) {
  AnswerText text;
  text.add(bytes);
  return text;
}

TEST(AnswerText, ChangesTheIdOfTheResponseAndNothingElse) {
  auto text = of(sized(kResponse));
  ASSERT_TRUE(text.whole());
  EXPECT_TRUE(text.change_id());
  EXPECT_EQ(text.take(), sized(R"({"jsonrpc":"2.0","id":67,"result":{"items":[{"id":5}]}})"));
}

TEST(AnswerText, FindsTheIdBehindTheResult) {
  auto text = of(sized(R"({"result":{"id":5,"text":"\"id\":3 }"},"id":"a8"})"));
  EXPECT_TRUE(text.change_id());
  EXPECT_EQ(text.take(), sized(R"({"result":{"id":5,"text":"\"id\":3 }"},"id":"a4"})"));
}

TEST(AnswerText, BreaksAndCutsTheResponse) {
  auto broken = of(sized(kResponse));
  EXPECT_TRUE(broken.break_json());
  EXPECT_EQ(broken.take(), sized("!" + std::string(kResponse.substr(1))));
  auto half = of(sized(kResponse));
  EXPECT_TRUE(half.cut());
  auto const left = half.take();
  EXPECT_TRUE(left.ends_with(kResponse.substr(0, kResponse.size() / 2)));
}

TEST(AnswerText, IsWholeWithTheLastByteOfASizedBody) {
  auto const all = sized(kResponse);
  auto text = of(all.substr(0, all.size() - 1));
  EXPECT_FALSE(text.whole());
  text.add(all.substr(all.size() - 1));
  EXPECT_TRUE(text.whole());
  EXPECT_TRUE(of("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").whole());
  EXPECT_FALSE(of("HTTP/1.1 202 Acc").whole());
}

TEST(AnswerText, DoesNothingToAnAnswerWithoutAResponse) {
  auto text = of("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(text.change_id());
  EXPECT_FALSE(text.break_json());
  EXPECT_FALSE(text.cut());
  EXPECT_FALSE(of(sized(R"({"id":null,"error":{}})")).change_id());
}

TEST(AnswerText, LetsEventsBeforeTheResponsePass) {
  std::string const note = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{}})";
  auto text = of(streamed(note));
  EXPECT_FALSE(text.whole());
  EXPECT_EQ(text.take_passed(), streamed(note));
  text.add("data: {\"id\":17,");  // a piece of the response stays
  EXPECT_EQ(text.take_passed(), "");
  EXPECT_FALSE(text.whole());
  text.add("\r\n9\r\n\"result\":{}}\n\n\r\n");
  EXPECT_TRUE(text.whole());
  EXPECT_TRUE(text.change_id());
  EXPECT_EQ(text.take(), "data: {\"id\":67,\r\n9\r\n\"result\":{}}\n\n\r\n");
}

TEST(AnswerText, LeavesARequestOfTheServerAlone) {
  auto text = of(streamed(R"({"id":3,"method":"sampling/createMessage","params":{}})"));
  EXPECT_FALSE(text.whole());
  EXPECT_NE(text.take_passed(), "");
  text.add("data: " + std::string(kResponse) + "\n\n");
  EXPECT_TRUE(text.change_id());
}

}  // namespace
}  // namespace weir::chaos
