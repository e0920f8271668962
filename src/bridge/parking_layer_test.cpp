#include "bridge/parking_layer.hpp"

#include <gtest/gtest.h>

#include "base/run_until.hpp"
#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "bridge/fake_sides_test.hpp"

namespace weir::bridge {
namespace {

using namespace std::chrono_literals;

// A legacy server: asks what its script says, one question after the other, then answers with what it heard.
struct AskingServer : ScriptedServer {
  explicit AskingServer(base::Scheduler& s) : scheduler(s) {}
  struct Working {
    int& count;
    explicit Working(int& c) : count(c) { ++count; }
    ~Working() { --count; }
  };
  base::Scheduler& scheduler;
  int working = 0;
  bool both_at_once = false;
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    Working const here(working);
    std::string heard;
    if (both_at_once) {
      base::TaskGroup group(scheduler);
      group.spawn(put(call, heard));
      group.spawn(put(call, heard));
      co_await group.idle();
    } else {
      for (auto const& params : results) {
        auto const text = co_await one(call, params);
        heard.append(heard.empty() ? "" : ",").append(text);
      }
    }
    co_return core::from_result(R"({"heard":[)" + heard + "]}");
  }
  static base::Task<std::string> one(core::Call& call, std::string params) {
    auto const answer = co_await call.client->ask("elicitation/create", std::move(params));
    if (!answer) co_return std::string("null");
    co_return std::string(answer->raw(mcp::Field::result));
  }
  static base::Task<void> put(core::Call& call, std::string& heard) {
    auto const text = co_await one(call, "{}");
    heard.append(heard.empty() ? "" : ",").append(text);
  }
};

class Parking : public ::testing::Test {
 protected:
  struct Running {
    std::unique_ptr<core::Call> call;
    std::optional<base::Result<core::Outcome>> answer;
    base::TaskGroup group;
    explicit Running(base::Scheduler& scheduler) : group(scheduler) {}
    std::string text() const {
      return !answer ? "waiting" : *answer ? shown(**answer) : base::name_of(answer->error().fault);
    }
  };
  std::unique_ptr<Running> send(std::string const& more = {},
                                std::string const& capabilities = R"({"elicitation":{}})",
                                std::string const& arguments = R"({"a":1})",
                                core::Principal const* who = nullptr) {
    return send_to(layer_, more, capabilities, arguments, who);
  }
  std::unique_ptr<Running> send_to(ParkingLayer& layer, std::string const& more = {},
                                   std::string const& capabilities = R"({"elicitation":{}})",
                                   std::string const& arguments = R"({"a":1})",
                                   core::Principal const* who = nullptr) {
    auto running = std::make_unique<Running>(loop_);
    running->call = test::call_of(
        R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t",)" + more + R"("arguments":)" +
            arguments + R"(,"_meta":{"io.modelcontextprotocol/clientCapabilities":)" + capabilities + "}}}",
        mcp::kNewest, &client_);
    running->call->principal = who != nullptr ? who : &me_;
    running->call->deadline = running->call->deadline_latest = loop_.now() + 1h;
    running->call->target = "t";
    running->call->facts.server = "s";
    running->group.spawn(serve(layer, *running));
    loop_.run();
    return running;
  }
  static base::Task<void> serve(ParkingLayer& layer, Running& running) {
    running.answer = co_await layer.handle(*running.call);
  }
  static std::string state_of(std::string const& result) {
    auto const from = result.find(R"("requestState":")") + 16;
    return result.substr(from, result.find('"', from) - from);
  }
  static std::string retry(std::string const& state, std::string const& responses) {
    return R"("requestState":")" + state + R"(","inputResponses":)" + responses + ',';
  }
  static base::TableOptions limits() {
    base::TableOptions options;
    options.entries_max = 3;
    options.per_principal_max = 2;
    options.shards = 1;
    return options;
  }

  base::VirtualLoop loop_;
  base::SeededRandom random_{1};
  core::Principal me_{"key:me", "key", {}}, other_{"key:other", "key", {}};
  AskedClient client_{loop_};
  std::shared_ptr<AskingServer> server_ = std::make_shared<AskingServer>(loop_);
  ParkedCalls calls_{limits(), random_};
  ParkingDesk desk_{loop_};
  ParkingLayer layer_{server_, server_, calls_, desk_, 10min};
};

TEST_F(Parking, AQuestionComesToTheClientAndTheRetryGoesOnWithTheSameCall) {
  server_->results = {R"({"message":"Who?","elicitationId":"x"})", R"({"message":"Why?"})"};
  auto const first = send();
  auto const asks = first->text();
  auto const state = state_of(asks);
  EXPECT_EQ(asks, R"({"resultType":"input_required","inputRequests":{"q1":{"method":"elicitation/create",)"
                  R"("params":{"message":"Who?"}}},"requestState":")" +
                      state + "\"}");
  EXPECT_EQ(calls_.size(), 1U);
  auto const second = send(retry(state, R"({"q1":{"action":"accept"}})"));
  EXPECT_NE(second->text().find(R"("q2":{"method")"), std::string::npos) << second->text();
  auto const third = send(retry(state_of(second->text()), R"({"q2":{"action":"decline"}})"));
  EXPECT_EQ(third->text(), R"({"heard":[{"action":"accept"},{"action":"decline"}]})");
  EXPECT_EQ(calls_.size(), 0U);
  EXPECT_EQ(server_->working, 0);
}

TEST_F(Parking, AQuestionKeepsItsMetaButForWhatConcernsTheServersHop) {  // P082, P118
  server_->results = {R"({"message":"Who?","_meta":{"progressToken":7,"com.example/k":[ 1 ]}})",
                      R"({"_meta":{"progressToken":8},"message":"Why?"})"};
  auto const first = send();
  EXPECT_NE(first->text().find(R"("params":{"message":"Who?","_meta":{"com.example/k":[ 1 ]}})"),
            std::string::npos)
      << first->text();
  auto const second = send(retry(state_of(first->text()), R"({"q1":{"action":"accept"}})"));
  EXPECT_NE(second->text().find(R"("params":{"message":"Why?"})"), std::string::npos) << second->text();
}

TEST_F(Parking, AStateIsGoodOnceForItsPrincipalAndItsRequestOnly) {  // P060, P061
  server_->results = {"{}"};
  auto const state = state_of(send()->text());
  auto const refused = [](Running const& running) {
    return running.text().find("-32602") != std::string::npos;
  };
  EXPECT_TRUE(refused(*send(retry("x" + state.substr(1), "{}"))));
  EXPECT_TRUE(refused(*send(retry(state, "{}"), R"({"elicitation":{}})", R"({"a":1})", &other_)));
  EXPECT_TRUE(refused(*send(retry(state, "{}"), R"({"elicitation":{}})", R"({"a":2})")));
  EXPECT_EQ(send(retry(state, R"({"q1":{}})"))->text(), R"({"heard":[{}]})");
  EXPECT_TRUE(refused(*send(retry(state, R"({"q1":{}})"))));
}

TEST_F(Parking, ARetryMayWriteTheSameParamsInAnotherWay) {  // P061
  server_->results = {"{}"};
  auto const state = state_of(send("", R"({"elicitation":{}})", R"({"a":1,"b":{"c":2,"d":"e"}})")->text());
  auto const again = send(retry(state, R"({"q1":{}})"), R"({"elicitation":{}})",
                          R"({ "b" : {"d":"\u0065", "c":2.0}, "a":1 })");
  EXPECT_EQ(again->text(), R"({"heard":[{}]})");
}

TEST_F(Parking, ProgressReachesTheClientOfTheRetry) {
  struct Chatty : AskingServer {
    using AskingServer::AskingServer;
    base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
      co_await call.client->notify("before");
      co_await one(call, "{}");
      for (int i = 0; i < 40; ++i) co_await call.client->notify("note " + std::to_string(i));
      co_return core::from_result("{}");
    }
  };
  auto const chatty = std::make_shared<Chatty>(loop_);
  ParkingLayer layer(chatty, chatty, calls_, desk_, 10min);
  auto const first = send_to(layer);
  EXPECT_EQ(client_.heard, std::vector<std::string>{"before"});
  client_.heard.clear();
  EXPECT_EQ(send_to(layer, retry(state_of(first->text()), R"({"q1":{}})"))->text(), "{}");
  ASSERT_EQ(client_.heard.size(), 40U);
  EXPECT_EQ(client_.heard.front(), "note 0");
  EXPECT_EQ(client_.heard.back(), "note 39");
}

TEST_F(Parking, ProgressComesUnderTheTokenOfTheRetry) {  // P069
  struct Busy : AskingServer {
    using AskingServer::AskingServer;
    static std::string told(std::string const& token) {
      return R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" + token +
             R"(,"progress":1}})";
    }
    base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
      for (int i = 0; i < 2; ++i) {
        co_await call.client->notify(told(R"("old")"));
        co_await one(call, "{}");
      }
      co_await call.client->notify(told(R"("old")"));
      co_return core::from_result("{}");
    }
  };
  auto const busy = std::make_shared<Busy>(loop_);
  ParkingLayer layer(busy, busy, calls_, desk_, 10min);
  auto const first = send_to(layer);
  auto const second = send_to(layer, retry(state_of(first->text()), R"({"q1":{}})"));
  EXPECT_EQ(client_.heard, std::vector{Busy::told(R"("old")")}) << "without a token nobody wants to know";
  auto const third = send_to(layer, retry(state_of(second->text()), R"({"q2":{}})"),
                             R"({"elicitation":{}},"progressToken":7)");
  EXPECT_EQ(third->text(), "{}");
  EXPECT_EQ(client_.heard, (std::vector{Busy::told(R"("old")"), Busy::told("7")}));
}

TEST_F(Parking, PagesToOpenAreAskedForAndTheRetryCallsAgain) {  // P116: -32042 of a legacy server
  auto const server = std::make_shared<ScriptedServer>();
  server->results = {R"({"resultType":"input_required","inputRequests":{"url1":{}}})", R"({"done":true})"};
  ParkingLayer layer(server, server, calls_, desk_, 10min);
  auto const asks = send_to(layer);
  EXPECT_EQ(calls_.size(), 0U) << "nothing waits";
  core::Outcome const& outcome = **asks->answer;
  std::string text;
  outcome.edits.append_to(text);
  auto const state = state_of(text);
  EXPECT_NE(send_to(layer, retry("1" + state, "{}"))->text().find("-32602"), std::string::npos);
  auto const no = send_to(layer, retry(state, R"({"url1":{"action":"decline"}})"));
  EXPECT_NE(no->text().find(R"("isError":true)"), std::string::npos) << no->text();
  EXPECT_EQ(server->seen.size(), 1U);
  EXPECT_EQ(send_to(layer, retry(state, R"({"url1":{"action":"accept"}})"))->text(), R"({"done":true})");
  EXPECT_EQ(server->seen.size(), 2U);
}

TEST_F(Parking, AStoppedDeskKeepsNobodyWaiting) {
  server_->results = {"{}", "{}"};
  auto const state = state_of(send()->text());
  desk_.stop();
  EXPECT_EQ(server_->working, 0) << "nobody will come back";
  EXPECT_NE(send(retry(state, "{}"))->text().find("-32602"), std::string::npos);
  EXPECT_EQ(send()->text(), "unavailable") << "told at once";
  EXPECT_EQ(server_->working, 0);
}

TEST_F(Parking, WhatIsNotAnsweredIsAskedAgain) {
  server_->both_at_once = true;
  auto const asks = send()->text();
  EXPECT_NE(asks.find(R"("q1":{)"), std::string::npos);
  EXPECT_NE(asks.find(R"("q2":{)"), std::string::npos);
  auto const again = send(retry(state_of(asks), R"({"q2":{"n":2}})"))->text();
  EXPECT_NE(again.find(R"("q1":{)"), std::string::npos);
  EXPECT_EQ(again.find(R"("q2":{)"), std::string::npos);
  EXPECT_EQ(send(retry(state_of(again), R"({"q1":{"n":1}})"))->text(), R"({"heard":[{"n":2},{"n":1}]})");
}

TEST_F(Parking, NobodyComesBackAndTheCallIsCancelledUpstream) {  // P062
  server_->results = {"{}"};
  auto const state = state_of(send()->text());
  loop_.advance(10min - 1ms);
  EXPECT_EQ(server_->working, 1);
  EXPECT_EQ(desk_.size(), 1U);
  loop_.advance(2ms);
  EXPECT_EQ(server_->working, 0);
  EXPECT_EQ(desk_.size() + calls_.size(), 0U);
  EXPECT_NE(send(retry(state, "{}"))->text().find("-32602"), std::string::npos);
}

TEST_F(Parking, AClientThatLeavesDuringALegCancelsTheCall) {
  struct Slow : AskingServer {
    using AskingServer::AskingServer;
    base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
      Working const here(working);
      co_await one(call, "{}");
      co_await scheduler.sleep_for(1h);
      co_return core::from_result("{}");
    }
  };
  auto const slow = std::make_shared<Slow>(loop_);
  ParkingLayer layer(slow, slow, calls_, desk_, 10min);
  auto const first = send_to(layer);
  auto const second = send_to(layer, retry(state_of(first->text()), R"({"q1":{}})"));
  EXPECT_EQ(second->text(), "waiting");
  EXPECT_EQ(slow->working, 1);
  second->group.cancel();
  loop_.run();
  EXPECT_EQ(slow->working, 0);
}

TEST_F(Parking, TheyAreBoundedForAllAndForEachPrincipal) {
  server_->results = {"{}"};
  send();
  send();
  EXPECT_EQ(send()->text(), "busy");
  EXPECT_EQ(server_->working, 2);
  send("", R"({"elicitation":{}})", "{}", &other_);
  EXPECT_EQ(server_->working, 3);
  send("", R"({"elicitation":{}})", "{}", &other_);  // the oldest goes
  EXPECT_EQ(server_->working, 3);
  EXPECT_EQ(calls_.size(), 3U);
}

TEST_F(Parking, NoServerHasAllOfThemAndNoPrincipalAllOfAServer) {
  struct OtherServer : AskingServer {
    using AskingServer::AskingServer;
    std::string_view name() const noexcept override { return "another"; }
  };
  base::TableOptions options;
  options.per_principal_max = ParkedCalls::kPerPrincipalMax;
  ParkedCalls calls(options, random_);
  ParkingLayer layer(server_, server_, calls, desk_, 10min);
  auto const another = std::make_shared<OtherServer>(loop_);
  ParkingLayer elsewhere(another, another, calls, desk_, 10min);
  server_->results = another->results = {"{}"};
  auto const from = [&](ParkingLayer& to, core::Principal const& who) {
    return send_to(to, "", R"({"elicitation":{}})", "{}", &who);
  };
  for (unsigned parked = 0; parked < ParkedCalls::kPerServerMax;) {
    core::Principal const who{"key:" + std::to_string(parked), "key", {}};
    for (unsigned i = 0; i < ParkedCalls::kPerPrincipalMax; ++i, ++parked) {
      ASSERT_NE(from(layer, who)->text().find("input_required"), std::string::npos) << parked;
    }
    auto const refused = from(layer, who);
    ASSERT_EQ(refused->text(), "busy") << "its share";
    EXPECT_EQ(refused->answer->error().blame, base::Blame::gateway);
    EXPECT_EQ(refused->answer->error().retry, base::Retry::never);
  }
  auto const refused = from(layer, other_);
  ASSERT_EQ(refused->text(), "busy") << "the server's";
  EXPECT_EQ(refused->answer->error().blame, base::Blame::gateway);
  EXPECT_EQ(server_->working, 256) << "who is refused is cancelled there, who waits is not";
  EXPECT_NE(from(elsewhere, me_)->text().find("input_required"), std::string::npos);
  loop_.advance(10min);
  EXPECT_EQ(calls.size() + desk_.size(), 0U);
  EXPECT_NE(from(layer, other_)->text().find("input_required"), std::string::npos);
}

TEST_F(Parking, ACallThatIsGoneOnGivesItsPlaceBack) {
  server_->results = {"{}"};
  ParkedCalls calls(limits(), random_, 1);
  ParkingLayer layer(server_, server_, calls, desk_, 10min);
  auto const first = send_to(layer);
  EXPECT_EQ(send_to(layer)->text(), "busy");
  EXPECT_EQ(send_to(layer, retry(state_of(first->text()), R"({"q1":{}})"))->text(), R"({"heard":[{}]})");
  EXPECT_NE(send_to(layer)->text().find("input_required"), std::string::npos);
}

TEST_F(Parking, ACallThatItsServerEndedMeanwhileIsNotKeptForever) {
  struct Impatient : AskingServer {
    using AskingServer::AskingServer;
    base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
      auto asking = call.client->ask("elicitation/create", "{}");
      co_await base::run_until(scheduler, asking, scheduler.now() + 1min);
      co_return core::from_result(R"({"guessed":true})");
    }
  };
  auto const impatient = std::make_shared<Impatient>(loop_);
  ParkingLayer layer(impatient, impatient, calls_, desk_, 10min);
  auto const comes_back = send_to(layer);
  send_to(layer);
  loop_.advance(10min - 1ms);
  EXPECT_EQ(desk_.size(), 2U);
  EXPECT_EQ(send_to(layer, retry(state_of(comes_back->text()), "{}"))->text(), R"({"guessed":true})");
  loop_.advance(1ms);
  EXPECT_EQ(desk_.size() + calls_.size(), 0U);
}

TEST_F(Parking, CallsThatCannotAskPassUntouched) {
  server_->results = {};
  auto const plain = send("", "{}");
  EXPECT_EQ(plain->text(), R"({"heard":[]})");
  server_->other_era = false;
  server_->results = {"{}"};
  client_.answers = {R"("result":{"own":1})"};
  EXPECT_EQ(send()->text(), R"({"heard":[{"own":1}]})");
}

TEST_F(Parking, ClosingTheDeskCancelsWhatWaits) {
  server_->results = {"{}"};
  send();
  desk_.close();
  EXPECT_EQ(server_->working, 0);
}

}  // namespace
}  // namespace weir::bridge
