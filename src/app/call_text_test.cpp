#include "app/call_text.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

mcp::Message result(std::string const& json) {
  return std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"result":)" + json + "}"));
}
mcp::Message error(std::string const& json) {
  return std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"error":)" + json + "}"));
}

TEST(CallText, ListsToolsWithTheirFirstSentence) {
  auto const tools = read_tools(
      R"({"tools":[{"name":"read","description":"Reads a file. Slowly.","inputSchema":{"type": "object"}},
    {"name":"write_all"},{"name":"x\u001b[2J","description":"a\u202eb"}]})");
  EXPECT_EQ(render_tools(tools), "read          Reads a file\nwrite_all\nx<U+001B>[2J  a?b\n");
  EXPECT_EQ(tools[0].input_schema, R"({"type":"object"})");
  EXPECT_EQ(tools[1].input_schema, "{}");
}

TEST(CallText, KnowsWhenTheGatewayHasNoSuchTool) {
  EXPECT_TRUE(says_unknown_tool(error(R"({"code":-32602,"message":"","data":{"reason":"unknown_tool"}})")));
  EXPECT_FALSE(says_unknown_tool(error(R"({"code":4030,"message":"","data":{"reason":"quarantined"}})")));
  EXPECT_FALSE(says_unknown_tool(error(R"({"code":-32602,"message":""})")));
  EXPECT_FALSE(says_unknown_tool(result(R"({"reason":"unknown_tool"})")));
}

TEST(CallText, GuessesWhatWasMeant) {
  EXPECT_EQ(meant_by("raed_file", {"write_file", "read_file", "list"}), "read_file");
  EXPECT_EQ(meant_by("lst", {"write_file", "read_file", "list"}), "list");
  EXPECT_EQ(meant_by("something", {"write_file", "read_file", "list"}), "");
}

TEST(CallText, ShowsTextsAsTheyAreAndSaysWhatTheRestIs) {
  EXPECT_EQ(content_text(R"({"content":[{"type":"text","text":"a\nb"},{"type":"text","text":"c\n"},
              {"type":"image","mimeType":"image/png","data":"AAAA"},{"type":"resource_link","uri":"file:///x"},
              {"type":"resource","resource":{"uri":"u","text":"inner"}},
              {"type":"resource","resource":{"uri":"u","mimeType":"a/b","blob":"AA"}}]})"),
            "a\nb\nc\n[image image/png, 4 bytes of base64; --json shows them]\nfile:///x\ninner\n"
            "[u a/b, 2 bytes of base64; --json shows them]\n");
  EXPECT_EQ(content_text(R"({"content":[],"structuredContent":{"a": 1}})"), "{\"a\":1}\n");
  EXPECT_EQ(content_text(R"({"content":[]})"), "");
}

TEST(CallText, ShowsResourcesAndPrompts) {
  EXPECT_EQ(resource_text(R"({"contents":[{"uri":"u","text":"hello"}]})"), "hello\n");
  EXPECT_EQ(prompt_text(R"({"messages":[{"role":"user","content":{"type":"text","text":"Hi"}}]})"),
            "user: Hi\n");
}

TEST(CallText, ShowsAnErrorWithItsHint) {
  EXPECT_EQ(error_text(error(
                R"({"code":5030,"message":"The server `a` is not available","data":{"hint":"Wait."}})")),
            "error: The server `a` is not available\n  = Wait.\n");
  EXPECT_EQ(error_text(error(R"({"code":-32602,"message":"no \u001b[1m"})")), "error: no ?[1m\n");
}

TEST(CallText, TheStatusSaysWhyAServerCouldNotDoIt) {
  ServerView server;
  server.name = "db";
  server.state = "ok";
  server.cause = "of before";
  EXPECT_EQ(why_not(server), "");
  server.breaker = "open";
  server.breaker_reason = "5 failures in a row";
  EXPECT_EQ(why_not(server), "  = status of `db`: breaker open, 5 failures in a row\n");
  server.state = "failed";
  server.cause = "exit 1: \"no \x1b[1m\"";
  server.last_stderr = "one\ntwo\n";
  EXPECT_EQ(why_not(server), "  = status of `db`: failed, exit 1: \"no ?[1m\"\n    | one\n    | two\n");
}

TEST(CallText, EndsWithTheCodeThatSaysWhoIsToBlame) {
  EXPECT_EQ(exit_code_of(result(R"({"content":[]})")), 0);
  EXPECT_EQ(exit_code_of(result(R"({"content":[],"isError":true})")), 1);
  auto const failed = [](std::string const& reason) {
    return exit_code_of(
        result(R"({"content":[],"isError":true,"_meta":{"io.weir/error":{"reason":")" + reason + "\"}}}"));
  };
  EXPECT_EQ(failed("unavailable"), 69);
  EXPECT_EQ(failed("connection_lost"), 69);
  EXPECT_EQ(failed("timed_out"), 75);
  EXPECT_EQ(failed("something"), 1);
  EXPECT_EQ(exit_code_of(error(R"({"code":-32602,"message":""})")), 65);
  EXPECT_EQ(exit_code_of(error(R"({"code":4030,"message":""})")), 77);
  EXPECT_EQ(exit_code_of(error(R"({"code":4290,"message":"","data":{"reason":"busy"}})")), 75);
  EXPECT_EQ(exit_code_of(error(R"({"code":-32603,"message":""})")), 1);
}

}  // namespace
}  // namespace weir::app
