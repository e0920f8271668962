#include <gtest/gtest.h>

#include "core/outcome.hpp"
#include "support/world.hpp"
#include "upstream/http_backend.hpp"

// Legacy sessions from end to end: their limits as configured, what is counted, what they leave upstream.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

constexpr char kUpstream[] = R"(weir_upstream_sessions{server="a"})";

std::string event(std::string const& what) { return R"(weir_session_events_total{event=")" + what + "\"}"; }

struct Sessions : testing::Test {
  FakeClient& opened() {
    auto& client = world.client(Era::legacy);
    client.initialize();
    world.advance(0s);
    return client;
  }
  int status_of(FakeClient& client) {
    auto const reply = client.request("ping");
    world.advance(1s);
    return reply->head.status();
  }
  World world;
};

TEST_F(Sessions, OneThatEndsWhileItsUpstreamSessionIsOpenedLeavesNoneThere) {  // F-20
  auto& server = world.http("a", Speaks::legacy);
  world.start();
  auto& client = opened();
  server.handshake_takes = 2s;
  auto const reply = client.call("a__echo");
  world.advance(1s);
  EXPECT_EQ(server.sessions(), 2U);
  client.end_session();
  world.advance(1s - 1ms);
  EXPECT_EQ(reply->head.status(), 404);
  world.advance(1s);
  EXPECT_EQ(server.sessions(), 1U) << "only the gateway's own is left";
  EXPECT_EQ(world.metric(kUpstream), 1);
}

TEST_F(Sessions, AnUpstreamSessionWhoseFirstCallWasCancelledServesTheNext) {  // F-20
  auto& server = world.http("a", Speaks::legacy);
  world.start();
  auto& client = opened();
  server.handshake_takes = 1s;
  client.call("a__echo", "{}", "1");
  world.advance(500ms);
  client.cancel("1");
  world.advance(0s);
  auto const second = client.call("a__echo", "{}", "2");
  world.advance(1s);
  EXPECT_TRUE(second->answered());
  EXPECT_EQ(server.seen["initialize"], 2) << "the gateway's own, and one for the client";
  EXPECT_EQ(server.sessions(), 2U);
}

TEST_F(Sessions, AModernClientThatLeavesDuringTheHandshakeOrphansNothing) {  // F-20
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::modern);
  world.start();
  server.handshake_takes = 1s;
  client.hang_up(client.call("a__echo"));
  auto const reply = client.call("a__echo");
  world.advance(500ms);
  client.hang_up(reply);
  world.advance(1s);
  auto const next = client.call("a__echo");
  world.advance(1s);
  EXPECT_TRUE(next->answered());
  EXPECT_EQ(server.sessions(), 2U);
  EXPECT_EQ(world.metric(kUpstream), 2);
}

TEST_F(Sessions, AServerThatGoesDuringTheHandshakeIsLeftWithoutSessions) {  // F-20
  auto& server = world.http("a", Speaks::legacy);
  world.start();
  auto& client = opened();
  server.handshake_takes = 1s;
  auto const reply = client.call("a__echo");
  world.advance(500ms);
  world.settings.servers.clear();
  world.reload();
  world.advance(5s);
  EXPECT_TRUE(reply->answered()) << "it was in flight: the server goes behind it";
  EXPECT_EQ(server.sessions(), 0U);
}

TEST_F(Sessions, AServerThatGoesWhileItIsAskedWhoItIsIsLeftWithoutSessions) {  // F-20
  auto& server = world.http("a", Speaks::legacy);
  server.handshake_takes = 3s;
  world.start();
  EXPECT_EQ(server.sessions(), 1U);
  world.settings.servers.clear();
  world.reload();
  world.advance(5s);
  EXPECT_EQ(server.sessions(), 0U);
}

TEST_F(Sessions, HandshakesThatComeTooLateAreEndedWhenTheyCome) {  // F-20
  auto& server = world.http("a", Speaks::legacy);
  server.handshake_takes = 11s;  // the gateway waits for 10 s
  world.start();
  world.advance(5min);
  EXPECT_GE(server.seen["initialize"], 5);
  EXPECT_LE(server.sessions(), 2U) << "the one that is being opened, and the one before it";
}

TEST(SessionsAnew, AskingAServerAgainLeavesOneSessionThere) {  // F-20: as a health check does
  for (auto const speaks : {Speaks::legacy, Speaks::both}) {
    World world;
    auto& server = world.http("a", speaks);
    world.start();
    for (int i = 0; i < 5; ++i) {
      server.die();
      auto& client = world.client(Era::modern);
      client.call("a__echo");
      world.advance(10s);
      server.alive = true;
      world.advance(2min);
      auto const reply = client.call("a__echo");
      world.advance(1s);
      ASSERT_TRUE(reply->answered());
    }
    bool const pooled = speaks == Speaks::legacy;  // the modern client's calls go over a session of their own
    EXPECT_GE(server.seen[pooled ? "initialize" : "server/discover"], 5);
    EXPECT_EQ(server.sessions(), pooled ? 2U : 0U) << "no client of an older revision has come";
  }
}

// A backend without the layers before it, and the calls of one client session.
struct LoneBackend : Sessions {
  struct Deaf final : core::BackendObserver {
    void list_changed(std::string_view, mcp::Method) override {}
    void state_changed(std::string_view) override {}
  };
  struct Sink final : core::ClientSink {
    base::Task<bool> notify(std::string) override { co_return true; }
  };
  void SetUp() override {
    server = &world.http("a", Speaks::legacy);
    world.start();
    upstream::HttpBackendOptions options;
    options.name = "a";
    options.url = *net::parse_url("http://a.test/mcp");
    backend.emplace(world.loop, world.dialer, world.random, observer, options);
    run([](upstream::HttpBackend& one) -> base::Task<void> {
      static_cast<void>(co_await one.open());
    }(*backend));
    others = server->sessions();
    pin = std::move(*world.sessions().open({}, who, world.now()));
  }
  void run(base::Task<void> task) {
    base::TaskGroup group(world.loop);
    group.spawn(std::move(task));
    world.advance(1s);
  }
  bool answers() {
    core::Call call(
        *mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}})"));
    call.revision = mcp::kNewestLegacy;
    call.principal = &who;
    call.session = pin->client();
    call.client = &sink;
    call.target = "echo";
    bool answered = false;
    run([](upstream::HttpBackend& to, core::Call& of, bool& ok) -> base::Task<void> {
      auto const outcome = co_await to.handle(of);
      ok = outcome.has_value();
    }(*backend, call, answered));
    return answered;
  }

  core::Principal const who{"anonymous", "anonymous", {}};
  Deaf observer;
  Sink sink;
  FakeServer* server = nullptr;
  std::optional<upstream::HttpBackend> backend;
  session::SessionTable::Table::Pin pin;
  std::size_t others = 0;  // sessions at the server that are not this client's
};

// A call that hops between workers may come to its server after the news that its session is over.
TEST_F(LoneBackend, OpensNothingForACallOfASessionThatIsOver) {  // F-20
  EXPECT_TRUE(answers());
  EXPECT_EQ(server->sessions(), others + 1);
  std::string const id = pin->client()->id;
  world.sessions().end(id, who, world.now());
  backend->session_ended(id);
  world.advance(1s);
  EXPECT_EQ(server->sessions(), others);
  EXPECT_FALSE(answers());
  EXPECT_EQ(server->sessions(), others);
}

TEST_F(LoneBackend, OpensNothingOnceItIsClosed) {  // F-20
  run([](upstream::HttpBackend& one, base::TimePoint until) -> base::Task<void> {
    co_await one.close(until);
  }(*backend, world.now() + 5s));
  EXPECT_EQ(server->sessions(), others - 1);
  EXPECT_FALSE(answers());
  EXPECT_EQ(server->sessions(), others - 1);
}

TEST_F(Sessions, ADeleteThatFindsItsKeptConnectionDeadIsSentAgain) {  // F-20
  auto& server = world.http("a", Speaks::legacy);
  world.start();
  auto& client = opened();
  client.call("a__echo");
  world.advance(1s);
  server.reset_delete_next = 1;
  client.end_session();
  world.advance(1s);
  EXPECT_EQ(server.sessions(), 1U);
}

TEST_F(Sessions, WhenNobodyCanGoTheNewcomerIsToldWhenToComeBack) {  // F-15
  world.settings.sessions.max = world.settings.sessions.per_principal = 1;
  world.http("a", Speaks::legacy);
  world.start();
  auto& working = opened();
  auto const call = working.call("a__slow", R"({"ms":3000})");
  world.advance(1s);
  auto& newcomer = world.client(Era::legacy);
  auto const refused = newcomer.initialize();
  world.advance(0s);
  EXPECT_EQ(refused->head.status(), 503);
  EXPECT_EQ(refused->head.field("retry-after"), "1");
  EXPECT_EQ(newcomer.session(), "");
  EXPECT_EQ(world.metric(event("refused_full")), 1);
  world.advance(2s);
  EXPECT_TRUE(call->answered());
  newcomer.initialize();
  world.advance(0s);
  EXPECT_NE(newcomer.session(), "") << "the one at work has finished: it can go";
  EXPECT_EQ(status_of(working), 404);
  EXPECT_EQ(world.metric(event("evicted")), 1);
}

TEST_F(Sessions, EndAtTheirIdleTimeAndNotBefore) {  // R-021
  world.settings.sessions.idle = 60s;
  world.start();
  auto& kept = opened();
  auto& left = opened();
  world.advance(59s);
  EXPECT_EQ(status_of(kept), 200);
  EXPECT_EQ(world.sessions().size(), 1U);
  EXPECT_EQ(status_of(left), 404);
  EXPECT_EQ(world.metric(event("idle")), 1);
}

TEST_F(Sessions, AreNotKeptAliveByRequestsThatAreRefused) {  // F-18
  world.settings.sessions.idle = 60s;
  world.start();
  auto& client = opened();
  std::string const session = "Mcp-Session-Id: " + client.session() + "\r\n";
  std::string const get = "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + session;
  std::string const post =
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Accept: application/json, text/event-stream\r\n" +
      session;
  world.advance(30s);
  for (auto const& bytes :
       {post + "Content-Length: 1\r\n\r\n{", post + "Content-Length: 2\r\n\r\n{}",
        post + "MCP-Protocol-Version: 1999-01-01\r\nContent-Length: 2\r\n\r\n{}",
        get + "Last-Event-ID: 9.9\r\n\r\n", get + "MCP-Protocol-Version: 1999-01-01\r\n\r\n",
        "DELETE" + get.substr(3) + "MCP-Protocol-Version: 1999-01-01\r\n\r\n"}) {
    auto const reply = world.client(Era::legacy).post(bytes);
    world.advance(0s);
    EXPECT_EQ(reply->head.status(), 400) << bytes;
  }
  world.advance(29s);
  EXPECT_EQ(world.sessions().size(), 1U);
  world.advance(2s);
  EXPECT_EQ(world.sessions().size(), 0U);
}

TEST_F(Sessions, EndAtTheirAbsoluteTimeHoweverBusy) {  // F-16
  world.settings.sessions.lifetime = 60s;
  world.start();
  auto& client = opened();
  for (int i = 0; i < 59; ++i) EXPECT_EQ(status_of(client), 200) << i;
  world.advance(1s);
  EXPECT_EQ(status_of(client), 404);
  EXPECT_EQ(world.metric(event("lifetime")), 1);
}

TEST_F(Sessions, AreCountedByRevisionAndByWhetherTheyWork) {
  auto const in = [this](std::string const& state) {
    return world.metric(R"(weir_sessions{mcp_protocol_version="2025-06-18",state=")" + state + "\"}");
  };
  world.http("a", Speaks::legacy);
  world.start();
  auto& client = opened();
  EXPECT_EQ(in("idle"), 1);
  client.call("a__slow", R"({"ms":500})", "1");
  client.call("a__slow", R"({"ms":1500})", "2");
  for (int i = 0; i < 2; ++i) {
    world.advance(i * 1s);
    EXPECT_EQ(in("working"), 1);
    EXPECT_EQ(in("idle"), 0);
  }
  world.advance(1s);
  EXPECT_EQ(in("working"), 0);
  EXPECT_EQ(in("idle"), 1);
  client.call("a__slow", R"({"ms":500})", "3");
  world.advance(0s);
  client.end_session();
  world.advance(1s);
  EXPECT_EQ(in("working"), 0);
  EXPECT_EQ(in("idle"), 0);
  EXPECT_EQ(world.metric(event("created")), 1);
  EXPECT_EQ(world.metric(event("deleted")), 1);
}

TEST_F(Sessions, ThoseWithServersAreMeasuredWhenTheyEnd) {
  auto const lasted = [this](std::string const& what) {
    return world.metric("mcp_client_session_duration_seconds_" + what +
                        R"({mcp_protocol_version="2025-06-18",network_transport="tcp"})");
  };
  world.http("a", Speaks::legacy);
  world.start();
  auto& client = opened();
  client.call("a__echo");
  world.advance(20s);
  EXPECT_EQ(lasted("count"), 0);
  client.end_session();
  world.advance(1s);
  EXPECT_EQ(lasted("count"), 1) << "the client's, and not the gateway's own";
  EXPECT_NEAR(lasted("sum"), 20, 1);
  world.client(Era::modern).call("a__echo");
  world.advance(1s);
  world.settings.servers.clear();
  world.reload();
  world.advance(5s);
  EXPECT_EQ(lasted("count"), 3) << "the gateway's own, and the one of the modern client";
  EXPECT_EQ(world.metric(kUpstream), 0);
}

TEST_F(Sessions, BuffersGiveBackAtTheNextSweepWhatIsTooOld) {
  world.settings.sessions.sweep = 20s;
  world.settings.streams.replay_age = 10s;
  world.start();
  core::Principal const who{"anonymous", "anonymous", {}};
  auto const pin = world.sessions().open({}, who, world.now());
  (**pin).outbox()->post("{}", world.now());
  world.advance(18s);
  EXPECT_GT(world.metric("weir_replay_buffer_bytes"), 0);
  world.advance(2s);
  EXPECT_EQ(world.metric("weir_replay_buffer_bytes"), 0);
}

}  // namespace
}  // namespace weir::test
