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

}  // namespace
}  // namespace weir::test
