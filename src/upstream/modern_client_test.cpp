#include "upstream/modern_client.hpp"

#include <gtest/gtest.h>

#include "support/call_of.hpp"
#include "upstream/dialect.hpp"

// A modern client at a legacy server.
namespace weir::upstream {
namespace {

using test::call_of;
using test::message_of;

std::string edited(mcp::Splice const& edits) {
  std::string out;
  edits.append_to(out);
  return out;
}

Dialect const& legacy_server() {
  static Dialect const dialect("files", mcp::kNewestLegacy, R"({"name":"weir"})");
  return dialect;
}

std::unique_ptr<core::Call> modern_call(std::string const& method, std::string const& members = {},
                                        std::string const& meta = {},
                                        std::string const& capabilities = "{}") {
  return call_of(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + members +
                     R"("_meta":{)" + R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)" + meta +
                     R"("io.modelcontextprotocol/clientCapabilities":)" + capabilities + "}}}",
                 mcp::kNewest);
}

std::string upwards(core::Call const& call) { return edited(legacy_server().request(call, 7)); }

std::string downwards(core::Call const& call, std::string const& answer) {
  auto outcome = legacy_server().answer(call, message_of(R"({"jsonrpc":"2.0","id":7,)" + answer + '}'));
  return outcome ? edited(outcome->edits) : std::string(base::name_of(outcome.error().fault));
}

TEST(ModernClient, ItsRequestsLoseTheEnvelopeAndNothingElse) {  // P118
  EXPECT_EQ(upwards(*modern_call("tools/call", R"("name":"t","arguments":{"a":1.0},)",
                                 R"("progressToken":"p","com.example/k":[1 ],"traceparent":"00-x",)"
                                 R"("io.modelcontextprotocol/logLevel":"info",)")),
            R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","arguments":{"a":1.0},)"
            R"("_meta":{"progressToken":7,"com.example/k":[1 ],"traceparent":"00-x"}}})");
}

TEST(ModernClient, ItsTraceGoesOnAtTheServer) {  // P119
  auto const call =
      modern_call("tools/call", "", R"("traceparent":"00-x","io.modelcontextprotocol/logLevel":"info",)");
  call->traceparent = "00-1-2-01";
  EXPECT_EQ(
      upwards(*call),
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"_meta":{"traceparent":"00-1-2-01"}}})");
  auto const by_header = modern_call("tools/call");
  by_header->traceparent = "00-1-2-01";
  by_header->tracestate = "a=b";
  EXPECT_EQ(upwards(*by_header), R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"_meta":)"
                                 R"({"traceparent":"00-1-2-01","tracestate":"a=b"}}})");
}

TEST(ModernClient, WhatBelongsToRoundsOfInputStaysHere) {
  EXPECT_EQ(
      upwards(*modern_call("tools/call", R"("name":"t","inputResponses":{"k":{}},"requestState":"s",)")),
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","_meta":{}}})");
}

TEST(ModernClient, ItsAnswersAreComplete) {  // P015, P089
  EXPECT_EQ(downwards(*modern_call("tools/call"), R"("result":{"content":[ ]})"),
            R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[ ]}})");
  EXPECT_EQ(
      downwards(*modern_call("resources/read"), R"("result":{"contents":[]})"),
      R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","contents":[]}})");
}

TEST(ModernClient, WhatALegacyServerSaysOfResultTypesIsNothing) {  // P016, P059
  auto const complete = R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[ ]}})";
  for (auto const* more :
       {R"("resultType":"zip",)", R"("resultType":"task",)", R"("resultType":7,)",
        R"("requestState":"s","inputRequests":{"a":{"method":"roots/list"}},"resultType":"input_required",)",
        R"("resultType":"a","resultType":"b",)"}) {
    EXPECT_EQ(
        downwards(*modern_call("tools/call"), std::string(R"("result":{)") + more + R"("content":[ ]})"),
        complete)
        << more;
  }
  EXPECT_EQ(downwards(*modern_call("tools/call"),
                      R"("result":{"content":[ ],"resultType":"complete","requestState":"s"})"),
            R"({"jsonrpc":"2.0","id":7,"result":{"content":[ ],"resultType":"complete"}})");
  std::string again;
  for (int i = 0; i < 20; ++i) again += R"("resultType":"x","k":1,)";
  EXPECT_EQ(downwards(*modern_call("tools/call"), R"("result":{)" + again + R"("content":[]})"), "protocol");
  // Layers further out look at the message, not at what it is sent as.
  auto const outcome = legacy_server().answer(
      *modern_call("tools/call"),
      message_of(R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required","inputRequests":{}}})"));
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->message.has(mcp::Field::result_type));
  EXPECT_FALSE(outcome->message.has(mcp::Field::input_requests));
}

TEST(ModernClient, ErrorsHaveTheCodesOfItsEra) {  // P080, P116
  EXPECT_EQ(downwards(*modern_call("resources/read"),
                      R"("error":{"code":-32002,"message":"m","data":{"uri":"a:b"}})"),
            R"({"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"m","data":{"uri":"a:b"}}})");
  EXPECT_EQ(downwards(*modern_call("tools/call"), R"("error":{"code":-32042,"message":"m"})"),
            R"({"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"m"}})");
  EXPECT_EQ(downwards(*modern_call("tools/call"), R"("error":{"code":-32000,"message":"m"})"),
            R"({"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"m"}})");
}

TEST(ModernClient, APageThatMustBeOpenedBecomesAQuestion) {  // -32042, P116
  auto const error = R"("error":{"code":-32042,"message":"m","data":{"elicitations":[)"
                     R"({"mode":"url","elicitationId":"e","url":"https://x","message":"Go"}]}})";
  EXPECT_EQ(downwards(*modern_call("tools/call", "", "", R"({"elicitation":{"url":{}}})"), error),
            R"({"jsonrpc":"2.0","id":0,"result":{"resultType":"input_required","inputRequests":{"url1":)"
            R"({"method":"elicitation/create","params":{"mode":"url","url":"https://x","message":"Go"}}}}})");
  auto const refused = downwards(*modern_call("tools/call", "", "", R"({"elicitation":{}})"), error);  // P059
  EXPECT_NE(refused.find(R"("code":-32021)"), std::string::npos) << refused;
  EXPECT_NE(refused.find(R"({"requiredCapabilities":{"elicitation":{"url":{}}}})"), std::string::npos);
}

}  // namespace
}  // namespace weir::upstream
