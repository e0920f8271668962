#include <gtest/gtest.h>

#include "support/world.hpp"

// What comes before the answer, and clients that read slowly or leave.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

TEST(Streams, ProgressReachesTheClientBeforeTheAnswer) {
  World world;
  world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const reply = client.call("a__progress", R"({"key":"k","n":3,"ms":100})", "5");
  world.advance(100ms);
  ASSERT_EQ(reply->notes.size(), 1U);
  EXPECT_NE(reply->notes[0].find(R"("progressToken":5,"progress":1)"), std::string::npos) << reply->notes[0];
  EXPECT_FALSE(reply->done);
  world.advance(300ms);
  ASSERT_TRUE(reply->answered());
  EXPECT_EQ(reply->notes.size(), 3U);
  EXPECT_EQ(reply->head.field("content-type"), "text/event-stream");
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Streams, AClientThatDoesNotReadBoundsTheMemory) {  // T-47
  World world;
  world.pipe_bytes = world.dialer.pipe_bytes = 16 * 1024;
  world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  client.read(false);
  auto const reply = client.call("a__progress", R"({"key":"k","n":100,"ms":1,"bytes":10000})");
  world.advance(2s);
  auto const under_way = world.front.buffered + world.dialer.tally.buffered;
  EXPECT_LE(under_way, 32U * 1024);
  EXPECT_EQ(world.servers["a.test"]->working, 1U);  // its writer is held up: nothing piles up in between
  client.read(true);
  world.advance(4s);
  ASSERT_TRUE(reply->answered());
  EXPECT_EQ(reply->notes.size(), 100U);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Streams, AModernClientThatHangsUpCancelsItsCallAtOnce) {  // P041
  World world;
  auto& server = world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const reply = client.call("a__hang", R"({"key":"k"})");
  world.advance(1s);
  EXPECT_EQ(server.working, 1U);
  client.hang_up(reply);
  auto const at = world.now();
  world.advance(0s);
  ASSERT_EQ(server.hung_up.size(), 1U);
  EXPECT_EQ(server.hung_up[0], at);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Streams, ALegacyClientThatHangsUpLeavesItsCallRunning) {  // P043
  World world;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  auto const reply = client.call("a__slow", R"({"key":"k","ms":3000})");
  world.advance(1s);
  client.hang_up(reply);
  world.advance(1s);
  EXPECT_EQ(server.working, 1U);
  EXPECT_EQ(world.weir().connections(), 1U);  // the request's; its socket is free already
  EXPECT_EQ(world.front.near_ends, 0U);
  world.advance(2s);
  EXPECT_EQ(server.working, 0U);
  EXPECT_TRUE(server.cancelled.empty());
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Streams, ALegacyClientCancelsByNotification) {
  World world;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  auto const reply = client.call("a__hang", R"({"key":"k"})", "9");
  world.advance(1s);
  auto const told = client.cancel("9");
  world.advance(0s);
  EXPECT_EQ(told->head.status(), 202);
  EXPECT_TRUE(reply->done);
  EXPECT_TRUE(reply->finals.empty());
  EXPECT_EQ(server.cancelled.size(), 1U);
  EXPECT_EQ(server.hung_up.size(), 1U);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Streams, ACancelledIdMayBeUsedAgainAndCancelledAgain) {
  World world;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  client.call("a__echo", "{}", "9");
  world.advance(0s);
  for (int i = 1; i <= 2; ++i) {
    auto const reply = client.call("a__hang", "{}", "9");
    world.advance(1s);
    client.cancel("9");
    world.advance(0s);
    EXPECT_TRUE(reply->done);
    EXPECT_EQ(server.hung_up.size(), static_cast<std::size_t>(i));
  }
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Streams, ALegacyClientThatStopsReadingAndLeavesHarmsNothing) {
  World world;
  world.pipe_bytes = 4 * 1024;
  world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  client.read(false);
  auto const reply = client.call("a__progress", R"({"key":"k","n":20,"ms":10,"bytes":2000})");
  world.advance(1s);
  client.hang_up(reply);
  world.advance(40s);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Streams, ADeadlineThatStrikesWhileTheClientIsBlockedLeavesTheStreamWhole) {
  World world;
  world.pipe_bytes = 512;
  world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  client.read(false);
  auto const reply = client.call("a__progress", R"({"key":"k","n":9,"ms":10,"bytes":700})");
  world.advance(10s);
  client.read(true);
  world.advance(10s);
  ASSERT_TRUE(reply->answered()) << reply->finals.size();
  EXPECT_NE(reply->final().find(R"("reason":"timed_out")"), std::string::npos) << reply->final();
  EXPECT_LE(reply->notes.size(), 1U);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Streams, KeepAlivesNeverMixWithEventsThatWait) {
  World world;
  world.pipe_bytes = 3'000;
  world.http("a", Speaks::modern);
  world.settings.servers[0].timeouts.call = 60s;
  auto& client = world.client(Era::modern);
  world.start();
  client.read(false);
  // The third event finds the pipe full some time after the keep-alive of 15 s did.
  auto const reply = client.call("a__progress", R"({"key":"k","n":8,"ms":4900,"bytes":700})");
  world.advance(38s);
  client.read(true);
  world.advance(10s);
  ASSERT_TRUE(reply->answered()) << reply->notes.size() << " " << reply->finals.size();
  EXPECT_EQ(reply->notes.size(), 8U);
  EXPECT_EQ(world.leftovers(), "");
}

}  // namespace
}  // namespace weir::test
