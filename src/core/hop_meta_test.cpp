#include "core/hop_meta.hpp"

#include <gtest/gtest.h>

#include "mcp/splice.hpp"
#include "support/call_of.hpp"

namespace weir::core {
namespace {

std::string stripped(std::string meta, HopKeys keys = {}) {
  auto const message =
      test::message_of(R"({"jsonrpc":"2.0","id":1,"result":{"_meta":)" + meta + R"(,"content":[]}})");
  mcp::Splice edits(message.bytes());
  edits.erase_members(hop_members(message, keys));
  std::string out;
  edits.append_to(out);
  auto const begin = out.find("_meta") + 7;
  return out.substr(begin, out.find(R"(,"content")") - begin);
}

constexpr char kAll[] =
    R"({"progressToken":7,"a":1,"io.modelcontextprotocol/related-task":{"taskId":"t"},)"
    R"("io.modelcontextprotocol/subscriptionId":3,"b":[ 2 ],"io.modelcontextprotocol/serverInfo":{},)"
    R"("io.modelcontextprotocol/protocolVersion":"x","traceparent":"t","io.modelcontextprotocol/clientInfo":{},)"
    R"("io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/other":1,)"
    R"("io.modelcontextprotocol/logLevel":"info"})";

TEST(HopMeta, WhatConcernsOneHopGoesAndAllElseStaysAsItCame) {  // P118
  constexpr char left[] = R"({"a":1,"b":[ 2 ],"traceparent":"t","io.modelcontextprotocol/other":1})";
  EXPECT_EQ(stripped(kAll), left);
  EXPECT_EQ(without_hop_members(kAll), left);
  EXPECT_EQ(stripped(R"({"io.modelcontextprotocol\/related\u002dtask":{},"a":1})"), R"({"a":1})");
}

TEST(HopMeta, WhatTheClientKnowsMayStay) {
  auto const meta = R"({"io.modelcontextprotocol/related-task":{},"io.modelcontextprotocol/serverInfo":{}})";
  EXPECT_EQ(stripped(meta, {.related_task = false}), R"({"io.modelcontextprotocol/related-task":{}})");
  EXPECT_EQ(stripped(meta, {.server_info = false}), R"({"io.modelcontextprotocol/serverInfo":{}})");
}

TEST(HopMeta, NothingLeftIsNothingAndWhatIsNoObjectHasNone) {
  EXPECT_EQ(without_hop_members(R"({"progressToken":7})"), "");
  EXPECT_EQ(without_hop_members("7"), "");
  EXPECT_EQ(stripped("7"), "7");
  EXPECT_EQ(stripped(R"({"progressToken":7})"), "{}");
}

TEST(HopMeta, QuestionsAndAnswersLoseItWhereTheyHaveIt) {  // P118
  constexpr char params[] =
      R"({ "message":"m", "_meta":{"progressToken":1, "a":[ 1 ]},"b":{"_meta":{"progressToken":2}}})";
  constexpr char left[] = R"({ "message":"m", "_meta":{"a":[ 1 ]},"b":{"_meta":{"progressToken":2}}})";
  EXPECT_EQ(without_hop_meta(params), left);
  EXPECT_EQ(without_hop_meta(left), left);
  EXPECT_EQ(without_hop_meta(R"({"\u005fmeta":{"progressToken":1}})"), R"({"\u005fmeta":{}})");
  auto const questions = [](std::string const& of) {
    return R"({"k\u0031": {"method":"elicitation/create","params":)" + of +
           R"(},"r":{"method":"roots/list"}})";
  };
  EXPECT_EQ(questions_without_hop_meta(questions(params)), questions(left));
  EXPECT_EQ(answers_without_hop_meta(R"({"k":)" + std::string(params) + R"(,"l":1})"),
            R"({"k":)" + std::string(left) + R"(,"l":1})");
  auto const result = [&](std::string const& of, std::string const& meta) {
    return R"({"inputRequests":)" + questions(of) + R"(, "_meta":)" + meta + "}";
  };
  EXPECT_EQ(result_without_hop_meta(result(params, kAll), {}),
            result(left, R"({"a":1,"b":[ 2 ],"traceparent":"t","io.modelcontextprotocol/other":1})"));
  EXPECT_EQ(answers_without_hop_meta("[7]"), "[7]");
  EXPECT_EQ(answers_without_hop_meta(""), "");
}

TEST(HopMeta, AKeyMayStandThereAnyNumberOfTimes) {
  std::string meta = "{";
  for (int i = 0; i < 40; ++i) meta += R"("progressToken":1,"a":1,)";
  auto const left = without_hop_meta(R"({"_meta":)" + meta + R"("b":2}})");
  EXPECT_EQ(left.find("progressToken"), std::string::npos);
  EXPECT_TRUE(left.ends_with(R"("a":1,"b":2}})")) << left;
}

}  // namespace
}  // namespace weir::core
