#include <gtest/gtest.h>

#include "support/world.hpp"

// One server at several addresses, some of which fail.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

struct PoolOf {
  explicit PoolOf(unsigned count, Speaks speaks = Speaks::modern) {
    places.push_back(&world.http("a", speaks));
    for (unsigned i = 1; i < count; ++i) {
      std::string const host = "a" + std::to_string(i) + ".test";
      world.settings.servers.front().urls.push_back("http://" + host + "/mcp");
      world.servers[host] = std::make_unique<FakeServer>(world.loop, "a", speaks, &world.ledger);
      places.push_back(world.servers[host].get());
    }
  }
  FakeServer& at(unsigned index) { return *places[index]; }
  int executed(std::string const& method = "tools/call") {
    int sum = 0;
    for (auto* const place : places) sum += place->seen[method];
    return sum;
  }
  static bool well(FakeClient::Replied const& reply) {
    return reply->answered() && reply->final().find(R"("isError":true)") == std::string::npos &&
           reply->final().find(R"("error")") == std::string::npos;
  }
  FakeClient::Replied read(FakeClient& client) {
    return client.request("resources/read", R"("uri":"res://a/a")");
  }
  double usable() { return world.metric(R"(weir_endpoints_usable{server="a"})"); }
  double ejections() { return world.metric(R"(weir_endpoint_ejections_total{server="a"})"); }
  std::string cause() { return world.weir().backend("a")->status().cause; }

  World world;
  std::vector<FakeServer*> places;
};

TEST(Pool, CallsAreSpreadOverAllAddresses) {
  PoolOf pool(3);
  auto& client = pool.world.client(Era::modern);
  pool.world.start();
  EXPECT_EQ(pool.usable(), 3);
  for (int i = 0; i < 30; ++i) {
    auto const reply = client.call("a__echo");
    pool.world.advance(0s);
    EXPECT_TRUE(PoolOf::well(reply)) << reply->final();
  }
  for (auto* const place : pool.places) EXPECT_EQ(place->seen["tools/call"], 10);
  pool.world.drain();
  EXPECT_EQ(pool.world.leftovers(), "");
}

TEST(Pool, KillingOneOfThreeFailsNoReadAndNoCallThatCameAfterwards) {  // T-06
  PoolOf pool(3);
  auto& client = pool.world.client(Era::modern);
  pool.world.start();
  std::vector<FakeClient::Replied> replies;
  for (int i = 0; i < 300; ++i) {
    if (i == 100) pool.at(1).die();
    replies.push_back(pool.read(client));
    pool.world.advance(10ms);
    replies.push_back(client.call("a__echo"));
    pool.world.advance(10ms);
  }
  for (auto const& reply : replies) EXPECT_TRUE(PoolOf::well(reply)) << reply->final();
  EXPECT_EQ(pool.usable(), 2);
  EXPECT_EQ(pool.ejections(), 1);
  EXPECT_NE(pool.cause().find("1 of 3 addresses get no calls: a1.test/mcp"), std::string::npos)
      << pool.cause();
  EXPECT_EQ(pool.executed(), 300);
}

TEST(Pool, ReadsUnderWayWhenAnAddressDiesAreAnsweredByAnother) {
  PoolOf pool(2);
  auto& client = pool.world.client(Era::modern);
  pool.world.start();
  for (int i = 0; i < 2; ++i) pool.read(client);
  pool.world.advance(0s);
  pool.at(0).reset_next = 1;  // cuts the kept connection with a read in it …
  auto const first = pool.read(client);
  auto const second = pool.read(client);
  pool.at(0).alive = false;  // … and takes no new ones
  pool.world.advance(0s);
  EXPECT_TRUE(PoolOf::well(first)) << first->final();
  EXPECT_TRUE(PoolOf::well(second)) << second->final();
}

TEST(Pool, AnAddressThatSwallowsEverythingIsEjectedAfterFiveOfItsCalls) {  // T-05
  PoolOf pool(3);
  auto& client = pool.world.client(Era::modern);
  pool.world.start();
  pool.at(2).mute = true;
  std::vector<FakeClient::Replied> replies;
  for (int i = 0; i < 60; ++i) {
    replies.push_back(client.call("a__echo", R"({"key":"k)" + std::to_string(i) + R"("})"));
    pool.world.advance(1s);
  }
  pool.world.advance(5s);
  int failed = 0;
  for (auto const& reply : replies) {
    ASSERT_TRUE(reply->answered());
    EXPECT_LE(reply->ended - reply->sent, base::Duration(5s));
    failed += PoolOf::well(reply) ? 0 : 1;
  }
  EXPECT_GE(failed, 5);
  EXPECT_LE(failed, 6) << "one may have been under way when the fifth failed";
  EXPECT_EQ(pool.ejections(), 1);
  EXPECT_EQ(pool.usable(), 2);
  for (int i = 0; i < 60; ++i) EXPECT_LE(pool.world.ledger.executions("k" + std::to_string(i)), 1);  // T-03
  pool.at(2).mute = false;
  for (int i = 0; i < 90; ++i) {
    client.call("a__echo");
    pool.world.advance(1s);
  }
  EXPECT_EQ(pool.usable(), 3) << pool.cause();
}

TEST(Pool, AllDeadGiveAClearErrorAndTheFirstThatComesBackServesAgain) {
  PoolOf pool(3);
  auto& client = pool.world.client(Era::modern);
  pool.world.start();
  for (auto* const place : pool.places) place->die();
  auto const lost = client.call("a__echo");
  pool.world.advance(1s);
  ASSERT_TRUE(lost->answered());
  EXPECT_FALSE(PoolOf::well(lost));
  EXPECT_LE(lost->ended - lost->sent, base::Duration(75ms))
      << "refused connections are known at once; two tries";
  EXPECT_EQ(pool.usable(), 0);
  EXPECT_EQ(pool.world.weir().backend("a")->status().state, core::ServerState::failed);
  pool.world.advance(10s);
  pool.at(1).alive = true;
  pool.world.advance(60s);
  EXPECT_EQ(pool.usable(), 1);
  auto const back = client.call("a__echo");
  pool.world.advance(0s);
  EXPECT_TRUE(PoolOf::well(back)) << back->final();
  for (auto* const place : pool.places) place->alive = true;
  pool.world.advance(60s);
  EXPECT_EQ(pool.usable(), 3) << pool.cause();
  EXPECT_EQ(pool.cause(), "");
}

TEST(Pool, AGatewayThatStartsBeforeAllAddressesAreUpServesFromThoseThatAre) {
  PoolOf pool(3);
  pool.at(0).alive = pool.at(1).alive = false;
  auto& client = pool.world.client(Era::modern);
  pool.world.start();
  auto const reply = client.call("a__echo");
  pool.world.advance(0s);
  EXPECT_TRUE(PoolOf::well(reply)) << reply->final();
  EXPECT_EQ(pool.usable(), 1);
}

TEST(Pool, ALegacySessionStaysAtOneAddressAndMovesWhenThatDies) {  // F-20
  PoolOf pool(3, Speaks::legacy);
  auto& client = pool.world.client(Era::legacy);
  pool.world.start();
  client.initialize();
  pool.world.advance(0s);
  for (int i = 0; i < 9; ++i) {
    client.call("a__echo");
    pool.world.advance(0s);
  }
  auto const holds = [&](unsigned i) { return pool.at(i).sessions() == 2; };  // its own and the client's
  unsigned holder = 0;
  while (holder < 2 && !holds(holder)) ++holder;
  EXPECT_EQ(pool.at(holder).seen["tools/call"], 9);
  pool.at(holder).die();
  auto const moved = client.call("a__echo");
  pool.world.advance(0s);
  EXPECT_TRUE(PoolOf::well(moved)) << moved->final();
  pool.at(holder).forget_sessions();
  pool.at(holder).alive = true;
  pool.world.advance(60s);
  EXPECT_EQ(pool.usable(), 3) << pool.cause();
  for (int i = 0; i < 9; ++i) {
    client.call("a__echo");
    pool.world.advance(0s);
  }
  EXPECT_EQ(pool.at(holder).seen["tools/call"], 9) << "it stays where it is now";
  client.end_session();
  pool.world.advance(1s);
  for (auto* const place : pool.places) EXPECT_EQ(place->sessions(), 1U);
  pool.world.drain();
  for (auto* const place : pool.places) EXPECT_EQ(place->sessions(), 0U);
  EXPECT_EQ(pool.world.leftovers(), "");
}

TEST(Pool, SubscriptionsToResourcesSurviveTheDeathOfTheAddressThatHeldThem) {  // P071
  PoolOf pool(2);
  for (auto* const place : pool.places) place->watchable = true;
  auto& client = pool.world.client(Era::legacy);
  pool.world.start();
  client.initialize();
  pool.world.advance(1s);
  client.request("resources/subscribe", R"("uri":"res://a/a")");
  pool.world.advance(1s);
  auto const listened = [&](unsigned i) { return !pool.at(i).resources_listened_to().empty(); };
  EXPECT_TRUE(listened(0));
  pool.at(0).die();
  pool.read(client);
  pool.read(client);
  pool.world.advance(10s);
  EXPECT_TRUE(listened(1));
}

TEST(Pool, AReloadThatTakesAnAddressAwayKeepsTheOthersServing) {  // T-06
  PoolOf pool(3);
  auto& client = pool.world.client(Era::modern);
  pool.world.start();
  pool.world.settings.servers.front().urls.pop_back();
  pool.world.reload();
  for (int i = 0; i < 40; ++i) {
    auto const reply = client.call("a__echo");
    pool.world.advance(500ms);
    EXPECT_TRUE(PoolOf::well(reply)) << i << ": " << reply->final();
  }
  EXPECT_EQ(pool.usable(), 2);
  EXPECT_EQ(pool.at(2).connections(), 0U);
}

}  // namespace
}  // namespace weir::test
