#include <fmt/core.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

// Clients of one era at servers of the other, through the whole of Weir.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

struct Bridges : testing::Test {
  World world;
  std::string era_of(std::string const& server) const {
    return const_cast<World&>(world).weir().backend(server)->status().era;
  }
};

// P014: the verdict that a server is a legacy one lasts six hours at most.
TEST_F(Bridges, AServerThatWasUpdatedBecomesModernBesideItsCalls) {
  auto& server = world.http("a", Speaks::legacy);
  world.settings.servers.back().timeouts.call = 2min;
  auto& client = world.client(Era::modern);
  world.start();
  world.advance(1s);
  EXPECT_EQ(era_of("a"), "2025-06-18");
  server.become(Speaks::modern);
  int answered = 0, asked = 0;
  for (; asked < 6 * 60 + 1; ++asked) {  // a call is always on its way
    auto const reply = client.call("a__slow", R"({"key":"k","ms":59000})");
    world.advance(1min);
    answered += reply->answered() ? 1 : 0;
  }
  EXPECT_EQ(era_of("a"), "2026-07-28");
  EXPECT_EQ(answered, asked);
  auto const reply = client.call("a__echo", R"({"key":"k"})");
  world.advance(1s);
  EXPECT_TRUE(reply->answered()) << reply->body;
}

TEST_F(Bridges, AProbeOfAServerInTroubleChangesNothing) {  // P011, P014
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::modern);
  world.start();
  world.advance(1s);
  server.become(Speaks::modern);
  server.unavailable_next = 1;  // the probe
  world.advance(6h);
  EXPECT_EQ(server.unavailable_next, 0);
  EXPECT_EQ(era_of("a"), "2025-06-18");
  server.become(Speaks::legacy);
  auto const reply = client.call("a__echo", R"({"key":"k"})");
  world.advance(1s);
  EXPECT_TRUE(reply->answered()) << reply->body;
}

TEST_F(Bridges, AToolThatChangedIsCalledAgainWithTheHeadersItWantsNow) {  // P035
  auto& server = world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  world.advance(1s);
  EXPECT_EQ(server.seen["tools/list"], 1);
  server.wanted_header = "mcp-param-key";
  server.canned_tool = R"({"name":"echo","inputSchema":{"type":"object","properties":)"
                       R"({"key":{"type":"string","x-mcp-header":"Key"}}}})";
  auto const reply = client.call("a__echo", R"({"key":"k"})");
  world.advance(1s);
  EXPECT_NE(reply->final().find("{k}"), std::string::npos) << reply->final();
  EXPECT_EQ(server.seen["tools/call"], 2);
  EXPECT_EQ(server.seen["tools/list"], 3) << "for the call, and for the catalogue";
}

TEST_F(Bridges, AServerThatRefusesAllHeadersIsAskedForThemOnceAMinute) {  // P035, P117
  auto& server = world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  world.advance(1s);
  server.wanted_header = "mcp-param-never";
  for (int i = 0; i < 5; ++i) {
    auto const reply = client.call("a__echo", R"({"key":"k"})");
    world.advance(1s);
    EXPECT_TRUE(reply->answered());
    EXPECT_EQ(reply->final().find("-32020"), std::string::npos) << reply->final();
  }
  EXPECT_EQ(server.seen["tools/call"], 2 + 4);
  EXPECT_EQ(server.seen["tools/list"], 3);
}

std::string stream_of(std::string const& events) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + events;
}
constexpr char kFine[] = R"(data: {"jsonrpc":"2.0","id":%ID%,"result":{"content":[]}})";

// P049: the server may end a stream that has ids; its client comes back after `retry`.
TEST_F(Bridges, AStreamOfALegacyServerIsTakenUpAfterItsLastEvent) {
  auto& server = world.http("a", Speaks::legacy);
  server.canned = stream_of("id: e1\nretry: 1500\ndata: \n\n");
  server.canned_streams = {stream_of(""), stream_of("id: e2\ndata: \n\n"),
                           stream_of(std::string(kFine) + "\n\n")};
  for (auto const era : {Era::legacy, Era::modern}) {
    server.resumed.clear();
    auto& client = world.client(era);
    if (era == Era::legacy) world.start();
    if (era == Era::legacy) client.initialize();
    world.advance(1s);
    auto const reply = client.call("a__canned", R"({"key":"k"})");
    world.advance(4400ms);
    EXPECT_FALSE(reply->done) << "three pauses of 1.5 s";
    world.advance(200ms);
    EXPECT_NE(reply->final().find(R"("content":[])"), std::string::npos) << reply->final();
    EXPECT_EQ(server.resumed, (std::vector<std::string>{"e1", "e1", "e2"}));
  }
}

TEST_F(Bridges, AStreamThatCannotBeTakenUpIsLost) {  // P049
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::modern);
  server.canned = stream_of("id: e1\nretry: 10\ndata: \n\n");
  world.start();
  world.advance(1s);
  auto const refused = client.call("a__canned", R"({"key":"k"})");  // GET is 405
  world.advance(90ms);
  EXPECT_FALSE(refused->done) << "not faster than ten times a second";
  world.advance(20ms);
  EXPECT_NE(refused->final().find("connection_lost"), std::string::npos) << refused->final();
  server.canned_streams.assign(1000, stream_of(""));
  auto const endless = client.call("a__canned", R"({"key":"k"})");
  world.advance(6s);
  EXPECT_NE(endless->final().find("timed_out"), std::string::npos) << endless->final();
  EXPECT_LE(server.resumed.size(), 50U);
}

// P068, P072: a legacy server has one level for a session, modern clients one for each request.
TEST_F(Bridges, AModernCallGetsTheLogMessagesOfALegacyServerThatItWants) {
  auto& server = world.http("a", Speaks::legacy);
  server.logs = true;
  auto& client = world.client(Era::modern);
  std::string events;
  for (auto const level : {"debug", "info", "error"}) {
    events += fmt::format(
        "data: "
        "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{{\"level\":\"{}\"}}}}\n\n",
        level);
  }
  server.canned = stream_of(events + kFine + "\n\n");
  world.start();
  world.advance(1s);
  auto const heard = [&] {
    auto const reply = client.call("a__canned");
    world.advance(1s);
    return reply->notes.size();
  };
  EXPECT_EQ(heard(), 0U) << "it did not ask for any";
  EXPECT_TRUE(server.levels.empty());
  client.log_level = "info";
  EXPECT_EQ(heard(), 2U);
  client.log_level = "error";
  EXPECT_EQ(heard(), 1U);
  client.log_level = "debug";
  EXPECT_EQ(heard(), 3U);
  EXPECT_EQ(server.levels, (std::vector<std::string>{R"("info")", R"("debug")"}));
}

constexpr char kAsks[] =
    R"({"jsonrpc":"2.0","id":"q1","method":"elicitation/create","params":{"message":"Who?"}})";

struct AskedOnGet : Bridges {
  AskedOnGet() {
    server.asks_on_get = kAsks;
    client.capabilities = other.capabilities = R"({"elicitation":{}})";
    world.settings.servers.back().timeouts.call = 1min;
    world.start();
    world.advance(1s);
  }
  FakeServer& server = world.http("a", Speaks::legacy);
  FakeClient& client = world.client(Era::modern);
  FakeClient& other = world.client(Era::modern);
  std::string const slow = R"({"key":"k","ms":5000})";
};

// 1.8: outside of a call's own stream, a question is for the only call in the session that can be asked it.
TEST_F(AskedOnGet, TheOnlyCallOfAModernClientIsParked) {  // P059, P060
  auto const asked = client.call("a__slow", slow);
  world.advance(1s);
  auto const text = asked->final();
  EXPECT_NE(text.find(R"("q1":{"method":"elicitation/create","params":{"message":"Who?"}})"),
            std::string::npos);
  EXPECT_TRUE(server.replies.empty());
  auto const state = member_of(text, "requestState");
  auto const again =
      client.request("tools/call", R"("name":"a__slow","arguments":{"ms":5000,"key":"k"},"requestState":")" +
                                       state + R"(","inputResponses":{"q1":{"action":"accept"}})");
  world.advance(5s);
  EXPECT_NE(again->final().find("{k}"), std::string::npos) << again->final() << again->body;
  EXPECT_EQ(server.replies,
            std::vector<std::string>{R"({"jsonrpc":"2.0","id":"q1","result":{"action":"accept"}})"});
  EXPECT_EQ(server.seen["tools/call"], 1);
}

TEST_F(AskedOnGet, WithTwoCallsInTheSessionItIsNobodys) {
  auto const one = client.call("a__slow", slow);
  auto const two = other.call("a__slow", slow);
  world.advance(6s);
  EXPECT_TRUE(one->answered() && two->answered());
  ASSERT_EQ(server.replies.size(), 1U);
  EXPECT_NE(server.replies.front().find("-32601"), std::string::npos);
}

TEST_F(AskedOnGet, ALegacyClientIsAskedOnTheStreamOfItsCall) {
  auto& legacy = world.client(Era::legacy);
  legacy.capabilities = R"({"elicitation":{}})";
  legacy.initialize();
  world.advance(1s);
  auto const call = legacy.call("a__slow", slow);
  world.advance(1s);
  ASSERT_EQ(call->finals.size(), 1U);
  EXPECT_NE(call->final().find(R"("method":"elicitation/create")"), std::string::npos) << call->final();
  EXPECT_EQ(server.seen["GET"], 1);
}

TEST_F(AskedOnGet, NobodyListensForAClientThatCannotBeAsked) {
  client.capabilities = "{}";
  auto const call = client.call("a__slow", slow);
  world.advance(6s);
  EXPECT_TRUE(call->answered());
  EXPECT_EQ(server.seen["GET"], 0);
}

}  // namespace
}  // namespace weir::test
