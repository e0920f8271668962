#include "edge/pair_stream.hpp"

#include "edge/http_desk_test.hpp"

// HTTP+SSE, the transport of 2024-11-05 (protocol page 2.4).
namespace weir::edge {
namespace {

std::string request(std::string const& id, std::string const& method = "tools/call") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":{"name":"t"}})";
}
std::string result(std::string const& id, std::string const& json) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + json + "}";
}
std::string event(std::string const& json) { return "event: message\ndata: " + json + "\n\n"; }

constexpr char kHello[] =
    R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05",)"
    R"("capabilities":{"roots":{}},"clientInfo":{"name":"old"}}})";

struct World : HttpDesk {
  explicit World(base::TableOptions const& table = {}) : HttpDesk(table) { rules->legacy_sse = true; }
  Exchange open(std::size_t pipe_bytes = 1 << 20, std::string const& fields = {}) {
    return send("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + fields + "\r\n",
                pipe_bytes);
  }
  static std::string uri_of(Exchange& stream) {
    constexpr std::string_view kFirst = "event: endpoint\ndata: ";
    auto const at = stream.text().find(kFirst);
    if (at == std::string::npos) return {};
    auto const begin = at + kFirst.size();
    return stream.text().substr(begin, stream.text().find('\n', begin) - begin);
  }
  static std::string id_of(Exchange& stream) {
    auto const uri = uri_of(stream);
    return uri.substr(uri.find('=') + 1);
  }
  // As clients of that time post: no Accept for what does not come.
  Exchange say(std::string const& uri, std::string const& body, std::string const& fields = {}) {
    return send("POST " + uri + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
                fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  int post(Exchange& stream, std::string const& body) { return say(uri_of(stream), body).status(); }
  double counted(std::string const& series) {
    std::string const text = "\n" + metrics.render();
    auto const at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::atof(text.c_str() + at + series.size() + 2);
  }
  void sleepy(base::Duration time, int& running) {
    handler->act = [this, time, &running](core::Call&) { return sleep(time, running); };
  }
  base::Task<base::Result<core::Outcome>> sleep(base::Duration time, int& running) {
    struct Live {
      int& n;
      explicit Live(int& v) : n(v) { ++n; }
      ~Live() { --n; }
    } const live(running);
    co_await loop.sleep_for(time);
    co_return core::from_result(R"({"slept":true})");
  }
};

TEST(PairStream, BeginsWithTheUriToPostToAndAnswersOnTheStream) {
  World world;
  auto stream = world.open();
  EXPECT_EQ(stream.status(), 200);
  EXPECT_TRUE(World::uri_of(stream).starts_with("/mcp?sessionId=")) << stream.text();
  EXPECT_EQ(World::id_of(stream).size(), 32U) << "192 random bits";
  auto accepted = world.say(World::uri_of(stream), kHello);
  EXPECT_EQ(accepted.status(), 202);
  EXPECT_TRUE(accepted.has("Content-Length: 0\r\n"));
  EXPECT_EQ(stream.count(event(result("0", "{}"))), 1U) << stream.text();
  EXPECT_EQ(world.post(stream, request(R"("a")")), 202);
  EXPECT_EQ(stream.count(event(result(R"("a")", "{}"))), 1U);
  EXPECT_FALSE(stream.has("\nid: ")) << "nothing can be resumed";
  auto other = world.open();
  EXPECT_NE(World::id_of(other), World::id_of(stream));
}

TEST(PairStream, OldClientsFindItAtSseToo) {
  World world;
  auto const get = [&](std::string const& path, std::string const& method = "GET") {
    return world.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" +
                      (method == "POST" ? "Content-Length: 0\r\n\r\n" : "\r\n"));
  };
  auto stream = get("/sse");
  EXPECT_EQ(stream.status(), 200);
  EXPECT_TRUE(World::uri_of(stream).starts_with("/mcp?sessionId=")) << stream.text();
  EXPECT_EQ(world.post(stream, kHello), 202);
  auto refused = get("/sse", "POST");
  EXPECT_EQ(refused.status(), 405) << "clients that try the newer transport first then send GET";
  EXPECT_TRUE(refused.has("Allow: GET, OPTIONS\r\n")) << refused.text();
  EXPECT_EQ(get("/sse/nobody").status(), 404);
  EXPECT_EQ(get("/ssex").status(), 404);
  world.rules->legacy_sse = false;
  EXPECT_EQ(get("/sse").status(), 404);
}

TEST(PairStream, ARequestHasOneIdInItsAcknowledgementAndItsError) {
  World world;
  world.handler->act = [](core::Call&) -> base::Task<base::Result<core::Outcome>> {
    co_return base::Error(base::Fault::busy, base::Blame::gateway, "full");
  };
  auto stream = world.open(1 << 20, "X-Request-Id: opening\r\n");
  EXPECT_EQ(stream.count("X-Request-Id: opening\r\n"), 1U) << stream.text();
  auto const uri = World::uri_of(stream);
  world.say(uri, kHello);
  auto chosen = world.say(uri, request("1"), "X-Request-Id: mine\r\n");
  EXPECT_EQ(chosen.status(), 202);
  EXPECT_EQ(chosen.count("X-Request-Id: mine\r\n"), 1U) << chosen.text();
  EXPECT_EQ(stream.count(R"("requestId":"mine")"), 1U) << stream.text();
  auto own = world.say(uri, request("2"));
  auto const at = own.text().find("X-Request-Id: ") + 14;
  ASSERT_GT(own.text().size(), at) << own.text();
  auto const id = own.text().substr(at, own.text().find("\r\n", at) - at);
  EXPECT_EQ(stream.count("\"requestId\":\"" + id + "\""), 1U) << stream.text();
  auto note =
      world.say(uri, R"({"jsonrpc":"2.0","method":"notifications/initialized"})", "X-Request-Id: told\r\n");
  EXPECT_EQ(note.status(), 202);
  EXPECT_EQ(note.count("X-Request-Id: told\r\n"), 1U) << note.text();
}

TEST(PairStream, IsNotThereUnlessItIsSwitchedOn) {
  World world;
  EXPECT_EQ(world.open(1 << 20, "MCP-Protocol-Version: 2026-07-28\r\n").status(), 405);
  auto stream = world.open();
  auto const uri = World::uri_of(stream);
  world.rules->legacy_sse = false;
  EXPECT_EQ(world.open().status(), 405);
  EXPECT_EQ(world.say(uri, request("1")).status(), 400) << "then the query means nothing";
}

TEST(PairStream, HearsOnceWhoTheClientIs) {
  World world;
  auto stream = world.open();
  auto const client = [&] {
    auto const who = core::Principal{"anonymous", "anonymous", {}};
    return world.sessions.find(World::id_of(stream), who, world.loop.now())->client();
  };
  EXPECT_EQ(client()->capabilities, "{}");
  world.post(stream, kHello);
  EXPECT_EQ(client()->capabilities, R"({"roots":{}})");
  EXPECT_EQ(client()->revision, mcp::Revision::r2024_11_05);
  EXPECT_EQ(world.post(stream, kHello), 202);
  EXPECT_EQ(stream.count("-32600"), 1U) << stream.text();
  EXPECT_EQ(world.post(stream, request("5", "initialize")), 202);
  EXPECT_TRUE(stream.has(R"("id":5,"error":{"code":-32602)")) << stream.text();
  EXPECT_EQ(world.sessions.size(), 1U);
}

TEST(PairStream, AsksTheClientAndHearsItsAnswer) {
  World world;
  auto stream = world.open();
  world.post(stream, kHello);
  world.handler->act = [](core::Call& call) -> base::Task<base::Result<core::Outcome>> {
    co_await call.client->notify(R"({"n":1})");
    auto answer = co_await call.client->ask("roots/list", "");
    co_return core::from_result(answer ? std::string(answer->raw(mcp::Field::result)) : "{}");
  };
  world.post(stream, request("1"));
  EXPECT_TRUE(stream.has(event(R"({"n":1})"))) << stream.text();
  EXPECT_TRUE(stream.has(R"("id":"weir-1","method":"roots/list")")) << stream.text();
  EXPECT_EQ(world.post(stream, result(R"("weir-1")", R"({"roots":[]})")), 202);
  EXPECT_TRUE(stream.has(event(result("1", R"({"roots":[]})")))) << stream.text();
}

TEST(PairStream, CarriesWhatBelongsToNoCall) {  // P047
  World world;
  auto stream = world.open();
  auto const who = core::Principal{"anonymous", "anonymous", {}};
  auto const inbox = world.sessions.find(World::id_of(stream), who, world.loop.now())->client()->inbox.lock();
  EXPECT_TRUE(inbox->post(R"({"a":1})", world.loop.now()));
  world.loop.advance(0s);
  EXPECT_EQ(stream.count(event(R"({"a":1})")), 1U) << stream.text();
}

TEST(PairStream, ItsEndIsTheEndOfTheSessionAndOfItsCalls) {
  World world;
  int running = 0;
  world.sleepy(100s, running);
  auto stream = world.open();
  auto const uri = World::uri_of(stream);
  world.post(stream, request("1"));
  EXPECT_EQ(running, 1);
  stream.hang_up();
  world.loop.advance(0s);
  EXPECT_EQ(running, 0) << "nobody could get the answer";
  EXPECT_EQ(world.counted(R"(mcp_requests_total{method="tools/call",outcome="cancelled",server="",tool=""})"),
            1);
  EXPECT_EQ(world.sessions.size(), 0U);
  EXPECT_EQ(world.ended.size(), 1U);
  EXPECT_EQ(world.gate.inside(), 0U);
  EXPECT_EQ(world.endpoint->in_progress(), 0U);
  EXPECT_EQ(world.counted("mcp_streams_active"), 0);
  EXPECT_EQ(world.say(uri, request("2")).status(), 404);
}

TEST(PairStream, TheEndOfTheSessionIsItsLastEvent) {  // R-021, R-022, R-025
  World world({.entries_max = 1, .per_principal_max = 1, .idle_max = 60s, .shards = 1});
  auto stream = world.open();
  auto next = world.open();
  EXPECT_TRUE(stream.has(R"(event: close
data: {"reason":"evicted"})"))
      << stream.text();
  EXPECT_TRUE(stream.stream_over());
  int running = 0;
  world.sleepy(100s, running);
  world.post(next, request("1"));
  auto refused = world.open();
  EXPECT_EQ(refused.status(), 503) << "its work is in flight: nobody can go";
  EXPECT_TRUE(refused.has("Retry-After: 1\r\n"));
  EXPECT_TRUE(refused.has("End sessions that are no longer used")) << refused.text();
  world.loop.advance(101s);
  EXPECT_EQ(next.count(R"({"slept":true})"), 1U);
  world.loop.advance(60s);
  world.sessions.expire(world.loop.now(), 100);
  world.loop.advance(0s);
  EXPECT_TRUE(next.has(R"({"reason":"idle"})")) << next.text();
}

TEST(PairStream, CancelEndsACallWithoutAnAnswer) {
  World world;
  int running = 0;
  world.sleepy(100s, running);
  auto stream = world.open();
  world.post(stream, request("1"));
  EXPECT_EQ(
      world.post(stream, R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})"),
      202);
  EXPECT_EQ(running, 0);
  EXPECT_FALSE(stream.has(R"("id":1)"));
  EXPECT_EQ(world.gate.inside(), 0U);
}

TEST(PairStream, AForeignOrUnknownSessionIsNotFound) {  // P045, P108
  World world;
  auto opened = world.sessions.open({}, core::Principal{"key:b", "key", {}}, world.loop.now());
  (*opened)->receive_by(std::make_shared<session::Letterbox>(world.loop));
  for (auto const& id : {(*opened)->client()->id, std::string("nobody"), std::string(), world.initialize()}) {
    EXPECT_EQ(world.say("/mcp?sessionId=" + id, request("1")).status(), 404) << id;
  }
}

TEST(PairStream, BadInputIsRefusedAtThePostAndHarmsNothing) {
  World world;
  auto stream = world.open();
  auto const told = [&](std::string const& body, std::string const& fields = {}) {
    auto answer = world.say(World::uri_of(stream), body, fields);
    auto const at = answer.text().find(R"("code":)");
    return std::to_string(answer.status()) + " " +
           (at == std::string::npos ? "0" : std::to_string(std::stoi(answer.text().substr(at + 7))));
  };
  EXPECT_EQ(told("{"), "400 -32700");
  EXPECT_EQ(told("{}"), "400 -32600");
  EXPECT_EQ(told("[" + request("1") + "]"), "400 -32600");
  EXPECT_EQ(told(request("1"), "MCP-Protocol-Version: 1999-01-01\r\n"), "400 -32000");
  EXPECT_EQ(told(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{)"
                 R"("io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})"),
            "400 -32600");
  world.gate.set_most(0);
  EXPECT_EQ(told(request("1")), "503 4290");
  EXPECT_EQ(world.counted(R"(weir_http_rejects_total{reason="busy"})"), 1);
  world.gate.set_most(1);
  EXPECT_EQ(told(request("2")), "202 0");
  EXPECT_EQ(stream.count(event(result("2", "{}"))), 1U);
  EXPECT_EQ(stream.count("event: message"), 1U);
}

TEST(PairStream, AnswersLargerThanTheBufferWaitForTheirTurn) {  // F-62
  World world;
  world.handler->act = [](core::Call&) -> base::Task<base::Result<core::Outcome>> {
    co_return core::from_result(R"({"big":")" + std::string(600'000, 'x') + "\"}");
  };
  auto stream = world.open(16 * 1024);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(world.post(stream, request(std::to_string(i))), 202);
  EXPECT_EQ(world.gate.inside(), 3U) << "each keeps its place until it is read";
  for (int i = 0; i < 200; ++i) {
    stream.text();
    world.loop.advance(0s);
  }
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(stream.count(R"({"jsonrpc":"2.0","id":)" + std::to_string(i) + ","), 1U);
  }
  EXPECT_EQ(world.gate.inside(), 0U);
  EXPECT_EQ(world.sessions.size(), 1U);
}

TEST(PairStream, AReaderThatIsTooSlowIsClosedWithItsSession) {  // F-62
  World world;
  world.sessions.set_stream_limits({.replay_bytes = 4096, .replay_age = 1h, .buffer_bytes = 4096});
  auto stream = world.open(1024);
  auto const who = core::Principal{"anonymous", "anonymous", {}};
  auto const inbox = world.sessions.find(World::id_of(stream), who, world.loop.now())->client()->inbox.lock();
  for (int i = 0; i < 5; ++i) inbox->post('"' + std::string(500, 'x') + '"', world.loop.now());
  world.loop.advance(1s);
  EXPECT_EQ(world.sessions.size(), 1U);
  for (int i = 0; i < 9; ++i) inbox->post('"' + std::string(500, 'x') + '"', world.loop.now());
  world.loop.advance(10s);
  EXPECT_EQ(world.sessions.size(), 0U);
  EXPECT_EQ(world.connections.size(), 0U);
  EXPECT_EQ(world.counted(R"(weir_streams_closed_total{era="legacy",reason="slow_reader"})"), 1);
}

TEST(PairStream, TakesNoRequestOnceItIsClosing) {
  World world;
  world.sessions.set_stream_limits({.replay_bytes = 4096, .replay_age = 1h, .buffer_bytes = 4096});
  auto stream = world.open(1024);
  auto const uri = World::uri_of(stream);
  auto const who = core::Principal{"anonymous", "anonymous", {}};
  auto const inbox = world.sessions.find(World::id_of(stream), who, world.loop.now())->client()->inbox.lock();
  for (int const events : {5, 9}) {
    for (int i = 0; i < events; ++i) inbox->post('"' + std::string(500, 'x') + '"', world.loop.now());
    world.loop.advance(1s);
  }
  EXPECT_EQ(world.sessions.size(), 1U) << "it is saying why";
  EXPECT_EQ(world.say(uri, request("1")).status(), 404);
  EXPECT_EQ(world.gate.inside(), 0U);
}

TEST(PairStream, AClientThatStopsReadingLosesItsSessionAfterTheStall) {
  World world;
  world.handler->act = [](core::Call&) -> base::Task<base::Result<core::Outcome>> {
    co_return core::from_result(R"({"big":")" + std::string(9'000, 'x') + "\"}");
  };
  auto stream = world.open(1024);
  for (int i = 1; i <= 5; ++i) world.post(stream, request(std::to_string(i)));
  world.loop.advance(29s);
  EXPECT_EQ(world.sessions.size(), 1U);
  world.loop.advance(10s);
  EXPECT_EQ(world.sessions.size(), 0U);
  EXPECT_EQ(world.gate.inside(), 0U);
  EXPECT_EQ(world.connections.size(), 0U);
}

TEST(PairStream, AShutdownLetsCallsFinish) {  // F-63
  World world;
  int running = 0;
  world.sleepy(3s, running);
  auto idle = world.open();
  auto busy = world.open();
  world.post(busy, request("1"));
  world.feed.close();
  world.loop.advance(0s);
  EXPECT_TRUE(idle.has(R"({"reason":"shutdown"})"));
  EXPECT_FALSE(busy.stream_over());
  world.loop.advance(3s);
  EXPECT_TRUE(busy.has(event(result("1", R"({"slept":true})")))) << busy.text();
  EXPECT_TRUE(busy.has(R"({"reason":"shutdown"})"));
  EXPECT_EQ(world.endpoint->in_progress(), 0U);
}

}  // namespace
}  // namespace weir::edge
