#include <gtest/gtest.h>

#include "support/world.hpp"

// A call from end to end, of either era, when everybody behaves.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

TEST(Calls, AModernCallGoesEndToEnd) {
  World world;
  world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const reply = client.call("a__echo", R"({"key":"k1"})", "77");
  world.advance(0s);
  ASSERT_TRUE(reply->answered());
  EXPECT_EQ(reply->head.status(), 200);
  EXPECT_EQ(reply->final(),
            R"({"jsonrpc":"2.0","id":77,"result":{"resultType":"complete","content":[{"type":"text",)"
            R"("text":"{k1} from a"}]}})");
  EXPECT_EQ(world.ledger.executions("k1"), 1);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Calls, ALegacyClientInitializesCallsAndEndsItsSession) {
  World world;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  auto const hello = client.initialize();
  world.advance(0s);
  ASSERT_TRUE(hello->answered());
  ASSERT_NE(client.session(), "");
  auto const reply = client.call("a__echo", R"({"key":"k1"})");
  world.advance(0s);
  ASSERT_TRUE(reply->answered()) << reply->body;
  EXPECT_NE(reply->final().find("{k1} from a"), std::string::npos);
  EXPECT_EQ(server.sessions(), 2U);  // Weir's own, and the client's
  auto const bye = client.end_session();
  world.advance(0s);
  EXPECT_EQ(bye->head.status(), 200);
  EXPECT_EQ(world.sessions().size(), 0U);
  EXPECT_EQ(server.sessions(), 1U);  // F-20: what was opened on the client's behalf is ended
  auto const late = client.call("a__echo");
  world.advance(0s);
  EXPECT_EQ(late->head.status(), 404);
  EXPECT_EQ(world.leftovers(), "");
}

}  // namespace
}  // namespace weir::test
