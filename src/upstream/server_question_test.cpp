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
    co_return test::message_of(R"({"jsonrpc":"2.0","id":9,"result":{"roots":[]}})");
  }
  std::string params = "nothing was asked";
};

// What a legacy client is asked when its server sends a request with these params.
std::string asked(std::string const& params) {
  Asked sink;
  auto const call =
      test::call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", mcp::kNewestLegacy, &sink);
  auto const session = std::make_shared<core::ClientSession>();
  session->capabilities = R"({"roots":{}})";
  call->session = session;
  auto answering = answer_of_client(
      *call, test::message_of(R"({"jsonrpc":"2.0","id":"q","method":"roots/list","params":)" + params + "}"));
  answering.start();
  EXPECT_TRUE(answering.done());
  EXPECT_EQ(answering.take(), R"({"jsonrpc":"2.0","id":"q","result":{"roots":[]}})");
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

}  // namespace
}  // namespace weir::upstream
