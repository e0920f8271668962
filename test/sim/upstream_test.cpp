// What Weir, as the client of its servers, sends them and when.
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

// P012: a server that serves modern clients only sees nothing but modern requests.
TEST(LegacySideOfAModernServer, IsNotAskedForBeforeALegacyClientCalls) {
  World world;
  auto& server = world.http("a", Speaks::both);
  auto& modern = world.client(Era::modern);
  auto& legacy = world.client(Era::legacy);
  world.start();
  auto const first = modern.call("a__echo", R"({"key":"m"})");
  legacy.initialize();
  world.advance(1s);
  EXPECT_TRUE(first->answered());
  EXPECT_EQ(server.seen["initialize"], 0);
  auto const second = legacy.call("a__echo", R"({"key":"l"})");
  auto const third = legacy.call("a__echo", R"({"key":"k"})", "2");
  world.advance(1s);
  EXPECT_NE(second->final().find("{l} from a"), std::string::npos) << second->final();
  EXPECT_NE(third->final().find("{k} from a"), std::string::npos) << third->final();
  EXPECT_EQ(server.seen["initialize"], 2);  // asked once, then the client's own session
  EXPECT_EQ(server.sessions(), 2U);
}

TEST(LegacySideOfAModernServer, IsAskedForOnceWhenThereIsNone) {
  World world;
  auto& server = world.http("a", Speaks::modern);
  auto& legacy = world.client(Era::legacy);
  world.start();
  legacy.initialize();
  world.advance(1s);
  for (int i = 0; i < 3; ++i) {
    auto const reply = legacy.call("a__echo", R"({"key":"l"})");
    world.advance(1s);
    EXPECT_NE(reply->final().find("{l} from a"), std::string::npos) << reply->final();
  }
  EXPECT_EQ(server.seen["initialize"], 1);
}

// F-20
TEST(LegacySideOfAModernServer, KeepsNoSessionThereWhenWeirStops) {
  World world;
  auto& server = world.http("a", Speaks::both);
  auto& legacy = world.client(Era::legacy);
  world.start();
  legacy.initialize();
  world.advance(1s);
  legacy.call("a__echo");
  world.advance(1s);
  EXPECT_EQ(server.sessions(), 2U);
  world.drain();
  EXPECT_EQ(server.sessions(), 0U);
}

// P014: a server that changes its era is noticed by the calls that it refuses for that.
struct EraChange : testing::Test {
  FakeServer& start(Speaks speaks, std::string canned = {}) {
    server = &world.http("a", speaks);
    server->canned = std::move(canned);
    client = &world.client(Era::modern);
    world.start();
    world.advance(1s);
    return *server;
  }
  std::shared_ptr<Reply> call(FakeClient& by, std::string const& tool = "echo") {
    auto reply = by.call("a__" + tool, R"({"key":"k"})", std::to_string(++calls));
    world.advance(1s);
    return reply;
  }
  bool served(FakeClient& by) { return call(by)->final().find("{k} from a") != std::string::npos; }
  std::string era() { return world.weir().backend("a")->status().era; }

  World world;
  FakeServer* server = nullptr;
  FakeClient* client = nullptr;
  int calls = 0;
};

constexpr char kClosing[] = "Content-Type: application/json\r\nConnection: close\r\n\r\n";
constexpr char kWrongVersion[] =
    R"({"jsonrpc":"2.0","id":%ID%,"error":{"code":-32022,"message":"m","data":{"supported":["2026-07-28"],"requested":"x"}}})";
constexpr char kNotInitialized[] =
    R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized"}})";

TEST_F(EraChange, AModernServerThatBecomesALegacyOneServesTheNextCall) {
  start(Speaks::modern);
  auto& legacy = world.client(Era::legacy);
  legacy.initialize();
  world.advance(1s);
  EXPECT_TRUE(served(*client));
  EXPECT_TRUE(served(legacy));
  server->become(Speaks::legacy);
  EXPECT_FALSE(served(*client)) << "nobody knows what ran";
  EXPECT_TRUE(served(*client));
  EXPECT_TRUE(served(legacy));
  EXPECT_EQ(era(), "2025-06-18");
  EXPECT_EQ(server->sessions(), 3U) << "the gateway's own and one of each client: that of the probe is ended";
}

TEST_F(EraChange, ACallWhoseVersionIsRefusedIsSentAgainInTheOtherEra) {  // P012
  start(Speaks::legacy, std::string("HTTP/1.1 400 X\r\n") + kClosing + kWrongVersion);
  EXPECT_TRUE(served(*client));
  EXPECT_EQ(era(), "2025-06-18");
  server->become(Speaks::modern);
  auto const reply = client->call("a__canned", "{}", "77");
  world.advance(200ms);
  EXPECT_FALSE(reply->answered()) << reply->final();
  server->canned = std::string("HTTP/1.1 200 X\r\n") + kClosing +
                   R"({"jsonrpc":"2.0","id":%ID%,"result":{"resultType":"complete","content":[]}})";
  world.advance(1s);
  ASSERT_TRUE(reply->answered());
  EXPECT_NE(reply->final().find(R"("content":[])"), std::string::npos) << reply->final();
  EXPECT_EQ(era(), "2026-07-28");
}

TEST_F(EraChange, ALegacyServerThatTakesNoHandshakeAnyMoreIsAskedWhatItIs) {
  start(Speaks::legacy);
  EXPECT_TRUE(served(*client));
  server->become(Speaks::modern);
  server->forget_sessions();
  call(*client);
  EXPECT_TRUE(served(*client));
  EXPECT_EQ(era(), "2026-07-28");
}

TEST_F(EraChange, AModernServerThatRefusesOneThingForGoodIsAskedSeldomAndStaysModern) {
  for (auto const& refusal :
       {std::string("HTTP/1.1 404 X\r\n") + kClosing, std::string("HTTP/1.1 405 X\r\n") + kClosing,
        std::string("HTTP/1.1 400 X\r\n") + kClosing + kNotInitialized}) {
    SCOPED_TRACE(refusal);
    World fresh;
    auto& one = fresh.http("a", Speaks::modern);
    one.canned = refusal;
    auto& by = fresh.client(Era::modern);
    fresh.start();
    for (int i = 0; i < 20; ++i) {
      auto const reply = by.call("a__canned", "{}", std::to_string(i));
      fresh.advance(1s);
      EXPECT_TRUE(reply->answered());
    }
    EXPECT_GE(one.seen["server/discover"], 2);
    EXPECT_LE(one.seen["server/discover"], 5) << "by the start, and once in five seconds";
    EXPECT_EQ(one.seen["initialize"], 0);
    EXPECT_EQ(fresh.weir().backend("a")->status().era, "2026-07-28");
    EXPECT_EQ(fresh.weir().backend("a")->status().state, core::ServerState::ready);
  }
}

}  // namespace
}  // namespace weir::test
