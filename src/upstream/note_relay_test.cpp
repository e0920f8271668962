#include "upstream/note_relay.hpp"

#include <gtest/gtest.h>

#include "support/call_of.hpp"

namespace weir::upstream {
namespace {

using test::call_of;
using test::message_of;

NoteRelay relay_for(std::string meta, mcp::Revision revision) {
  return NoteRelay(*call_of(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{)" + meta + "}}}", revision));
}

std::string progress(std::string value) {
  return R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":42,"progress":)" +
         value + R"(,"message":"m"}})";
}

std::string log(std::string level) {
  return R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":")" + level +
         R"(","data":1}})";
}

TEST(NoteRelay, GivesTheClientItsOwnTokenBackExactlyAsItWas) {  // P069
  auto relay = relay_for(R"("progressToken":"\u0041")", mcp::kNewest);
  EXPECT_EQ(
      relay.progress(message_of(progress("1"))),
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"\u0041","progress":1,)"
      R"("message":"m"}})");
  auto number = relay_for(R"("progressToken":9007199254740993)", mcp::kNewestLegacy);
  EXPECT_NE(number.progress(message_of(progress("1")))->find("9007199254740993"), std::string::npos);
}

TEST(NoteRelay, LetsOnlyStrictlyIncreasingProgressThrough) {  // P069
  auto relay = relay_for(R"("progressToken":1)", mcp::kNewest);
  std::string passed;
  for (auto const* const value : {"0", "0.5", "0.5", "0.4", "1e0", "1", "\"2\"", "2"}) {
    if (relay.progress(message_of(progress(value)))) passed += std::string(value) + " ";
  }
  EXPECT_EQ(passed, "0 0.5 1e0 2 ");
}

TEST(NoteRelay, ShowsNoProgressToAClientThatGaveNoToken) {
  auto relay = relay_for("", mcp::kNewest);
  EXPECT_FALSE(relay.progress(message_of(progress("1"))));
}

TEST(NoteRelay, ShowsALegacyClientTheLevelOfItsSession) {
  auto const session = std::make_shared<core::ClientSession>();
  auto const call = call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", mcp::kNewestLegacy);
  EXPECT_TRUE(NoteRelay(*call).log(message_of(log("debug")))) << "it has not said";
  call->session = session;
  EXPECT_TRUE(NoteRelay(*call).log(message_of(log("debug"))));
  session->log_floor->store(4);
  EXPECT_FALSE(NoteRelay(*call).log(message_of(log("warning"))));
  EXPECT_TRUE(NoteRelay(*call).log(message_of(log("error"))));
}

TEST(NoteRelay, ShowsAModernClientOnlyTheLogLevelsItAskedFor) {  // P068
  auto silent = relay_for("", mcp::kNewest);
  EXPECT_FALSE(silent.wants_log());
  EXPECT_FALSE(silent.log(message_of(log("emergency"))));
  auto warned = relay_for(R"("io.modelcontextprotocol/logLevel":"warning")", mcp::kNewest);
  EXPECT_TRUE(warned.wants_log());
  EXPECT_FALSE(warned.log(message_of(log("notice"))));
  EXPECT_FALSE(warned.log(message_of(log("loud"))));
  EXPECT_EQ(warned.log(message_of(log("warning"))), log("warning"));
  EXPECT_EQ(warned.log(message_of(log("alert"))), log("alert"));
}

TEST(NoteRelay, ShowsALegacyClientEveryLogMessageOfItsCall) {
  auto relay = relay_for("", mcp::kNewestLegacy);
  EXPECT_TRUE(relay.wants_log());
  EXPECT_TRUE(relay.log(message_of(log("debug"))));
}

TEST(NoteRelay, KeepsWhatConcernsTheServersHopAndRelaysTheRest) {  // P082, P118
  auto const note = [](std::string method, std::string params, std::string meta) {
    return R"({"jsonrpc":"2.0","method":"notifications/)" + method + R"(","params":{)" + params +
           R"(,"_meta":{)" + meta + R"(},"more":[ 1 ]}})";
  };
  std::string const server = R"("io.modelcontextprotocol/serverInfo":{"name":"s"},"progressToken":42)";
  std::string const task = R"("io.modelcontextprotocol/related-task":{"taskId":"t"})";
  std::string const received = server + R"(,"a":1,)" + task;
  std::string const ours = R"("progressToken":42,"progress":1)",
                    theirs = R"("progressToken":"c","progress":1)";
  std::string const line = R"("level":"error","data":1)";
  auto modern = relay_for(R"("progressToken":"c","io.modelcontextprotocol/logLevel":"info")", mcp::kNewest);
  EXPECT_EQ(modern.progress(message_of(note("progress", ours, received))),
            note("progress", theirs, R"("a":1)"));
  EXPECT_EQ(modern.log(message_of(note("message", line, received))), note("message", line, R"("a":1)"));
  auto legacy = relay_for(R"("progressToken":"c")", mcp::kNewestLegacy);
  EXPECT_EQ(legacy.progress(message_of(note("progress", ours, received))),
            note("progress", theirs, R"("a":1,)" + task))
      << "it may know the task";
}

TEST(NoteRelay, RelaysNothingOfTheGatewaysOwnRequests) {
  NoteRelay relay;
  EXPECT_FALSE(relay.wants_log());
  EXPECT_FALSE(relay.progress(message_of(progress("1"))));
}

TEST(NoteRelay, ALegacyClientGetsMessagesFromTheLevelOnThatItSet) {  // P068: the server's may be more verbose
  auto const call =
      call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}})", mcp::kNewestLegacy);
  auto const session = std::make_shared<core::ClientSession>();
  call->session = session;
  EXPECT_TRUE(NoteRelay(*call).log(message_of(log("debug")))) << "it set none";
  session->log_floor->store(4);
  EXPECT_FALSE(NoteRelay(*call).log(message_of(log("warning"))));
  EXPECT_TRUE(NoteRelay(*call).log(message_of(log("error"))));
}

}  // namespace
}  // namespace weir::upstream
