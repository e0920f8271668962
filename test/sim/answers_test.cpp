#include <fmt/core.h>
#include <gtest/gtest.h>

#include "support/world.hpp"
#include "upstream/http_backend.hpp"

// Answers of HTTP servers, byte by byte: what is forgiven, what is refused, what it costs the others.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

constexpr std::string_view kFine = R"({"jsonrpc":"2.0","id":%ID%,"result":{"content":[]}})";
constexpr std::string_view kSampling =
    R"({"jsonrpc":"2.0","id":"q7","method":"sampling/createMessage","params":{"maxTokens":1}})";

// An event stream that the server ends by closing.
std::string stream_of(std::string const& events) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + events;
}
std::string event(std::string_view data, std::string_view type = "message") {
  return fmt::format("event: {}\ndata: {}\n\n", type, data);
}
std::string json_of(std::string const& body, std::string const& before = "") {
  return before + "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + body;
}

class Answers : public testing::TestWithParam<Era> {
 protected:
  // The answer to one call of a tool that sends `bytes`.
  std::shared_ptr<Reply> call(std::string bytes) {
    server = &world.http("a", GetParam() == Era::modern ? Speaks::modern : Speaks::legacy);
    server->canned = std::move(bytes);
    auto& client = world.client(GetParam());
    world.start();
    if (GetParam() == Era::legacy) client.initialize();
    world.advance(0s);
    auto reply = client.call("a__canned", R"({"key":"k"})");
    world.advance(4s);
    return reply;
  }
  World world;
  FakeServer* server = nullptr;
};

INSTANTIATE_TEST_SUITE_P(OfBothEras, Answers, testing::Values(Era::modern, Era::legacy),
                         [](auto const& one) { return one.param == Era::modern ? "Modern" : "Legacy"; });

TEST_P(Answers, EventsOfOtherTypesCarryNoMessages) {
  auto const reply = call(stream_of(event("{}", "ping") + event("hello", "keepalive") + event(kFine)));
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find(R"("content":[])"), std::string::npos) << reply->final();
}

TEST_P(Answers, AnAnswerToSomebodyElseInTheStreamIsNotTaken) {  // T-40
  auto const foreign = R"({"jsonrpc":"2.0","id":987654,"result":{"content":["foreign"]}})";
  auto const reply = call(stream_of(event(foreign) + event(kFine)));
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find(R"("content":[])"), std::string::npos) << reply->final();
}

TEST_P(Answers, OnlyTheFirstOfTwoAnswersCounts) {
  auto const again = R"({"jsonrpc":"2.0","id":%ID%,"result":{"content":["again"]}})";
  auto const reply = call(stream_of(event(kFine) + event(again)));
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find(R"("content":[])"), std::string::npos) << reply->final();
  EXPECT_EQ(reply->finals.size(), 1U);
}

TEST_P(Answers, SixteenInterimAnswersAreReadOver) {
  std::string hints;
  for (int i = 0; i < 16; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  auto const reply = call(json_of(std::string(kFine), hints));
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find(R"("content":[])"), std::string::npos) << reply->final();
}

TEST_P(Answers, SeventeenInterimAnswersAreTooMany) {
  std::string hints;
  for (int i = 0; i < 17; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  auto const reply = call(json_of(std::string(kFine), hints));
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find(R"("reason":"protocol")"), std::string::npos) << reply->final();
}

TEST_P(Answers, ABodyOverTheLimitIsCalledTooLarge) {
  auto const reply =
      call("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16777217\r\n\r\n");
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find(R"("reason":"too_large")"), std::string::npos) << reply->final();
}

TEST_P(Answers, AServerThatAsksForPatienceIsQuoted) {
  auto const reply =
      call("HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find("It asks to come back in 7 s."), std::string::npos) << reply->final();
}

TEST_P(Answers, AServerThatAsksForPatienceUntilADateIsQuoted) {  // counted from its own clock
  auto const reply = call(
      "HTTP/1.1 503 Later\r\nDate: Wed, 21 Oct 2026 07:27:00 GMT\r\n"
      "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find("It asks to come back in 60 s."), std::string::npos) << reply->final();
}

using LegacyAnswers = Answers;
INSTANTIATE_TEST_SUITE_P(OfOne, LegacyAnswers, testing::Values(Era::legacy));

TEST_P(LegacyAnswers, ARequestOfTheServerIsRefusedSoThatItDoesNotWait) {
  auto const ping = R"({"jsonrpc":"2.0","id":"p1","method":"ping"})";
  auto const reply = call(stream_of(event(kSampling) + event(ping) + event(kFine)));
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find(R"("content":[])"), std::string::npos) << reply->final();
  ASSERT_EQ(server->replies.size(), 2U);
  EXPECT_EQ(server->replies[0],
            R"({"jsonrpc":"2.0","id":"q7","error":{"code":-32601,"message":"Method not found"}})");
  EXPECT_EQ(server->replies[1], R"({"jsonrpc":"2.0","id":"p1","result":{}})");
}

// A server that pings in the middle of a call, and when it takes the replies.
class Pings : public testing::Test {
 protected:
  static constexpr std::size_t kMost = upstream::HttpBackend::kRepliesMost;

  void ask(std::size_t pings) {
    server.canned = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    for (std::size_t i = 0; i < pings; ++i)
      server.canned += event(fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"ping"}})", i));
    auto& client = world.client(Era::legacy);
    world.start();
    client.initialize();
    world.advance(0s);
    server.lag = 1s;
    client.call("a__canned", R"({"key":"k"})");
    world.advance(500ms);
    requests = server.used[""];
  }
  std::size_t posted() { return static_cast<std::size_t>(server.used[""] - requests); }

  World world;
  FakeServer& server = world.http("a", Speaks::legacy);
  int requests = 0;  // before the first ping
};

TEST_F(Pings, AsManyRepliesAsThereArePlacesForAreUnderWay) {
  ask(kMost);
  server.mute = true;  // it reads replies and takes none
  world.advance(1s);
  EXPECT_EQ(posted(), kMost);
}

TEST_F(Pings, AFloodOfThemTakesNoMoreConnectionsThanThat) {
  ask(10 * kMost);
  auto const before = server.connections();
  server.mute = true;
  world.advance(1s);
  EXPECT_EQ(posted(), kMost);
  EXPECT_LE(server.connections(), before + kMost);
}

TEST_F(Pings, OneMoreThanThereArePlacesForIsAnsweredAfterwards) {
  ask(kMost + 1);
  world.advance(1s);
  EXPECT_EQ(server.replies.size(), kMost + 1);
}

TEST_F(Pings, WhatIsMoreThanACallMayAskBesidesGetsNoReply) {
  ask(10 * kMost);
  world.advance(1s);
  EXPECT_EQ(server.replies.size(), 2 * kMost);
}

TEST(Recovery, AForgottenSessionMakesTheListsBeReadAgain) {
  World world;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  client.call("a__echo");
  world.advance(1s);
  server.forget_sessions();
  server.extra_tools = {"new_one"};
  client.call("a__echo");
  world.advance(1s);
  auto const list = client.request("tools/list");
  world.advance(0s);
  EXPECT_NE(list->final().find("a__new_one"), std::string::npos) << list->final();
}

// A server that is asked anew while it has a bad moment keeps the clients that it had.
TEST(Recovery, ABadMomentOfAServerTakesItFromNoClient) {
  World world;
  auto& server = world.http("a", Speaks::both);
  auto& modern = world.client(Era::modern);
  auto& legacy = world.client(Era::legacy);
  world.start();
  legacy.initialize();
  world.advance(1s);
  for (int cut = 1; cut <= 4; ++cut) {  // each request of the new discovery in turn: discover, initialize …
    server.alive = false;
    server.close_all();
    modern.call("a__echo");  // finds it gone
    world.advance(0s);
    server.alive = true;
    server.reset_after = cut - 1;
    server.reset_next = 1;
    for (int i = 0; i < 40; ++i) {
      auto const one = modern.call("a__echo", R"({"key":"m"})");
      auto const two = legacy.call("a__echo", R"({"key":"l"})");
      world.advance(50ms);
      auto const known = [](auto const& reply) {
        return reply->final().find("-32602") == std::string::npos &&
               reply->final().find("not connected yet") == std::string::npos &&
               reply->final().find(R"("reason":"unsupported")") == std::string::npos;
      };
      EXPECT_TRUE(known(one)) << cut << ": " << one->final();
      EXPECT_TRUE(known(two)) << cut << ": " << two->final();
    }
  }
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Recovery, AServerThatACallCannotReachIsShownAsFailedAndAskedAgainWhenItIsBack) {
  World world;
  auto& server = world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  world.advance(1s);
  server.die();
  client.call("a__echo");
  world.advance(1s);
  auto const down = world.weir().backend("a")->status();
  EXPECT_EQ(down.state, core::ServerState::failed);
  EXPECT_NE(down.cause, "");
  world.advance(5min);
  server.alive = true;
  server.extra_tools = {"new_one"};
  auto const fine = client.call("a__echo", R"({"key":"k"})");
  world.advance(1s);
  EXPECT_NE(fine->final().find("{k} from a"), std::string::npos) << fine->final();
  EXPECT_EQ(world.weir().backend("a")->status().state, core::ServerState::ready);
  auto const list = client.request("tools/list");
  world.advance(0s);
  EXPECT_NE(list->final().find("a__new_one"), std::string::npos) << list->final();
}

}  // namespace
}  // namespace weir::test
