#include "upstream/server_question.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"
#include "support/call_of.hpp"

namespace weir::upstream {
namespace {

struct Asked final : core::ClientSink {
  base::Task<bool> notify(std::string) override { co_return true; }
  base::Task<base::Result<mcp::Message>> ask(std::string, std::string with) override {
    params = std::move(with);
    co_return test::message_of(R"({"jsonrpc":"2.0","id":9,"result":{"roots":[])" + more + "}}");
  }
  std::string more;
  std::string params = "nothing was asked";
};

// What its server hears of a legacy client, asked with these params.
std::string heard(Asked& sink, std::string const& params) {
  auto const call =
      test::call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", mcp::kNewestLegacy, &sink);
  auto const session = std::make_shared<core::ClientSession>();
  session->capabilities = R"({"roots":{}})";
  call->session = session;
  auto answering = answer_of_client(
      *call, test::message_of(R"({"jsonrpc":"2.0","id":"q","method":"roots/list","params":)" + params + "}"));
  answering.start();
  EXPECT_TRUE(answering.done());
  return answering.take();
}

// What the client is asked then.
std::string asked(std::string const& params) {
  Asked sink;
  EXPECT_EQ(heard(sink, params), R"({"jsonrpc":"2.0","id":"q","result":{"roots":[]}})");
  return sink.params;
}

TEST(ServerQuestion, ReachesTheClientWithoutWhatConcernsTheServersHop) {  // P082, P118
  EXPECT_EQ(asked(R"({"a":[ 1 ],"_meta":{"b":2}})"), R"({"a":[ 1 ],"_meta":{"b":2}})");
  EXPECT_EQ(
      asked(R"({"_meta":{"progressToken":3,"b":2,"io.modelcontextprotocol/subscriptionId":4},"a":[ 1 ]})"),
      R"({"_meta":{"b":2},"a":[ 1 ]})");
  std::string const task = R"({"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"}}})";
  EXPECT_EQ(asked(task), task) << "it knows the task by that id";
}

TEST(ServerQuestion, IsAnsweredWithoutWhatConcernsTheClientsHop) {  // P118
  auto const reply = [](std::string const& meta) {
    Asked sink;
    sink.more = R"(,"_meta":)" + meta;
    return heard(sink, "{}");
  };
  auto const answer = [](std::string const& meta) {
    return R"({"jsonrpc":"2.0","id":"q","result":{"roots":[],"_meta":)" + meta + "}}";
  };
  EXPECT_EQ(reply(R"({"progressToken":1,"io.modelcontextprotocol/clientInfo":{"name":"c"},"z": 1})"),
            answer(R"({"z":1})"));
  EXPECT_EQ(reply(R"({"z": 1})"), answer(R"({"z": 1})"));
  std::string const task = R"({"io.modelcontextprotocol/related-task":{"taskId":"t"}})";
  EXPECT_EQ(reply(task), answer(task)) << "it is of the server";
}

}  // namespace
}  // namespace weir::upstream
