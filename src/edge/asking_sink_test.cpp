#include "edge/asking_sink.hpp"

#include "edge/http_desk_test.hpp"

namespace weir::edge {
namespace {

constexpr char kCan[] = R"({"sampling":{},"elicitation":{},"roots":{}})";

struct Asked {
  base::Task<base::Result<core::Outcome>> operator()(core::Call& call) {
    auto answer = co_await call.client->ask("roots/list", "");
    fault = answer ? std::optional<base::Fault>() : answer.error().fault;
    if (answer) said = answer->bytes();
    ++done;
    co_return core::from_result("{}");
  }
  std::string said;
  std::optional<base::Fault> fault;
  int done = 0;
};

base::Task<base::Result<core::Outcome>> ask_later(base::Event& go, core::Call& call, Asked& asked) {
  co_await go.wait();
  co_return co_await asked(call);
}

base::Task<base::Result<core::Outcome>> ask_twice(base::Event& go, core::Call& call, Asked& asked) {
  co_await asked(call);
  co_await go.wait();
  co_return co_await asked(call);
}

struct World : HttpDesk {
  World() {
    handler->act = [this](core::Call& call) { return asked(call); };
  }
  Exchange answer(std::string const& session, std::string const& id) {
    return post(R"({"jsonrpc":"2.0","id":")" + id + R"(","result":{"roots":[]}})", in(session));
  }
  Asked asked;
};

TEST(Asking, TheQuestionGoesOutOnTheStreamOfItsCallAndTheAnswerComesBack) {
  World world;
  auto const session = world.initialize(kCan);
  auto call = world.call(session);
  EXPECT_TRUE(call.has("text/event-stream"));
  EXPECT_TRUE(call.has(R"({"jsonrpc":"2.0","id":"weir-1","method":"roots/list"})")) << call.text();
  auto posted = world.answer(session, "weir-1");
  EXPECT_EQ(posted.status(), 202);
  EXPECT_EQ(world.asked.said, R"({"jsonrpc":"2.0","id":"weir-1","result":{"roots":[]}})");
  EXPECT_TRUE(call.has(R"("id":1,"result":{})")) << call.text();
}

TEST(Asking, NobodyElseCanAnswerAndUnknownAnswersAreDropped) {  // P108
  World world;
  auto const session = world.initialize(kCan);
  auto const other = world.initialize(kCan);
  auto call = world.call(session);
  EXPECT_EQ(world.answer(other, "weir-1").status(), 202);
  EXPECT_EQ(world.answer(session, "weir-2").status(), 202);
  EXPECT_EQ(world.answer("nobody", "weir-1").status(), 404);
  EXPECT_EQ(world.asked.done, 0);
}

TEST(Asking, AClientThatDeclaredNothingIsNotAsked) {
  World world;
  auto call = world.call(world.initialize("{}"));
  EXPECT_EQ(world.asked.fault, base::Fault::unsupported);
  EXPECT_FALSE(call.has("text/event-stream"));
}

TEST(Asking, AClientThatLostItsStreamReadsTheQuestionOnAndAnswers) {  // P048
  World world;
  auto const session = world.initialize(kCan);
  auto call = world.call(session);
  ASSERT_TRUE(call.has("id: 2.1\n")) << call.text();
  call.hang_up();
  world.loop.advance(1s);
  EXPECT_EQ(world.asked.done, 0);
  auto again = world.get(session, HttpDesk::after("2.0"));
  EXPECT_TRUE(again.has(R"("id":"weir-1","method":"roots/list")")) << again.text();
  world.answer(session, "weir-1");
  EXPECT_EQ(world.asked.done, 1);
  EXPECT_TRUE(again.has(R"("id":1,"result":{})")) << again.text();
}

TEST(Asking, AQuestionGoesToWhoeverReadsTheStreamOn) {
  World world;
  base::Event go{world.loop};
  world.handler->act = [&](core::Call& call) { return ask_twice(go, call, world.asked); };
  auto const session = world.initialize(kCan);
  auto call = world.call(session);
  world.answer(session, "weir-1");
  auto again = world.get(session, HttpDesk::after("2.1"));  // while the first connection still stands
  go.set();
  world.loop.advance(0s);
  EXPECT_TRUE(again.has(R"("id":"weir-2","method":"roots/list")")) << again.text();
  EXPECT_FALSE(call.has("weir-2"));
  world.loop.advance(15s);
  EXPECT_TRUE(call.stream_over()) << "nobody needs the first connection any more";
  world.answer(session, "weir-2");
  EXPECT_EQ(world.asked.fault, std::nullopt);
  EXPECT_TRUE(again.has(R"("id":1,"result":{})")) << again.text();
}

TEST(Asking, AClientThatLeftNoStreamBehindIsNotAsked) {
  World world;
  base::Event go{world.loop};
  world.handler->act = [&](core::Call& call) { return ask_later(go, call, world.asked); };
  auto call = world.call(world.initialize(kCan));
  call.hang_up();
  world.loop.advance(0s);
  go.set();
  world.loop.advance(0s);
  EXPECT_EQ(world.asked.fault, base::Fault::connection_lost);
}

TEST(Asking, TheEndOfTheSessionEndsTheQuestionAndTheCall) {
  World world;
  auto const session = world.initialize(kCan);
  auto call = world.call(session);
  world.sessions.end_all();
  world.loop.advance(0s);
  EXPECT_EQ(world.asked.done, 0) << "the call was dropped, not answered";
  EXPECT_TRUE(call.has("-32001")) << call.text();
}

TEST(Asking, APatientServerIsToldWhenTheTimeIsOver) {
  World world;
  world.rules->ask_max = 30s;
  auto call = world.call(world.initialize(kCan));
  world.loop.advance(29s);
  EXPECT_EQ(world.asked.done, 0);
  world.loop.advance(2s);
  EXPECT_EQ(world.asked.fault, base::Fault::timed_out);
  EXPECT_TRUE(call.has(R"("method":"notifications/cancelled","params":{"requestId":"weir-1")"))
      << call.text();
}

TEST(Asking, ACancelledCallWithdrawsItsQuestion) {
  World world;
  auto const session = world.initialize(kCan);
  auto call = world.call(session, "5");
  world.post(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}})",
             HttpDesk::in(session));
  EXPECT_TRUE(call.has(R"("requestId":"weir-1")")) << call.text();
}

TEST(Asking, NotMoreThanSixtyFourQuestionsAreOpenInASession) {
  World world;
  auto const session = world.initialize(kCan);
  std::vector<Exchange> calls;
  for (int i = 0; i < 64; ++i) calls.push_back(world.call(session, std::to_string(i)));
  EXPECT_EQ(world.asked.done, 0);
  calls.push_back(world.call(session, "64"));
  EXPECT_EQ(world.asked.fault, base::Fault::busy);
  EXPECT_EQ(world.asked.done, 1);
}

base::Task<base::Result<core::Outcome>> ask_on_the_clock(base::Scheduler& scheduler, core::Call& call) {
  call.deadline = scheduler.now() + 5s;
  auto const answer = co_await call.client->ask("roots/list", "");
  EXPECT_TRUE(answer);
  EXPECT_EQ(call.deadline, scheduler.now() + 5s);
  co_return core::from_result("{}");
}

TEST(Asking, TheClockOfTheCallStandsStillMeanwhile) {
  World world;
  world.handler->act = [&](core::Call& call) { return ask_on_the_clock(world.loop, call); };
  auto const session = world.initialize(kCan);
  auto call = world.call(session);
  world.loop.advance(60s);
  world.answer(session, "weir-1");
  EXPECT_TRUE(call.has(R"("id":1,"result":{})")) << call.text();
}

}  // namespace
}  // namespace weir::edge
