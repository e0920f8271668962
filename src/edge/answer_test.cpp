#include "edge/answer.hpp"

#include <gtest/gtest.h>

#include "core/outcome.hpp"
#include "support/call_of.hpp"

namespace weir::edge {
namespace {

using test::call_of;

std::unique_ptr<core::Call> call_at(std::string_view server, std::string const& method, bool modern = true) {
  auto call = call_of(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{}})",
                      modern ? mcp::kNewest : mcp::kNewestLegacy);
  call->facts.server = server;
  return call;
}

// "status code" of an error as its client gets it; `shown`: what stands in the place of the code.
std::string settled(core::Call const& call, int code, std::string_view shown = {}) {
  auto outcome = core::from_error(code, "m");
  if (!shown.empty()) outcome.edits.replace(outcome.message.span(mcp::Field::error_code), shown);
  CallRecord record;
  auto const done = settle(call, std::move(outcome), true, record);
  EXPECT_EQ(record.outcome, observe::Outcome::error);
  return std::to_string(done.http) + " " + std::to_string(record.error_code);
}

TEST(Answer, TheCodeThatIsSentDecidesTheStatus) {  // P026, P116, P117
  auto const call = call_at("s", "tools/call");
  for (int const code : {-32020, -32021, -32022, -32099}) {
    EXPECT_EQ(settled(*call, code, "-32603"), "200 -32603") << code;
  }
  EXPECT_EQ(settled(*call, -32002, "-32602"), "200 -32602");
  EXPECT_EQ(settled(*call, -32021), "400 -32021") << "what the client really lacks";
  EXPECT_EQ(settled(*call, -32020), "400 -32020") << "the router's: a server's own is never sent";
  EXPECT_EQ(settled(*call_at("s", "tools/call", false), -32020), "200 -32020");
}

TEST(Answer, AMethodThatNobodyKnowsIsNotFound) {  // P024
  EXPECT_EQ(settled(*call_at("", "foo/bar"), -32601), "404 -32601");
  EXPECT_EQ(settled(*call_at("s", "foo/bar"), -32601), "404 -32601") << "nor does the server";
  EXPECT_EQ(settled(*call_at("s", "tools/call"), -32601), "200 -32601") << "the tool's own error";
  EXPECT_EQ(settled(*call_at("s", "foo/bar", false), -32601), "200 -32601");
}

std::string worded(std::string_view revision, std::string const& method, std::string_view result) {
  auto call = call_at("s", method, false);
  call->revision = *mcp::parse_revision(revision);
  CallRecord record;
  auto const done = settle(*call, core::from_result(result), true, record);
  std::string text;
  done.outcome.edits.append_to(text);
  return text.substr(text.find(R"("result":)") + 9);
}

constexpr char kMixed[] =
    R"({"content":[ {"type":"text","text":"audio"},{"type":"resource_link","uri":"a:\"b","name":"N","x":{}} ,)"
    R"({"mimeType":"audio/wav","data":"AA==","type":"audio"}],"k":1})";

TEST(Answer, ContentIsOfTypesThatTheClientsRevisionHas) {
  for (auto const known : {"2025-06-18", "2025-11-25"})
    EXPECT_EQ(worded(known, "tools/call", kMixed), std::string(kMixed) + '}') << known;
  std::string const link = R"({"type":"text","text":"N: a:\"b"})";
  std::string const text = R"({"content":[ {"type":"text","text":"audio"},)";
  EXPECT_EQ(worded("2025-03-26", "tools/call", kMixed),
            text + link + R"( ,{"mimeType":"audio/wav","data":"AA==","type":"audio"}],"k":1}})");
  EXPECT_EQ(worded("2024-11-05", "tools/call", kMixed),
            text + link + R"( ,{"type":"text","text":"[audio: audio/wav]"}],"k":1}})");
}

TEST(Answer, SoAreTheMessagesOfPrompts) {
  constexpr char kPrompt[] =
      R"({"messages":[{"role":"user","content":{"type":"audio"}},{"content":{"uri":"a:b","type":"resource_link"}}]})";
  EXPECT_EQ(
      worded("2024-11-05", "prompts/get", kPrompt),
      R"({"messages":[{"role":"user","content":{"type":"text","text":"[audio]"}},{"content":{"type":"text","text":"a:b"}}]}})");
  EXPECT_EQ(worded("2025-06-18", "prompts/get", kPrompt), std::string(kPrompt) + '}');
  EXPECT_EQ(worded("2024-11-05", "resources/read", kPrompt), std::string(kPrompt) + '}');
}

TEST(Answer, AToolsErrorStaysOneInOtherWords) {
  auto call = call_at("s", "tools/call", false);
  call->revision = mcp::Revision::r2024_11_05;
  CallRecord record;
  settle(*call, core::from_result(R"({"isError":true,"content":[{"type":"audio"}]})"), true, record);
  EXPECT_EQ(record.outcome, observe::Outcome::tool_error);
}

}  // namespace
}  // namespace weir::edge
