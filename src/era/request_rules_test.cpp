#include "era/request_rules.hpp"

#include <gtest/gtest.h>

namespace weir::era {
namespace {

constexpr char kVersion[] = R"("io.modelcontextprotocol/protocolVersion":"2026-07-28")";
constexpr char kCapabilities[] = R"("io.modelcontextprotocol/clientCapabilities":{})";

mcp::Message message(std::string text) { return std::move(*mcp::decode(std::move(text))); }

std::string request(std::string method, std::string members, std::string meta) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + members + R"("_meta":{)" +
         meta + "}}}";
}
std::string envelope() { return std::string(kVersion) + "," + kCapabilities; }

struct Rung {
  char const* what;
  std::string body;
  McpFields fields;
  int http;  // 0: passes
  int code;
};

std::vector<Rung> envelope_ladder() {
  McpFields const good{"2026-07-28", "tools/call", "search"};
  auto const call = request("tools/call", R"("name":"search",)", envelope());
  auto with = [&](auto change) {
    McpFields fields = good;
    change(fields);
    return fields;
  };
  return {
      {"all well", call, good, 0, 0},
      {"P029 white space around values", call, with([](auto& f) { f.name = "  search\t"; }), 0, 0},
      {"P030 encoded name", call, with([](auto& f) { f.name = "=?base64?c2VhcmNo?="; }), 0, 0},
      {"P030 bad base64", call, with([](auto& f) { f.name = "=?base64?c2VhcmN?="; }), 400, -32020},
      {"P030 upper-case marker is literal", call, with([](auto& f) { f.name = "=?BASE64?c2VhcmNo?="; }), 400,
       -32020},
      {"a: version differs", call, with([](auto& f) { f.protocol_version = "2025-11-25"; }), 400, -32020},
      {"b: P006 no capabilities",
       request("tools/list", "", kVersion),
       {"2026-07-28", "tools/list", {}},
       400,
       -32602},
      {"b: capabilities not an object",
       request("tools/list", "",
               std::string(kVersion) + R"(,"io.modelcontextprotocol/clientCapabilities":[])"),
       {"2026-07-28", "tools/list", {}},
       400,
       -32602},
      {"b: version not a string",
       request("tools/list", "", R"("io.modelcontextprotocol/protocolVersion":1)"),
       {"2026-07-28", "tools/list", {}},
       400,
       -32602},
      {"b: clientInfo malformed",
       request("tools/list", "", envelope() + R"(,"io.modelcontextprotocol/clientInfo":"x")"),
       {"2026-07-28", "tools/list", {}},
       400,
       -32602},
      {"P007 no clientInfo is fine",
       request("tools/list", "", envelope()),
       {"2026-07-28", "tools/list", {}},
       0,
       0},
      {"c: P005 unknown version",
       request("tools/list", "",
               R"("io.modelcontextprotocol/protocolVersion":"2099-01-01",)" + std::string(kCapabilities)),
       {"2099-01-01", "tools/list", {}},
       400,
       -32022},
  };
}

std::vector<Rung> header_ladder() {
  McpFields const good{"2026-07-28", "tools/call", "search"};
  auto const call = request("tools/call", R"("name":"search",)", envelope());
  auto with = [&](auto change) {
    McpFields fields = good;
    change(fields);
    return fields;
  };
  return {
      {"d: P027 no version header", call, with([](auto& f) { f.protocol_version.reset(); }), 400, -32020},
      {"e: P027 no method header", call, with([](auto& f) { f.method.reset(); }), 400, -32020},
      {"e: P028 method differs", call, with([](auto& f) { f.method = "tools/list"; }), 400, -32020},
      {"e: P029 values keep their case", call, with([](auto& f) { f.method = "Tools/Call"; }), 400, -32020},
      {"f: P027 no name header", call, with([](auto& f) { f.name.reset(); }), 400, -32020},
      {"f: P028 name differs", call, with([](auto& f) { f.name = "searcH"; }), 400, -32020},
      {"f: surplus name is fine",
       request("tools/list", "", envelope()),
       {"2026-07-28", "tools/list", "x"},
       0,
       0},
      {"g: P024 an unknown method is for the router",
       request("no/such", "", envelope()),
       {"2026-07-28", "no/such", {}},
       0,
       0},
      {"e: but not one whose header differs",
       request("no/such", "", envelope()),
       {"2026-07-28", "no/other", {}},
       400,
       -32020},
      {"g: P024 a notification is no request",
       request("notifications/cancelled", "", envelope()),
       {"2026-07-28", "notifications/cancelled", {}},
       404,
       -32601},
      {"g: P025 ping", request("ping", "", envelope()), {"2026-07-28", "ping", {}}, 404, -32601},
      {"g: P025 initialize",
       request("initialize", "", envelope()),
       {"2026-07-28", "initialize", {}},
       404,
       -32601},
      {"g: P025 setLevel",
       request("logging/setLevel", "", envelope()),
       {"2026-07-28", "logging/setLevel", {}},
       404,
       -32601},
  };
}

TEST(ModernLadder, TheFirstFailingRungAnswers) {
  auto rungs = envelope_ladder();
  for (auto& rung : header_ladder()) rungs.push_back(std::move(rung));
  for (auto const& rung : rungs) {
    auto const refusal = climb_modern_ladder(rung.fields, message(rung.body), {}, true);
    EXPECT_EQ(refusal ? refusal->http : 0, rung.http) << rung.what;
    EXPECT_EQ(refusal ? refusal->code : 0, rung.code) << rung.what;
  }
}

TEST(ModernLadder, UnsupportedVersionNamesWhatIsOfferedAndWhatWasAsked) {
  auto const refusal = unsupported_version("2099-01-01", {});
  EXPECT_EQ(
      refusal.data,
      R"({"supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"requested":"2099-01-01"})");
}

TEST(ModernLadder, WithoutHttpThereAreNoHeaderRungs) {
  EXPECT_FALSE(
      climb_modern_ladder({}, message(request("tools/call", R"("name":"x",)", envelope())), {}, false));
}

TEST(Classify, TheBodyDecidesTheEra) {
  auto const legacy = message(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
  auto const initialize = message(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{}})");
  auto const claimed = message(request("initialize", "", envelope()));
  auto const answer = message(R"({"jsonrpc":"2.0","id":1,"result":{}})");
  auto const note = message(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})");
  McpFields const none;
  McpFields const modern{"2026-07-28", {}, {}};
  EXPECT_EQ(classify(none, legacy).route, Route::legacy);
  EXPECT_EQ(classify(none, initialize).route, Route::legacy_initialize);
  EXPECT_EQ(classify(none, claimed).route, Route::modern) << "P001";
  EXPECT_EQ(classify(none, answer).route, Route::legacy);
  EXPECT_EQ(classify(modern, answer).refusal->code, -32600) << "P021";
  EXPECT_EQ(classify(modern, legacy).refusal->code, -32602) << "step 6";
  EXPECT_EQ(classify(modern, note).route, Route::modern);
  EXPECT_FALSE(classify(modern, note).refusal);
  EXPECT_EQ(classify(none, note).route, Route::legacy);
}

TEST(LegacyVersions, AnsweredAsAskedOrWithTheNewestLegacyOne) {
  EXPECT_EQ(negotiate_legacy("2025-03-26"), mcp::Revision::r2025_03_26);
  EXPECT_EQ(negotiate_legacy("1999-01-01"), mcp::kNewestLegacy);
  EXPECT_EQ(negotiate_legacy("2026-07-28"), mcp::kNewestLegacy) << "P008: never a modern one";
  EXPECT_EQ(legacy_revision(std::nullopt, mcp::Revision::r2025_06_18), mcp::Revision::r2025_06_18);
  EXPECT_EQ(legacy_revision("2025-11-25", mcp::Revision::r2025_06_18), mcp::Revision::r2025_11_25);
  EXPECT_FALSE(legacy_revision("1999-01-01", mcp::Revision::r2025_06_18)) << "P046";
}

}  // namespace
}  // namespace weir::era
