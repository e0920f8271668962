#include "bridge/rounds_layer.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "bridge/fake_sides_test.hpp"

namespace weir::bridge {
namespace {

using namespace std::chrono_literals;

class Rounds : public ::testing::Test {
 protected:
  std::string run(std::string const& method = "tools/call", std::string const& params = R"({"name":"t"})",
                  bool modern = false) {
    call_ =
        test::call_of(R"({"jsonrpc":"2.0","id":"c","method":")" + method + R"(","params":)" + params + '}',
                      modern ? mcp::kNewest : mcp::kNewestLegacy, &client_);
    auto session = std::make_shared<core::ClientSession>();
    session->revision = mcp::kNewestLegacy;
    session->capabilities = capabilities_;
    call_->session = std::move(session);
    answer_.reset();
    group_.spawn(serve());
    loop_.run();
    return text();
  }
  std::string text() const { return !answer_ ? "waiting" : *answer_ ? shown(**answer_) : "error"; }
  base::Task<void> serve() { answer_ = co_await layer_.handle(*call_); }

  base::VirtualLoop loop_;
  base::SeededRandom random_{1};
  std::shared_ptr<ScriptedServer> server_ = std::make_shared<ScriptedServer>();
  AskedClient client_{loop_};
  std::string capabilities_ = R"({"elicitation":{"form":{},"url":{}},"sampling":{},"roots":{}})";
  RoundsLayer layer_{server_, server_, loop_, random_, {}};
  std::unique_ptr<core::Call> call_;
  std::optional<base::Result<core::Outcome>> answer_;
  base::TaskGroup group_{loop_};
};

constexpr char kAskName[] =
    R"({"resultType":"input_required","inputRequests":{"k\u0031":{"method":"elicitation/create",)"
    R"("params":{"message":"Who?"}}},"requestState":"s\u0031"})";

TEST_F(Rounds, AQuestionGoesToTheClientAndItsAnswerBackUnderTheSameKey) {  // P056, P057
  server_->results = {kAskName, R"({"content":[]})"};
  client_.answers = {R"("result":{"action":"accept","content":{"n":1.0}})"};
  EXPECT_EQ(run("tools/call", R"({"name":"t","arguments":{"a":[ ]}})"), R"({"content":[]})");
  EXPECT_EQ(client_.asked, (std::vector<std::string>{R"(elicitation/create {"message":"Who?"})"}));
  ASSERT_EQ(server_->seen.size(), 2U);
  EXPECT_EQ(server_->seen[0], R"({"name":"t","arguments":{"a":[ ]}})");
  EXPECT_EQ(
      server_->seen[1],
      R"({"inputResponses":{"k\u0031":{"action":"accept","content":{"n":1.0}}},"requestState":"s\u0031",)"
      R"("name":"t","arguments":{"a":[ ]}})");
  EXPECT_EQ(call_->request.raw(mcp::Field::params), R"({"name":"t","arguments":{"a":[ ]}})");
}

TEST_F(Rounds, AnAnswerGoesBackWithoutWhatConcernsTheClientsHop) {  // P118
  server_->results = {kAskName, R"({"x":1})"};
  client_.answers = {R"("result":{"action":"decline","_meta":{"progressToken":1,"z":1}})"};
  EXPECT_EQ(run(), R"({"x":1})");
  ASSERT_EQ(server_->seen.size(), 2U);
  EXPECT_NE(server_->seen[1].find(R"({"action":"decline","_meta":{"z":1}})"), std::string::npos)
      << server_->seen[1];
}

TEST_F(Rounds, ARoundWithoutQuestionsIsPaced) {
  server_->results = {R"({"resultType":"input_required","requestState":"a"})", R"({"x":1})"};
  EXPECT_EQ(run(), "waiting");
  loop_.advance(249ms);
  EXPECT_EQ(server_->seen.size(), 1U);
  loop_.advance(1ms);
  EXPECT_EQ(text(), R"({"x":1})");
  EXPECT_EQ(server_->seen[1], R"({"requestState":"a","name":"t"})");
}

TEST_F(Rounds, ThatALaterRoundWasNotSentIsNoProofForTheWholeCall_F53) {
  for (auto const fault : {base::Fault::unavailable, base::Fault::connect_failed}) {
    server_->fails = base::Error(fault, base::Blame::upstream, "away", base::Retry::always);
    EXPECT_EQ(run(), "error");
    EXPECT_EQ(answer_->error().fault, fault);
    EXPECT_EQ(answer_->error().retry, base::Retry::always) << "its only round was not sent";
    server_->results = {kAskName};
    client_.answers = {R"("result":{"action":"accept","content":{}})"};
    EXPECT_EQ(run(), "error");
    EXPECT_NE(answer_->error().fault, base::Fault::connect_failed);
    EXPECT_EQ(answer_->error().retry, base::Retry::if_idempotent);
  }
}

TEST_F(Rounds, EightRoundsAreEnough) {  // P063
  server_->results.assign(9, R"({"resultType":"input_required","requestState":"a"})");
  run();
  loop_.advance(10s);
  EXPECT_NE(text().find(R"("isError":true)"), std::string::npos) << text();
  EXPECT_EQ(server_->seen.size(), 9U);
  server_->seen.clear();
  server_->results.assign(8, R"({"resultType":"input_required","requestState":"a"})");
  server_->results.push_back(R"({"x":1})");
  run();
  loop_.advance(10s);
  EXPECT_EQ(text(), R"({"x":1})");
}

TEST_F(Rounds, NobodyIsAskedWhatTheClientDidNotDeclare) {  // P059, P063
  capabilities_ = R"({"sampling":{}})";
  server_->results = {kAskName, kAskName};
  EXPECT_NE(run().find(R"("isError":true)"), std::string::npos);
  EXPECT_NE(run("prompts/get").find("-32603"), std::string::npos);
  EXPECT_TRUE(client_.asked.empty());
}

TEST_F(Rounds, AClientThatRefusesAFormCancelsItAndAnythingElseEndsTheCall) {
  server_->results = {kAskName, R"({"x":1})"};
  client_.answers = {R"("error":{"code":-1,"message":"no"})"};
  EXPECT_EQ(run(), R"({"x":1})");
  EXPECT_NE(server_->seen[1].find(R"({"action":"cancel"})"), std::string::npos);
  server_->results = {R"({"resultType":"input_required","inputRequests":{"r":{"method":"roots/list"}}})"};
  client_.answers = {R"("error":{"code":-1,"message":"no roots"})"};
  EXPECT_NE(run().find("no roots"), std::string::npos);
}

TEST_F(Rounds, TheAnswersOfOneRoundHaveTheirTime) {  // P063
  server_->results = {kAskName};
  client_.silent = true;
  run();
  loop_.advance(10min - 1ms);
  EXPECT_EQ(text(), "waiting");
  loop_.advance(1ms);
  EXPECT_NE(text().find(R"("isError":true)"), std::string::npos);
}

TEST_F(Rounds, APageHasAnIdOfOursAndIsCompleteWhenTheServerGoesOn) {
  server_->results = {R"({"resultType":"input_required","inputRequests":{"u":{"method":"elicitation/create",)"
                      R"("params":{"mode":"url","url":"https://x"}}}})",
                      R"({"x":1})"};
  client_.answers = {R"("result":{"action":"accept"})"};
  EXPECT_EQ(run(), R"({"x":1})");
  ASSERT_EQ(client_.asked.size(), 1U);
  auto const from = client_.asked[0].find(R"("elicitationId":")") + 17;
  auto const id = client_.asked[0].substr(from, client_.asked[0].find('"', from) - from);
  EXPECT_GE(id.size(), 20U);
  ASSERT_EQ(client_.heard.size(), 1U);
  EXPECT_NE(client_.heard[0].find(R"("elicitationId":")" + id), std::string::npos);
}

TEST_F(Rounds, WhatIsNotMcpEndsTheCall) {
  server_->results = {R"({"resultType":"input_required"})"};
  EXPECT_NE(run().find("not MCP"), std::string::npos);
  server_->results = {R"({"resultType":"input_required","inputRequests":{"a":{"method":"tools/call"}}})"};
  EXPECT_NE(run().find("not MCP"), std::string::npos);
}

TEST_F(Rounds, OtherCallsPassUntouched) {
  server_->results = {kAskName, kAskName, kAskName};
  EXPECT_EQ(run("tools/call", R"({"name":"t"})", true), kAskName);
  EXPECT_EQ(run("completion/complete"), kAskName);
  server_->other_era = false;
  EXPECT_EQ(run(), kAskName);
  EXPECT_TRUE(client_.asked.empty());
}

TEST_F(Rounds, ACancelledCallHasItsOwnRequestAgain) {
  server_->results = {kAskName};
  client_.silent = true;
  run();
  group_.cancel();
  EXPECT_EQ(call_->request.raw(mcp::Field::id), R"("c")");
}

}  // namespace
}  // namespace weir::bridge
