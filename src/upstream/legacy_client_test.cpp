#include "upstream/legacy_client.hpp"

#include <gtest/gtest.h>

#include "support/call_of.hpp"
#include "upstream/dialect.hpp"

// A legacy client at a modern server.
namespace weir::upstream {
namespace {

using test::call_of;
using test::message_of;

constexpr auto kInfo = R"({"name":"weir","version":"1"})";
Dialect const& modern_server() {
  static Dialect const dialect("files", mcp::kNewest, kInfo);
  return dialect;
}

std::string edited(mcp::Splice const& edits) {
  std::string out;
  edits.append_to(out);
  return out;
}

std::unique_ptr<core::Call> legacy_call(std::string const& method, std::string const& params = {},
                                        std::string capabilities = "{}", int log_floor = -1) {
  auto call = call_of(R"({"jsonrpc":"2.0","id":"c","method":")" + method + '"' +
                          (params.empty() ? "" : R"(,"params":)" + params) + '}',
                      mcp::kNewestLegacy);
  auto session = std::make_shared<core::ClientSession>();
  session->id = "s";
  session->revision = mcp::kNewestLegacy;
  session->capabilities = std::move(capabilities);
  session->log_floor->store(log_floor);
  call->session = std::move(session);
  return call;
}

std::string upwards(core::Call const& call) { return edited(modern_server().request(call, 7)); }

std::string downwards(core::Call const& call, std::string answer) {
  auto outcome = modern_server().answer(call, message_of(std::move(answer)));
  return outcome ? edited(outcome->edits) : std::string(base::name_of(outcome.error().fault));
}

constexpr auto kVersion = R"("io.modelcontextprotocol/protocolVersion":"2026-07-28")";
constexpr auto kClient = R"("io.modelcontextprotocol/clientInfo":{"name":"weir","version":"1"})";

std::string envelope(std::string const& capabilities) {
  return std::string(kVersion) + R"(,"io.modelcontextprotocol/clientCapabilities":)" + capabilities + ',' +
         kClient;
}

TEST(LegacyClient, ItsRequestsGetTheEnvelopeWhereverItIsMissing) {
  EXPECT_EQ(upwards(*legacy_call("x/y")),
            R"({"params":{"_meta":{)" + envelope("{}") + R"(}},"jsonrpc":"2.0","id":7,"method":"x/y"})");
  EXPECT_EQ(
      upwards(*legacy_call("x/y", R"({"a":1})")),
      R"({"jsonrpc":"2.0","id":7,"method":"x/y","params":{"_meta":{)" + envelope("{}") + R"(},"a":1}})");
  EXPECT_EQ(upwards(*legacy_call("x/y", R"({"_meta":7})")),
            R"({"jsonrpc":"2.0","id":7,"method":"x/y","params":{"_meta":{)" + envelope("{}") + "}}}");
  EXPECT_EQ(upwards(*legacy_call("x/y", R"({"_meta":{"progressToken":"p","com.example/k":[1]}})")),
            R"({"jsonrpc":"2.0","id":7,"method":"x/y","params":{"_meta":{)" + envelope("{}") +
                R"(,"progressToken":7,"com.example/k":[1]}}})");
}

TEST(LegacyClient, ItsTraceGoesOnAtTheServer) {  // P119
  auto const traced = [](std::string const& params) {
    auto const call = legacy_call("x/y", params);
    call->traceparent = "00-1-2-01";
    return upwards(*call);
  };
  EXPECT_EQ(traced("{}"), R"({"jsonrpc":"2.0","id":7,"method":"x/y","params":{"_meta":{)" + envelope("{}") +
                              R"(,"traceparent":"00-1-2-01"}}})");
  EXPECT_EQ(traced(R"({"_meta":{"traceparent":"bad"}})"),
            R"({"jsonrpc":"2.0","id":7,"method":"x/y","params":{"_meta":{)" + envelope("{}") +
                R"(,"traceparent":"00-1-2-01"}}})");
}

TEST(LegacyClient, OnlyWhatCanBeRelayedOfItsCapabilitiesGoesUp) {
  auto const told = [](std::string capabilities) {
    auto const text = upwards(*legacy_call("x/y", "{}", std::move(capabilities)));
    auto const from = text.find("clientCapabilities\":") + 20;
    return text.substr(from, text.find(R"(,"io.modelcontextprotocol/clientInfo)") - from);
  };
  EXPECT_EQ(told(R"({"roots":{"listChanged":true},"tasks":{"list":{}},"elicitation":{}})"),
            R"({"elicitation":{"form":{}},"roots":{}})");
  EXPECT_EQ(
      told(R"({"sampling":{"tools":{}},"elicitation":{"url":{}},)"
           R"("extensions":{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/ui":{"a":1}}})"),
      R"({"elicitation":{"url":{}},"extensions":{"io.modelcontextprotocol/ui":{"a":1}},"sampling":{"tools":{}}})");
}

TEST(LegacyClient, ItsLogLevelGoesWithEachRequestOnceItWasSet) {  // P068, P072
  auto const level = R"("io.modelcontextprotocol/logLevel":"warning")";
  EXPECT_EQ(upwards(*legacy_call("x/y", "{}")).find("logLevel"), std::string::npos);
  EXPECT_NE(upwards(*legacy_call("x/y", "{}", "{}", 3)).find(level), std::string::npos);
}

TEST(LegacyClient, ItsAnswersLoseWhatOnlyModernClientsRead) {
  auto const call = legacy_call("resources/read", R"({"uri":"a:b"})");
  EXPECT_EQ(downwards(*call, R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","ttlMs":5,)"
                             R"("contents":[ ],"cacheScope":"public","_meta":{)"
                             R"("io.modelcontextprotocol/serverInfo":{"name":"s"},"k":1}}})"),
            R"({"jsonrpc":"2.0","id":7,"result":{"contents":[ ],"_meta":{"k":1}}})");
  EXPECT_EQ(
      downwards(*call,
                R"({"jsonrpc":"2.0","id":7,"result":{"contents":[], "ttlMs":1 ,"resultType":"complete" }})"),
      R"({"jsonrpc":"2.0","id":7,"result":{"contents":[] }})");
  EXPECT_EQ(downwards(*call, R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"complete"}})"),
            R"({"jsonrpc":"2.0","id":7,"result":{}})");
}

TEST(LegacyClient, OutputThatIsNoObjectIsWrapped) {  // P085
  auto const call = legacy_call("tools/call", R"({"name":"t"})");
  auto const answer = [](std::string output) {
    return R"({"jsonrpc":"2.0","id":7,"result":{"structuredContent":)" + output + R"(,"content":[]}})";
  };
  EXPECT_EQ(downwards(*call, answer("[1, 2]")), answer(R"({"result":[1, 2]})"));
  EXPECT_EQ(downwards(*call, answer("null")), answer(R"({"result":null})"));
  EXPECT_EQ(downwards(*call, answer(R"({"a":1})")), answer(R"({"a":1})"));
  call->wraps_output = true;  // its schema allows other JSON as well and is shown wrapped
  EXPECT_EQ(downwards(*call, answer(R"({"a":1})")), answer(R"({"result":{"a":1}})"));
}

TEST(LegacyClient, ErrorsHaveTheCodesOfItsEra) {  // P080, P116, P117
  auto const code = [](core::Call const& call, std::string error) {
    auto const text = downwards(call, R"({"jsonrpc":"2.0","id":7,"error":{"code":)" + error + "}}");
    auto const from = text.find("code\":") + 6;
    return text.substr(from, text.find(',', from) - from);
  };
  auto const read = legacy_call("resources/read", R"({"uri":"a:b"})");
  EXPECT_EQ(code(*read, R"(-32602,"message":"no","data":{"uri":"a:b"})"), "-32002");
  EXPECT_EQ(code(*read, R"(-32602,"message":"bad")"), "-32602");
  EXPECT_EQ(code(*read, R"(-32050,"message":"?")"), "-32603");
  EXPECT_EQ(code(*read, R"(4711,"message":"own")"), "4711");
  EXPECT_EQ(code(*read, R"(-32021,"message":"cap","data":{"requiredCapabilities":{"sampling":{}}})"),
            "-32602");
  auto const tool = legacy_call("tools/call", R"({"name":"t"})");
  EXPECT_NE(
      downwards(*tool, R"({"jsonrpc":"2.0","id":7,"error":{"code":-32021,"message":"m","data":{"x":1}}})")
          .find(R"("isError":true)"),
      std::string::npos);
}

TEST(LegacyClient, AQuestionPassesUnchangedForTheBridge) {
  auto const asks = R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required","requestState":"s"}})";
  EXPECT_EQ(downwards(*legacy_call("tools/call", R"({"name":"t"})"), asks), asks);
  EXPECT_EQ(downwards(*legacy_call("completion/complete", "{}"), asks), "protocol");  // P058
}

}  // namespace
}  // namespace weir::upstream
