#include "edge/get_stream.hpp"

#include "edge/http_desk_test.hpp"

namespace weir::edge {
namespace {

base::Task<base::Result<core::Outcome>> say(base::Scheduler& scheduler, core::Call& call, int notes) {
  for (int i = 1; i <= notes; ++i) {
    co_await call.client->notify(R"({"n":)" + std::to_string(i) + "}");
    co_await scheduler.sleep_for(1s);
  }
  co_return core::from_result(R"({"said":true})");
}

struct World : HttpDesk {
  explicit World(base::TableOptions const& table = {}) : HttpDesk(table) {
    handler->act = [this](core::Call& call) { return say(loop, call, 3); };
  }
  bool post_note(std::string const& session, std::string text) {
    auto const pin = sessions.find(session, core::Principal{"anonymous", "anonymous", {}}, loop.now());
    auto const inbox = pin ? pin->client()->inbox.lock() : nullptr;
    bool const taken = inbox && inbox->post(std::move(text), loop.now());
    loop.advance(0s);
    return taken;
  }
  double counted(std::string const& series) {
    std::string const text = "\n" + metrics.render();
    auto const at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::atof(text.c_str() + at + series.size() + 2);
  }
};

TEST(GetStream, BeginsWithAPrimingEventWhereTheRevisionHasOne) {
  World world;
  auto stream = world.get(world.initialize("{}", "2025-11-25"));
  EXPECT_EQ(stream.status(), 200);
  EXPECT_TRUE(stream.has("id: 1.0\nretry: 1000\ndata: \n\n")) << stream.text();
  auto older = world.get(world.initialize("{}", "2025-06-18"));
  EXPECT_FALSE(older.has("data:")) << "older clients choke on an event without data";
}

TEST(GetStream, CarriesWhatBelongsToNoCallOnceWithAnId) {  // P047
  World world;
  auto const session = world.initialize();
  auto stream = world.get(session);
  EXPECT_TRUE(world.post_note(session, R"({"a":1})"));
  EXPECT_EQ(stream.count("id: 1.1\nevent: message\ndata: {\"a\":1}\n\n"), 1U) << stream.text();
  auto call = world.call(session);
  world.loop.advance(10s);
  EXPECT_FALSE(call.has(R"({"a":1})"));
  EXPECT_FALSE(stream.has(R"("n":1)"));
}

TEST(GetStream, RefusesWhatItCannotServe) {  // P045, P046
  World world;
  auto const session = world.initialize();
  EXPECT_EQ(world.get("nobody").status(), 404);
  EXPECT_EQ(world.get(session, "MCP-Protocol-Version: 1999-01-01\r\n").status(), 400);
  EXPECT_EQ(world.get(session, World::after("1.7")).status(), 400);
  EXPECT_EQ(world.get(session, World::after("nonsense")).status(), 400);
  EXPECT_EQ(world
                .send("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n" +
                      World::in(session) + "\r\n")
                .status(),
            406);
  EXPECT_EQ(world.send("GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n").status(), 405);
}

TEST(GetStream, AClientThatComesBackGetsTheRestOfItsCall) {  // P043, P048, ruling 10
  World world;
  auto const session = world.initialize();
  auto call = world.call(session);
  EXPECT_TRUE(call.has("id: 2.1\nevent: message\ndata: {\"n\":1}")) << call.text();
  call.hang_up();
  world.loop.advance(1s + 500ms);
  auto rest = world.get(session, World::after("2.1"));
  EXPECT_TRUE(rest.has("id: 2.2\n"));
  EXPECT_FALSE(rest.has("id: 2.1\nevent"));
  EXPECT_FALSE(rest.stream_over());
  world.loop.advance(3s);
  EXPECT_TRUE(
      rest.has("id: 2.4\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"said\":true}}"))
      << rest.text();
  EXPECT_TRUE(rest.stream_over());
  auto whole = world.get(session, World::after("2.0"));
  EXPECT_EQ(whole.count("\nevent: message\n"), 4U) << whole.text();
}

TEST(GetStream, ReadingACallsStreamOnTakesItFromTheHalfOpenConnection) {
  World world;
  auto const session = world.initialize();
  auto call = world.call(session);
  auto rest = world.get(session, World::after("2.1"));
  world.loop.advance(5s);
  EXPECT_FALSE(call.has("2.2")) << call.text();
  EXPECT_TRUE(rest.has("id: 2.4\n")) << rest.text();
}

TEST(GetStream, ASecondOneReplacesTheFirst) {  // F-65
  World world;
  auto const session = world.initialize();
  auto first = world.get(session);
  auto second = world.get(session);
  EXPECT_TRUE(first.has("event: close\ndata: {\"reason\":\"replaced\"}\n\n")) << first.text();
  world.loop.advance(1s);
  world.post_note(session, "{}");
  EXPECT_TRUE(second.has("id: 1.1\n"));
  EXPECT_EQ(world.counted(R"(weir_streams_closed_total{era="legacy",reason="replaced"})"), 1);
  EXPECT_EQ(world.counted("mcp_streams_active"), 1);
}

// A client takes the connection of a stream that ended well for its next request: closed without having been
// announced, it would cost that client a call that nobody may repeat (RFC 9112 9.6).
TEST(GetStream, TheConnectionOfAStreamThatEndedTakesTheNextRequest) {
  World world;
  auto const session = world.initialize();
  auto first = world.get(session);
  auto second = world.get(session);
  ASSERT_TRUE(first.stream_over()) << first.text();
  EXPECT_FALSE(first.has("Connection: close"));
  auto const length = first.text().size();
  std::string const next = "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" +
                           World::in(session) + World::after("1.0") + "\r\n";
  iovec const piece{const_cast<char*>(next.data()), next.size()};
  EXPECT_EQ(first.stream().write({&piece, 1}).bytes, next.size());
  world.loop.advance(0s);
  EXPECT_EQ(first.text().substr(length, 15), "HTTP/1.1 200 OK");
  EXPECT_TRUE(second.stream_over()) << "replaced in its turn";
  world.post_note(session, "{}");
  EXPECT_TRUE(first.has("id: 1.1\n")) << first.text();
}

TEST(GetStream, TheEndOfTheSessionIsItsLastEvent) {  // R-025
  World world({.entries_max = 1, .per_principal_max = 1, .shards = 1});
  auto const session = world.initialize();
  auto stream = world.get(session);
  EXPECT_NE(world.initialize(), "") << "an open stream is no work in flight: the session can go";
  EXPECT_TRUE(stream.has(R"(event: close
data: {"reason":"evicted"})"))
      << stream.text();
  EXPECT_TRUE(stream.stream_over());
  EXPECT_EQ(world.get(session).status(), 404);
  EXPECT_EQ(world.counted(R"(weir_session_events_total{event="evicted"})"), 1);
  EXPECT_EQ(world.counted(R"(weir_session_events_total{event="created"})"), 2);
  EXPECT_EQ(world.counted("mcp_sessions_active"), 1);
}

TEST(GetStream, NothingFollowsItsLastEvent) {  // F-60: whoever finds it open is who writes
  World world;
  auto const session = world.initialize();
  core::Principal const who{"anonymous", "anonymous", {}};
  auto stream = world.get(session);
  auto const pin = world.sessions.find(session, who, world.loop.now());
  world.loop.advance(15s - 1ms);
  EXPECT_TRUE(pin->outbox()->post(R"({"before":1})", world.loop.now()));
  EXPECT_TRUE(world.sessions.end(session, who, world.loop.now()));
  EXPECT_FALSE(pin->outbox()->post(R"({"after":1})", world.loop.now()));
  world.loop.advance(1ms);  // when a keep-alive is due too
  auto const text = stream.text();
  auto const last = text.find("event: close");
  ASSERT_NE(last, std::string::npos) << text;
  EXPECT_EQ(text.substr(text.find("\n\n", last)), "\n\n\r\n0\r\n\r\n");
}

TEST(GetStream, ShutdownIsTold) {  // F-63
  World world;
  auto stream = world.get(world.initialize());
  world.feed.close();
  world.loop.advance(0s);
  EXPECT_TRUE(stream.has(R"({"reason":"shutdown"})")) << stream.text();
  EXPECT_TRUE(stream.stream_over());
}

TEST(GetStream, ASlowReaderIsClosedWithAReasonAndMemoryIsBounded) {  // F-62
  World world;
  world.sessions.set_stream_limits({.replay_bytes = 4096, .replay_age = 1h, .buffer_bytes = 4096});
  auto const session = world.initialize();
  auto stream = world.get(session, {}, 2048);
  for (int i = 0; i < 20; ++i) world.post_note(session, '"' + std::string(500, 'x') + '"');
  EXPECT_LE(world.counted("weir_replay_buffer_bytes"), 4096);
  EXPECT_EQ(world.counted(R"(weir_streams_closed_total{era="legacy",reason="slow_reader"})"), 1);
  for (int i = 0; i < 10; ++i) {
    stream.text();
    world.loop.advance(0s);
  }
  EXPECT_TRUE(stream.has(R"({"reason":"slow_reader"})")) << stream.text();
}

TEST(GetStream, OneThatDoesNotEvenTakeItsLastEventIsCutOff) {  // F-64: closing has a deadline of its own
  World world;
  world.sessions.set_stream_limits({.replay_bytes = 4096, .replay_age = 1h, .buffer_bytes = 4096});
  auto const session = world.initialize();
  auto stream = world.get(session, {}, 1024);
  for (int i = 0; i < 20; ++i) world.post_note(session, '"' + std::string(500, 'x') + '"');
  EXPECT_EQ(world.counted(R"(weir_streams{era="legacy",state="closing"})"), 1);
  world.loop.advance(4s);
  EXPECT_EQ(world.connections.size(), 1U) << "it may still read its last event";
  world.loop.advance(2s);
  EXPECT_EQ(world.connections.size(), 0U);
  EXPECT_EQ(world.counted("mcp_streams_active"), 0);
}

TEST(GetStream, KeepAlivesComeWithSilenceOnly) {  // P040
  World world;
  auto stream = world.get(world.initialize());
  world.loop.advance(14s);
  EXPECT_EQ(stream.count("\n:\n\n"), 0U) << stream.text();
  world.loop.advance(31s);
  EXPECT_EQ(stream.count(":\n\n"), 3U) << stream.text();
}

TEST(GetStream, AReloadReachesStreamsThatAreOpen) {  // R-029
  World world;
  auto stream = world.get(world.initialize());
  world.loop.advance(1s);
  auto const rules = std::make_shared<EndpointRules>(*world.rules);
  rules->streams.keepalive = 2s;
  world.endpoint->set_rules(rules);
  world.loop.advance(14s);
  EXPECT_EQ(stream.count(":\n\n"), 7U) << stream.text();
  world.loop.advance(10s);
  EXPECT_EQ(stream.count(":\n\n"), 12U) << stream.text();
}

TEST(GetStream, AnIdleClientThatReadsIsNeverStaleAndADeadOneIsAfterFiveMinutes) {  // F-58
  World world;
  auto alive = world.get(world.initialize());
  auto dead = world.get(world.initialize());
  for (int i = 0; i < 8; ++i) {
    world.loop.advance(30s);
    alive.text();
  }
  EXPECT_EQ(world.counted("mcp_streams_active"), 2);
  for (int i = 0; i < 4; ++i) {
    world.loop.advance(30s);
    alive.text();
  }
  EXPECT_EQ(world.counted("mcp_streams_active"), 1);
  EXPECT_EQ(world.counted(R"(weir_stream_events_total{era="legacy",event="stale"})"), 1);
  for (int i = 0; i < 110; ++i) {
    world.loop.advance(30s);
    alive.text();
  }
  EXPECT_EQ(world.counted("mcp_streams_active"), 1);
}

TEST(GetStream, AClientThatHangsUpLeavesNothingAtOnce) {  // R-138
  World world;
  auto stream = world.get(world.initialize());
  EXPECT_EQ(world.connections.size(), 1U);
  stream.hang_up();
  world.loop.advance(0s);
  EXPECT_EQ(world.connections.size(), 0U);
  EXPECT_EQ(world.counted("mcp_streams_active"), 0);
  EXPECT_EQ(world.counted(R"(weir_streams_closed_total{era="legacy",reason="client_gone"})"), 1);
}

TEST(GetStream, AForeignPrincipalsStreamIsLikeAnUnknownOne) {  // P108, F-17
  World world;
  auto opened = world.sessions.open({}, core::Principal{"key:b", "key", {}}, world.loop.now());
  EXPECT_EQ(world.get((*opened)->client()->id).status(), 404);
}

}  // namespace
}  // namespace weir::edge
