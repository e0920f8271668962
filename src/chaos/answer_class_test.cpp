#include "chaos/answer_class.hpp"

#include <gtest/gtest.h>

namespace weir::chaos {
namespace {

mcp::Message result(std::string const& inside) {
  return mcp::decode(R"({"jsonrpc":"2.0","id":1,"result":{)" + inside + "}}").value();
}
AnswerClass with_meta(std::string const& meta) { return class_of(result(R"("_meta":{)" + meta + "}")); }

// F-52: what an answer is, is said by the answer, not by the lack of an error.
TEST(AnswerClass, TellsWhatStandsInFromTheServersOwn) {
  EXPECT_EQ(class_of(result("")), AnswerClass::fresh);
  EXPECT_EQ(with_meta(R"("dev.weir/cache":{"status":"hit"})"), AnswerClass::fresh);
  EXPECT_EQ(with_meta(R"("dev.weir/cache":{"status":"stale"})"), AnswerClass::stale);
  EXPECT_EQ(with_meta(R"("dev.weir/degraded":{"source":"stale"})"), AnswerClass::stale);
  EXPECT_EQ(with_meta(R"("dev.weir/degraded":{"reason":"timed_out","source":"backup"})"),
            AnswerClass::backup);
  EXPECT_EQ(with_meta(R"("dev.weir/degraded":{"source":"server"})"), AnswerClass::other_server);
  EXPECT_EQ(with_meta(R"("dev.weir/degraded":{"source":"default"})"), AnswerClass::standard);
  EXPECT_EQ(with_meta(R"("dev.weir/degraded":{"source":"something new"})"), AnswerClass::standard);
}

TEST(AnswerClass, SeesAnErrorInEveryForm) {
  EXPECT_EQ(with_meta(R"("io.weir/error":{"reason":"timed_out"})"), AnswerClass::error);
  EXPECT_EQ(class_of(result(R"("isError":true,"content":[])")), AnswerClass::error);
  auto const error = mcp::decode(R"({"jsonrpc":"2.0","id":1,"error":{"code":5040,"message":"x"}})").value();
  EXPECT_EQ(class_of(error), AnswerClass::error);
}

TEST(AnswerClass, GivesWeirsReasonAndNoTextOfAServer) {
  auto const error = [](std::string const& data) {
    return mcp::decode(R"({"jsonrpc":"2.0","id":1,"error":{"code":5040,"message":"x","data":)" + data + "}}")
        .value();
  };
  EXPECT_EQ(reason_of(error(R"({"reason":"breaker_open"})")), "breaker_open");
  EXPECT_EQ(reason_of(error(R"({"reason":"<b>Hello</b>"})")), "server_error");
  EXPECT_EQ(reason_of(error("{}")), "server_error");
  EXPECT_EQ(reason_of(result(R"("isError":true,"_meta":{"io.weir/error":{"reason":"timed_out"}})")),
            "timed_out");
  EXPECT_EQ(reason_of(result(R"("isError":true)")), "tool_error");
}

TEST(AnswerClass, CountsWhatHelpsAsUseful) {
  EXPECT_TRUE(is_useful(AnswerClass::fresh) && is_useful(AnswerClass::stale) &&
              is_useful(AnswerClass::backup) && is_useful(AnswerClass::other_server));
  EXPECT_FALSE(is_useful(AnswerClass::standard) || is_useful(AnswerClass::error));
}

}  // namespace
}  // namespace weir::chaos
