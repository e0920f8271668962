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

}  // namespace
}  // namespace weir::test
