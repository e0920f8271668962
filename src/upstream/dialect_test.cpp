#include "upstream/dialect.hpp"

#include <gtest/gtest.h>

#include "support/call_of.hpp"
#include "upstream/own_request.hpp"

namespace weir::upstream {
namespace {

using mcp::Revision;
using test::call_of;
using test::message_of;

constexpr auto kInfo = R"({"name":"weir","version":"1"})";
constexpr auto kModern = Revision::r2026_07_28;
constexpr auto kLegacy = Revision::r2025_11_25;

std::string edited(mcp::Splice const& edits) {
  std::string out;
  edits.append_to(out);
  return out;
}

std::string upwards(Revision revision, std::string request, std::string target = {}) {
  Dialect const dialect("files", revision, kInfo);
  auto const call = call_of(std::move(request), revision);
  call->target = std::move(target);
  return edited(dialect.request(*call, 42));
}

base::Result<std::string> downwards(Revision revision, std::string answer, std::string method = "tools/call",
                                    std::string capabilities = "{}") {
  Dialect const dialect("files", revision, kInfo);
  auto const call =
      call_of(R"({"jsonrpc":"2.0","id":1,"method":")" + method +
                  R"(","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)" +
                  R"("io.modelcontextprotocol/clientCapabilities":)" + capabilities + "}}}",
              revision);
  auto outcome = dialect.answer(*call, message_of(std::move(answer)));
  if (!outcome) return outcome.error();
  return edited(outcome->edits);
}

TEST(Dialect, ReplacesIdNameTokenAndHopScopedMetaOfAModernRequest) {  // P070, P084, P118
  EXPECT_EQ(
      upwards(kModern,
              R"({ "jsonrpc":"2.0","id":"a\u0062","method":"tools/call","params":{"name":"fs__read",)"
              R"("arguments":{"x":1.0e+2, "x":"kept"},"_meta":{"progressToken":"t","com.example/k":[1 ,2],)"
              R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
              R"("io.modelcontextprotocol/clientCapabilities":{"sampling":{}},)"
              R"("io.modelcontextprotocol/clientInfo":{"name":"c","version":"9"}}},"extra":null})",
              "read"),
      R"({ "jsonrpc":"2.0","id":42,"method":"tools/call","params":{"name":"read",)"
      R"("arguments":{"x":1.0e+2, "x":"kept"},"_meta":{"progressToken":42,"com.example/k":[1 ,2],)"
      R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{"sampling":{}},)"
      R"("io.modelcontextprotocol/clientInfo":{"name":"weir","version":"1"}}},"extra":null})");
}

TEST(Dialect, NamesItselfWhereTheModernClientDidNot) {
  EXPECT_EQ(upwards(kModern, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"a":1}}})"),
            R"({"jsonrpc":"2.0","id":42,"method":"tools/list","params":{"_meta":{)"
            R"("io.modelcontextprotocol/clientInfo":{"name":"weir","version":"1"},"a":1}}})");
}

TEST(Dialect, DropsTheSubscriptionIdOfTheOtherHopWhereverItStands) {
  auto const with = [](std::string meta) {
    return upwards(kLegacy, R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{)" + meta + "}}}");
  };
  auto const without = [](std::string meta) {
    return R"({"jsonrpc":"2.0","id":42,"method":"ping","params":{"_meta":{)" + meta + "}}}";
  };
  std::string const drop = R"("io.modelcontextprotocol/subscriptionId" : {"a":[1]})";
  EXPECT_EQ(with(drop), without(""));
  EXPECT_EQ(with(drop + R"(,"b":2)"), without(R"("b":2)"));
  EXPECT_EQ(with(R"("a":",","b":2 , )" + drop), without(R"("a":",","b":2 )"));
  EXPECT_EQ(with(R"("a":1,)" + drop + R"(,"b":2)"), without(R"("a":1,"b":2)"));
}

TEST(Dialect, LeavesALegacyRequestAloneButForIdAndToken) {
  EXPECT_EQ(upwards(kLegacy,
                    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)"
                    R"({"name":"echo","_meta":{"progressToken":7}}})",
                    "echo"),
            R"({"jsonrpc":"2.0","id":42,"method":"tools/call","params":)"
            R"({"name":"echo","_meta":{"progressToken":42}}})");
}

TEST(Dialect, SplicesTheTargetWhereverTheMethodNamesIt) {
  EXPECT_EQ(upwards(kLegacy, R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a:b"}})",
                    "c\"d"),
            R"({"jsonrpc":"2.0","id":42,"method":"resources/read","params":{"uri":"c\"d"}})");
  EXPECT_EQ(upwards(kLegacy,
                    R"({"jsonrpc":"2.0","id":1,"method":"completion/complete","params":)"
                    R"({"ref":{"type":"ref/prompt","name":"fs__p"},"argument":{"name":"n","value":""}}})",
                    "p"),
            R"({"jsonrpc":"2.0","id":42,"method":"completion/complete","params":)"
            R"({"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"n","value":""}}})");
}

TEST(Dialect, KeepsTheSpellingOfATargetThatIsTheSame) {  // P082
  EXPECT_EQ(
      upwards(kLegacy, R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\u0061b"}})", "ab"),
      R"({"jsonrpc":"2.0","id":42,"method":"tools/call","params":{"name":"\u0061b"}})");
}

TEST(Dialect, ReplacesTheServersInfoAndRelaysTheRest) {  // P082, P118
  auto const relayed = downwards(
      kModern, R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"complete","content":[ ],"_meta":)"
               R"({"k":1e5,"io.modelcontextprotocol/serverInfo":{"name":"s","version":"0"}},"more":{}}})");
  ASSERT_TRUE(relayed);
  EXPECT_EQ(*relayed,
            R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"complete","content":[ ],"_meta":)"
            R"({"k":1e5,"io.modelcontextprotocol/serverInfo":{"name":"weir","version":"1"}},"more":{}}})");
}

TEST(Dialect, KeepsWhatConcernsTheServersHopFromTheClient) {  // P118
  auto const result = [](std::string meta) {
    return R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"complete","_meta":{)" + meta + "}}}";
  };
  std::string const hop = R"("progressToken":42,"io.modelcontextprotocol/subscriptionId":42,)"
                          R"("io.modelcontextprotocol/protocolVersion":"2026-07-28")";
  EXPECT_EQ(
      *downwards(kModern, result(hop + R"(,"a":1,"io.modelcontextprotocol/related-task":{"taskId":"t"})")),
      result(R"("a":1)"));
  EXPECT_EQ(*downwards(kModern, result(hop)), result(""));
}

constexpr char kHopQuestion[] =
    R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"input_required","inputRequests":{"q1":{"method":)"
    R"("elicitation/create","params":{"message":"Who?","_meta":{"progressToken":1,"z":1,)"
    R"("io.modelcontextprotocol/clientInfo":{"name":"leak"}}}}},"requestState":"s"}})";
constexpr char kQuestionPassed[] =
    R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"input_required","inputRequests":{"q1":{"method":)"
    R"("elicitation/create","params":{"message":"Who?","_meta":{"z":1}}}},"requestState":"s"}})";

TEST(Dialect, KeepsItFromThoseWhoAreAskedInBothEras) {  // P118
  EXPECT_EQ(*downwards(kModern, kHopQuestion, "tools/call", R"({"elicitation":{}})"), kQuestionPassed);
  Dialect const dialect("files", kModern, kInfo);
  auto const call = call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}})", kLegacy);
  auto const outcome = dialect.answer(*call, message_of(kHopQuestion));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(edited(outcome->edits), kQuestionPassed);
}

TEST(Dialect, KeepsWhatConcernsTheClientsHopFromTheServerThatAsked) {  // P118
  auto const request = [](std::string const& id, std::string const& meta) {
    return R"({"jsonrpc":"2.0","id":)" + id +
           R"(,"method":"tools/call","params":{"name":"t","inputResponses":)" +
           R"({"q1":{"action":"decline","_meta":)" + meta + R"(}},"_meta":{)" +
           R"("io.modelcontextprotocol/clientInfo":{"name":"weir","version":"1"}}}})";
  };
  EXPECT_EQ(
      upwards(kModern, request("1", R"({"progressToken":1,"z":1,"io.modelcontextprotocol/clientInfo":{}})")),
      request("42", R"({"z":1})"));
  EXPECT_EQ(upwards(kModern, request("1", R"({"z": 1})")), request("42", R"({"z": 1})"));
}

TEST(Dialect, AServerMayRepeatAKeyOfItsHopInAQuestionAnyNumberOfTimes) {
  std::string meta, left;
  for (int i = 0; i < 40; ++i) meta += R"("progressToken":1,"a":1,)", left += R"("a":1,)";
  auto const result = [](std::string const& of) {
    return R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"input_required","inputRequests":{"q":{"method":)"
           R"("elicitation/create","params":{"_meta":{)" +
           of + R"("b":2}}}}}})";
  };
  EXPECT_EQ(*downwards(kModern, result(meta), "tools/call", R"({"elicitation":{}})"), result(left));
}

TEST(Dialect, LeavesALegacyClientTheTaskOfALegacyServer) {
  auto const result = [](std::string meta) {
    return R"({"jsonrpc":"2.0","id":42,"result":{"_meta":{)" + meta + "}}}";
  };
  std::string const task = R"("io.modelcontextprotocol/related-task":{"taskId":"t"})";
  EXPECT_EQ(*downwards(kLegacy, result(R"("progressToken":42,)" + task)), result(task));
}

TEST(Dialect, CompletesAModernResultThatLacksItsType) {  // P015
  EXPECT_EQ(*downwards(kModern, R"({"jsonrpc":"2.0","id":42,"result":{}})"),
            R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"complete"}})");
  EXPECT_EQ(*downwards(kLegacy, R"({"jsonrpc":"2.0","id":42,"result":{}})"),
            R"({"jsonrpc":"2.0","id":42,"result":{}})");
}

TEST(Dialect, GivesCacheableResultsValidHints) {  // P089, P090, P095
  EXPECT_EQ(
      *downwards(kModern, R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"complete"}})",
                 "resources/read"),
      R"({"jsonrpc":"2.0","id":42,"result":{"ttlMs":0,"cacheScope":"private","resultType":"complete"}})");
  EXPECT_EQ(
      *downwards(kModern,
                 R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"complete","ttlMs":-1,"cacheScope":3}})",
                 "resources/read"),
      R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"complete","ttlMs":0,"cacheScope":"private"}})");
  auto const asks =
      R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"input_required","requestState":"s"}})";
  EXPECT_EQ(*downwards(kModern, asks, "resources/read"), asks);
}

TEST(Dialect, AsksAModernClientOnlyWhatItDeclared) {  // P059
  auto const asking = [](std::string const& requests, std::string const& capabilities) {
    return *downwards(kModern,
                      R"({"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":)" +
                          requests + "}}",
                      "tools/call", capabilities);
  };
  std::string const form = R"({"a":{"method":"elicitation/create","params":{"mode":"form","message":"?"}}})";
  std::string const two =
      R"({"a":{"method":"roots/list"},"b":{"method":"sampling/createMessage","params":{}}})";
  EXPECT_NE(asking(form, R"({"elicitation":{}})").find("input_required"), std::string::npos);
  EXPECT_NE(asking(two, R"({"roots":{},"sampling":{}})").find("input_required"), std::string::npos);
  EXPECT_NE(asking(R"({},"requestState":"s")", "{}").find("input_required"), std::string::npos)
      << "nobody is asked anything";
  EXPECT_NE(asking(form, "{}").find(R"({"requiredCapabilities":{"elicitation":{"form":{}}}})"),
            std::string::npos);
  EXPECT_NE(asking(two, R"({"roots":{}})").find(R"("code":-32021)"), std::string::npos);
}

TEST(Dialect, RefusesResultTypesThatCannotBe) {  // P016, P058, P112
  auto const typed = [](std::string type) {
    return R"({"jsonrpc":"2.0","id":42,"result":{"resultType":)" + type + "}}";
  };
  std::string const tasks = R"({"extensions":{"x":{},"io.modelcontextprotocol/tasks":{}}})";
  EXPECT_TRUE(downwards(kModern, typed(R"("input_required","requestState":"s")"), "tools/call"));
  EXPECT_TRUE(downwards(kModern, typed(R"("task")"), "tools/call", tasks));
  EXPECT_TRUE(downwards(kLegacy, typed(R"("surprise")")));
  for (auto const& refused : {downwards(kModern, typed(R"("surprise")")), downwards(kModern, typed("7")),
                              downwards(kModern, typed(R"("input_required")"), "tools/list"),
                              downwards(kModern, typed(R"("task")")),
                              downwards(kModern, typed(R"("task")"), "tools/call", R"({"extensions":{}})"),
                              downwards(kModern, typed(R"("task")"), "prompts/get", tasks)}) {
    ASSERT_FALSE(refused) << *refused;
    EXPECT_EQ(refused.error().fault, base::Fault::protocol);
    EXPECT_EQ(refused.error().blame, base::Blame::upstream);
  }
}

TEST(Dialect, AQuestionThatIsNotMcpIsTheServersFault) {  // P058
  auto const refused = [](std::string const& members) {
    auto const answer = downwards(
        kModern, R"({"jsonrpc":"2.0","id":42,"result":{"resultType":"input_required")" + members + "}}",
        "prompts/get", R"({"roots":{},"elicitation":{}})");
    return !answer && answer.error().fault == base::Fault::protocol &&
           answer.error().blame == base::Blame::upstream;
  };
  for (auto const* malformed :
       {"", R"(,"inputRequests":[])", R"(,"inputRequests":{})", R"(,"requestState":7)",
        R"(,"inputRequests":[],"requestState":"s")", R"(,"inputRequests":{"a":7})",
        R"(,"inputRequests":{"a":{"method":"tools/call","params":{}}})",
        R"(,"inputRequests":{"a":{"method":"roots/list"},"b":{"method":"ping"}})"}) {
    EXPECT_TRUE(refused(malformed)) << malformed;
  }
  EXPECT_FALSE(refused(R"(,"inputRequests":{"a":{"method":"roots/list"}})"));
  EXPECT_FALSE(refused(R"(,"inputRequests":{},"requestState":"s")"));
}

std::string completion(unsigned values, std::string const& more = {}) {
  std::string text = R"({"jsonrpc":"2.0","id":42,"result":{"completion":{"values":[ )";
  for (unsigned i = 0; i < values; ++i) text += (i == 0 ? "\"" : " , \"") + std::to_string(i) + '"';
  return text + " ]" + more + "}}}";
}

TEST(Dialect, ACompletionHasAHundredValuesAtMost) {  // P081
  auto const relayed = [](std::string answer) {
    return *downwards(kLegacy, std::move(answer), "completion/complete");
  };
  EXPECT_EQ(relayed(completion(100, R"(,"total":100)")), completion(100, R"(,"total":100)"));
  EXPECT_EQ(relayed(completion(101, R"(,"hasMore":false,"total":101)")),
            completion(100, R"(,"hasMore":true,"total":101)"));
  auto hundred = completion(100);
  hundred.insert(hundred.find(R"("values")"), R"("hasMore":true,)");
  EXPECT_EQ(relayed(completion(150)), hundred);
  EXPECT_NE(downwards(kModern, completion(150), "completion/complete")->find(R"("hasMore":true)"),
            std::string::npos);
  EXPECT_EQ(*downwards(kLegacy, completion(150), "tools/call"), completion(150)) << "a tool's own data";
}

std::string error_of(int code) {
  return R"({"jsonrpc":"2.0","id":42,"error":{"code":)" + std::to_string(code) +
         R"(,"message":"no","data":{"uri":"a:b"}}})";
}

TEST(Dialect, TranslatesErrorsThatConcernOurHopOnly) {  // P117, T-03
  for (int const code : {-32020, -32022}) {
    auto const refused = downwards(kModern, error_of(code));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, base::Fault::protocol);
    EXPECT_EQ(refused.error().retry, base::Retry::always);
    EXPECT_NE(refused.error().detail.find("no (" + std::to_string(code)), std::string::npos);
  }
}

TEST(Dialect, ALegacyServerThatHasBecomeAModernOneTellsItsVersionsToNobody) {  // P117
  std::string const upgraded =
      R"({"jsonrpc":"2.0","id":42,"error":{"code":-32022,"message":"no","data":{"supported":["2026-07-28"]}}})";
  auto const refused = downwards(kLegacy, upgraded);
  ASSERT_FALSE(refused) << *refused;
  EXPECT_EQ(refused.error().fault, base::Fault::protocol);
  EXPECT_EQ(refused.error().retry, base::Retry::always);
  // Without versions it is a number of its own, and may have been executed.
  EXPECT_EQ(*downwards(kLegacy, error_of(-32022)), error_of(-32022));
}

TEST(Dialect, AResultOfALegacyServerHasNoType) {
  EXPECT_EQ(
      *downwards(kLegacy, R"({"jsonrpc":"2.0","id":42,"result":{"a":1,"resultType":"input_required"}})"),
      R"({"jsonrpc":"2.0","id":42,"result":{"a":1}})");
}

std::string traced(Revision revision, std::string request, std::string state = {}) {
  Dialect const dialect("files", revision, kInfo);
  auto const call = call_of(std::move(request), revision);
  call->traceparent = "00-1-2-01";
  call->tracestate = std::move(state);
  return edited(dialect.request(*call, 42));
}

TEST(Dialect, OurSpanStandsInMetaWhereverThereIsATrace) {  // P119
  auto const with = [](std::string const& params) {
    return R"({"jsonrpc":"2.0","id":42,"method":"tools/list")" + params + '}';
  };
  auto const ours = R"("traceparent":"00-1-2-01")";
  auto const made = std::string(R"("params":{"_meta":{)") + ours + "}}";
  EXPECT_EQ(traced(kLegacy, R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})"),
            "{" + made + R"(,"jsonrpc":"2.0","id":42,"method":"tools/list"})");
  EXPECT_EQ(traced(kLegacy, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}})"),
            with("," + made));
  EXPECT_EQ(
      traced(kLegacy,
             R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"traceparent":7,"k":1}}})"),
      with(std::string(R"(,"params":{"_meta":{)") + ours + R"(,"k":1}})"));
  EXPECT_EQ(traced(kLegacy, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"k":1}}})",
                   "a=\"b\""),
            with(std::string(R"(,"params":{"_meta":{)") + ours + R"(,"tracestate":"a=\"b\"","k":1}})"));
  EXPECT_EQ(
      traced(kLegacy, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{}}})", "a=\xff"),
      with("," + made))
      << "a header may hold any bytes";
  EXPECT_EQ(
      traced(kLegacy,
             R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"tracestate":"\u0061=b"}}})",
             "a=b"),
      with(std::string(R"(,"params":{"_meta":{)") + ours + R"(,"tracestate":"\u0061=b"}})"));
}

TEST(Dialect, TellsTheClientWhichOfItsCapabilitiesIsMissing) {  // P117
  auto const told = [](std::string const& wanted, std::string const& can) {
    return *downwards(kModern,
                      R"({"jsonrpc":"2.0","id":42,"error":{"code":-32021,"message":"internal","data":)"
                      R"({"trace":"x","requiredCapabilities":)" +
                          wanted + "}}}",
                      "tools/call", can);
  };
  auto const missing = told(R"({"elicitation":{"url":{}}})", R"({"elicitation":{}})");
  EXPECT_NE(missing.find(R"("code":-32021)"), std::string::npos) << missing;
  EXPECT_NE(missing.find(R"("data":{"requiredCapabilities":{"elicitation":{"url":{}}}})"), std::string::npos);
  EXPECT_EQ(missing.find("internal"), std::string::npos) << "said by Weir, not relayed";
  EXPECT_NE(told(R"({"sampling":{}})", "{}").find("-32021"), std::string::npos);
  // What it does have was not missing.
  EXPECT_NE(told(R"({"sampling":{}})", R"({"sampling":{"tools":{}}})").find("-32603"), std::string::npos);
  EXPECT_EQ(*downwards(kModern, error_of(-32021)), error_of(-32603));
}

TEST(Dialect, ReplacesCodesThatAModernClientMustNotSee) {  // P116
  EXPECT_EQ(*downwards(kModern, error_of(-32002)), error_of(-32602));
  EXPECT_EQ(*downwards(kModern, error_of(-32042)), error_of(-32603));
  EXPECT_EQ(*downwards(kModern, error_of(-32099)), error_of(-32603));
  for (int const code : {-32602, -32000, -32100, -32019, 7}) {
    EXPECT_EQ(*downwards(kModern, error_of(code)), error_of(code));
  }
  for (int const code : {-32002, -32042, -32020})
    EXPECT_EQ(*downwards(kLegacy, error_of(code)), error_of(code));
}

TEST(Dialect, ReadsWhoTheServerIs) {
  auto const modern =
      Dialect("s", kModern, kInfo)
          .identity(message_of(R"({"jsonrpc":"2.0","id":1,"result":{"capabilities":{"tools":{}},)"
                               R"("instructions":"a\nb","_meta":)"
                               R"({"io.modelcontextprotocol/serverInfo":{"name":"m"}}}})"));
  EXPECT_EQ(modern.capabilities, R"({"tools":{}})");
  EXPECT_EQ(modern.server_info, R"({"name":"m"})");
  EXPECT_EQ(modern.instructions, "a\nb");
  EXPECT_TRUE(modern.modern());
  auto const legacy =
      Dialect("s", kLegacy, kInfo)
          .identity(message_of(R"({"jsonrpc":"2.0","id":1,"result":{"serverInfo":{"name":"l"}}})"));
  EXPECT_EQ(legacy.capabilities, "{}");
  EXPECT_EQ(legacy.server_info, R"({"name":"l"})");
}

TEST(OwnRequest, CarriesTheEnvelopeOnlyToModernServers) {
  auto const meta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                    R"("io.modelcontextprotocol/clientCapabilities":{},)"
                    R"("io.modelcontextprotocol/clientInfo":{"name":"weir","version":"1"}})";
  EXPECT_EQ(own_request(mcp::Method::server_discover, "{}", 1, kModern, kInfo),
            std::string(R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{)") + meta + "}}");
  EXPECT_EQ(own_request(mcp::Method::tools_list, R"({ "cursor":""})", 2, kModern, kInfo),
            std::string(R"({"jsonrpc":"2.0","id":2,"method":"tools/list","params":{)") + meta +
                R"(, "cursor":""}})");
  EXPECT_EQ(own_request(mcp::Method::tools_list, R"({"cursor":"x"})", 3, kLegacy, kInfo),
            R"({"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"x"}})");
  EXPECT_EQ(
      initialize_params(kLegacy, kInfo),
      R"({"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"weir","version":"1"}})");
  EXPECT_EQ(cancel_notification(9),
            R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}})");
}

}  // namespace
}  // namespace weir::upstream
