#include "upstream/stdio_channel.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/virtual_loop.hpp"
#include "support/call_of.hpp"

namespace weir::upstream {
namespace {

using test::call_of;
using test::message_of;

struct Channel : ::testing::Test {
  base::VirtualLoop loop;
  StdioChannel channel{loop, {.in_flight_max = 3, .notes_max = 4, .note_bytes_max = 1000}};

  // A flight for a client that wants progress and, if modern, log messages from `level` on.
  std::unique_ptr<Flight> flight(std::string level = "info") {
    auto const call = call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":)"
                              R"({"progressToken":"t","io.modelcontextprotocol/logLevel":")" +
                                  level + "\"}}}",
                              mcp::kNewest);
    auto made = std::make_unique<Flight>(loop, NoteRelay(*call));
    EXPECT_TRUE(channel.enroll(*made));
    return made;
  }
  StdioChannel::Step accept(std::string text) { return channel.accept(message_of(std::move(text))); }
  void answer(std::uint64_t id) {
    accept(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":{}})");
  }
  std::string progress(std::uint64_t token, int value, std::size_t padding = 0) {
    return R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
           std::to_string(token) + R"(,"progress":)" + std::to_string(value) + R"(,"message":")" +
           std::string(padding, 'x') + "\"}}";
  }
  std::string const log =
      R"({"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}})";
};

TEST_F(Channel, GivesEachAnswerToTheRequestItBelongsTo) {  // P084
  auto const a = flight();
  auto const b = flight();
  EXPECT_NE(a->id, b->id);
  answer(b->id);
  EXPECT_TRUE(b->answer && !a->answer);
  EXPECT_TRUE(b->news.is_set() && !a->news.is_set());
  EXPECT_EQ(channel.in_flight(), 1U);
  EXPECT_FALSE(channel.leave(*b));
  EXPECT_TRUE(channel.leave(*a)) << "its answer was still due";
}

TEST_F(Channel, AQuestionGoesToTheOneClientThatCanBeMeant) {  // P059
  auto const call_with = [](std::string const& capabilities) {
    return call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{)"
                   R"("io.modelcontextprotocol/clientCapabilities":)" +
                       capabilities + "}}}",
                   mcp::kNewest);
  };
  auto const form = call_with(R"({"elicitation":{}})"), other = call_with(R"({"sampling":{}})");
  Flight asked(loop, {}, form.get()), deaf(loop, {}, other.get()), own(loop);
  for (auto* const one : {&asked, &deaf, &own}) ASSERT_TRUE(channel.enroll(*one));
  auto const question =
      R"({"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"?"}})";
  EXPECT_EQ(accept(question).kind, StdioChannel::Step::Kind::done);
  EXPECT_TRUE(asked.news.is_set() && !deaf.news.is_set());
  ASSERT_TRUE(channel.next_question(asked));
  EXPECT_FALSE(channel.next_question(asked));
  channel.leave(own);
  Flight second(loop, {}, form.get());
  ASSERT_TRUE(channel.enroll(second));
  EXPECT_NE(accept(question).reply.find("-32601"), std::string::npos) << "two could be meant";
  channel.leave(second);
  for (int i = 0; i < 16; ++i) EXPECT_EQ(accept(question).kind, StdioChannel::Step::Kind::done);
  EXPECT_NE(accept(question).reply.find("-32601"), std::string::npos) << "no more than questions_max";
  channel.leave(asked);
  EXPECT_NE(accept(question).reply.find("-32601"), std::string::npos) << "nobody can be meant";
  channel.leave(deaf);
}

struct ChannelAsked : Channel {
  core::Principal me{"me", "none", {}}, other{"other", "none", {}};
  std::vector<std::unique_ptr<core::Call>> calls;

  std::unique_ptr<Flight> flight_of(core::Principal const& who,
                                    std::string const& capabilities = R"({"elicitation":{}})") {
    calls.push_back(call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{)"
                            R"("io.modelcontextprotocol/clientCapabilities":)" +
                                capabilities + "}}}",
                            mcp::kNewest));
    calls.back()->principal = &who;
    return std::make_unique<Flight>(loop, NoteRelay(), calls.back().get());
  }
  std::unique_ptr<Flight> legacy_flight(std::shared_ptr<core::ClientSession const> session) {
    auto flight = flight_of(me);
    calls.back()->revision = mcp::Revision::r2025_11_25;
    calls.back()->session = std::move(session);
    return flight;
  }
  bool taken() {  // the question, by somebody
    return accept(R"({"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"?"}})")
               .kind == StdioChannel::Step::Kind::done;
  }
};

TEST_F(ChannelAsked, ACallThatWaitsForItsClientIsNotMeantByTheNextQuestion) {
  auto left = flight_of(me), running = flight_of(me), mute = flight_of(me, "{}");
  for (auto* const one : {left.get(), running.get(), mute.get()}) ASSERT_TRUE(channel.enroll(*one));
  EXPECT_FALSE(taken()) << "two could be meant";
  calls[0]->parked.questions = 1;
  EXPECT_TRUE(taken() && channel.next_question(*running));
  calls[0]->principal = &other;
  EXPECT_FALSE(taken()) << "one caller's question must not come to another";
  calls[0]->principal = &me;
  channel.leave(*running);
  EXPECT_FALSE(taken()) << "it is of the call whose client cannot be asked";
  channel.leave(*mute);
  EXPECT_TRUE(taken() && channel.next_question(*left)) << "a second question of the same call";
  channel.leave(*left);
}

TEST_F(ChannelAsked, AnyCallOfALegacyClientLeadsToThatClient) {
  auto session = std::make_shared<core::ClientSession>();
  session->capabilities = R"({"elicitation":{}})";
  auto another = std::make_shared<core::ClientSession>(*session);
  auto one = legacy_flight(session), two = legacy_flight(session), third = legacy_flight(another);
  for (auto* const flight : {one.get(), two.get()}) ASSERT_TRUE(channel.enroll(*flight));
  EXPECT_TRUE(taken() && channel.next_question(*two));
  ASSERT_TRUE(channel.enroll(*third));
  EXPECT_FALSE(taken()) << "two clients could be meant";
  for (auto* const flight : {one.get(), two.get(), third.get()}) channel.leave(*flight);
}

TEST_F(Channel, CountsAndDropsAnswersNobodyWaitsFor) {
  auto const a = flight();
  answer(a->id);
  answer(a->id);  // again
  {
    auto const cancelled = flight();
    channel.leave(*cancelled);
    answer(cancelled->id);
  }
  EXPECT_EQ(channel.counters().late, 2U);
  answer(999);
  accept(R"({"jsonrpc":"2.0","id":"1","result":{}})");
  accept(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}})");
  accept(R"({"jsonrpc":"2.0","id":0,"result":{}})");
  accept(R"({"jsonrpc":"2.0","id":-1,"result":{}})");
  EXPECT_EQ(channel.counters().foreign, 5U);
}

TEST_F(Channel, RefusesRequestsBeyondItsBound) {
  std::vector<std::unique_ptr<Flight>> flights;
  for (int i = 0; i < 3; ++i) flights.push_back(flight());
  Flight fourth(loop);
  auto const refused = channel.enroll(fourth);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, base::Fault::busy);
  answer(flights[0]->id);
  EXPECT_TRUE(channel.enroll(fourth));
  channel.leave(fourth);
}

TEST_F(Channel, RoutesProgressByTokenAndStopsAfterTheAnswer) {  // P069, P070
  auto const a = flight();
  auto const b = flight();
  accept(progress(b->id, 1));
  accept(progress(b->id, 1));
  accept(progress(12345, 1));
  accept(
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}})");
  auto const note = channel.next_note(*b);
  ASSERT_TRUE(note);
  EXPECT_NE(note->find(R"("progressToken":"t")"), std::string::npos);
  EXPECT_FALSE(channel.next_note(*b));
  EXPECT_FALSE(channel.next_note(*a));
  answer(b->id);
  accept(progress(b->id, 2));
  EXPECT_FALSE(channel.next_note(*b));
}

TEST_F(Channel, GivesALogMessageToTheOnlyRequestItCanBeMeantFor) {  // P068
  auto const silent = flight("none");
  accept(log);
  EXPECT_FALSE(channel.next_note(*silent));
  auto const a = flight();
  accept(log);
  EXPECT_EQ(channel.next_note(*a), log);
  auto const b = flight();
  accept(log);
  EXPECT_FALSE(channel.next_note(*a)) << "meant for one of two: nobody's";
  EXPECT_FALSE(channel.next_note(*b));
}

TEST_F(Channel, BoundsWhatASlowClientHasNotTakenByCount) {
  auto const slow = flight();
  for (int i = 1; i <= 4; ++i) {
    EXPECT_FALSE(channel.full_for(message_of(progress(slow->id, i))));
    accept(progress(slow->id, i));
  }
  EXPECT_TRUE(channel.full_for(message_of(progress(slow->id, 5))));
  accept(progress(slow->id, 5));
  EXPECT_EQ(channel.counters().notes_dropped, 1U);
  EXPECT_FALSE(channel.full_for(message_of(progress(slow->id, 6)))) << "waited for once, not again";
  channel.next_note(*slow);
  accept(progress(slow->id, 7));
  EXPECT_EQ(channel.counters().notes_dropped, 2U) << "lagging until half is free";
  channel.next_note(*slow);
  accept(progress(slow->id, 8));
  std::string rest;
  while (auto const note = channel.next_note(*slow)) rest += *note;
  EXPECT_NE(rest.find(R"("progress":8)"), std::string::npos);
  EXPECT_EQ(rest.find(R"("progress":5)"), std::string::npos);
}

TEST_F(Channel, BoundsWhatASlowClientHasNotTakenByBytes) {
  auto const slow = flight();
  accept(progress(slow->id, 1, 900));
  EXPECT_TRUE(channel.full_for(message_of(progress(slow->id, 2))));
  channel.room().reset();
  channel.next_note(*slow);
  EXPECT_TRUE(channel.room().is_set());
  EXPECT_FALSE(channel.full_for(message_of(progress(slow->id, 2))));
}

TEST_F(Channel, AnswersALegacyServersPingAndNothingElse) {  // P087
  auto const ping = accept(R"({"jsonrpc":"2.0","id":"p\u0031","method":"ping"})");
  EXPECT_EQ(ping.kind, StdioChannel::Step::Kind::reply);
  EXPECT_EQ(ping.reply, R"({"jsonrpc":"2.0","id":"p\u0031","result":{}})");
  auto const ask = accept(R"({"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{}})");
  EXPECT_EQ(ask.reply, R"({"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"Method not found"}})");
  EXPECT_EQ(channel.counters().refused, 1U);
}

TEST_F(Channel, SendsNoResponsesToAModernServer) {  // P055
  channel.speak_modern();
  auto const step = accept(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  EXPECT_EQ(step.kind, StdioChannel::Step::Kind::done);
  EXPECT_EQ(channel.counters().refused, 1U);
}

TEST_F(Channel, TellsOfChangedLists) {
  auto const step = accept(R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})");
  EXPECT_EQ(step.kind, StdioChannel::Step::Kind::announced);
  EXPECT_EQ(step.announced->method(), mcp::Method::notifications_tools_list_changed);
}

TEST_F(Channel, GivesASubscriptionWhatCarriesItsIdAndAnnouncesTheRest) {  // P065
  auto const other = flight();
  Flight subscription(loop);
  subscription.listens = true;
  EXPECT_TRUE(channel.enroll(subscription));
  auto const update = [](std::uint64_t id) {
    return R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://a",)"
           R"("_meta":{"io.modelcontextprotocol/subscriptionId":)" +
           std::to_string(id) + "}}}";
  };
  EXPECT_EQ(accept(update(subscription.id)).kind, StdioChannel::Step::Kind::done);
  EXPECT_EQ(channel.next_note(subscription), update(subscription.id));
  EXPECT_EQ(accept(update(other->id)).kind, StdioChannel::Step::Kind::announced);
  EXPECT_EQ(channel.next_note(*other), std::nullopt);
  auto const plain =
      accept(R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://a"}})");
  EXPECT_EQ(plain.kind, StdioChannel::Step::Kind::announced);
  channel.leave(subscription);
}

TEST_F(Channel, FailsEveryRequestWhenTheChildIsGoneAndTellsWhetherItSawThem) {  // T-03
  auto const sent = flight();
  auto const unsent = flight();
  sent->sent = true;
  channel.fail_all(base::Error(base::Fault::connection_lost, base::Blame::upstream, "exit 1"));
  EXPECT_EQ(sent->answer->error().fault, base::Fault::connection_lost);
  EXPECT_EQ(sent->answer->error().retry, base::Retry::never);
  EXPECT_EQ(unsent->answer->error().fault, base::Fault::connect_failed);
  EXPECT_EQ(unsent->answer->error().retry, base::Retry::always);
  Flight late(loop);
  auto const refused = channel.enroll(late);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "exit 1");
}

}  // namespace
}  // namespace weir::upstream
