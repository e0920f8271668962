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

std::string from_page(std::string const& method, std::string const& body) {
  return method + " /mcp HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:5173\r\nContent-Type: " +
         "application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(Calls, ABrowserMayShowItsPageEveryAnswer) {
  World world;
  world.http("a", Speaks::both);
  auto& client = world.client(Era::legacy);
  world.start();
  auto const before = client.post(from_page("OPTIONS", ""));
  world.advance(0s);
  EXPECT_EQ(before->head.status(), 204);
  EXPECT_NE(before->head.field("access-control-allow-headers").find("Mcp-Session-Id"), std::string::npos);
  for (std::string const body :
       {R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",)"
        R"("capabilities":{},"clientInfo":{"name":"page","version":"1"}}})",
        "not json"}) {
    auto const reply = client.post(from_page("POST", body));
    world.advance(0s);
    EXPECT_EQ(reply->head.field("access-control-allow-origin"), "http://localhost:5173") << body;
    EXPECT_NE(reply->head.field("access-control-expose-headers").find("Mcp-Session-Id"), std::string::npos);
    EXPECT_EQ(reply->head.field("vary"), "Origin");
  }
  auto const own = client.initialize();
  world.advance(0s);
  EXPECT_EQ(own->head.field("access-control-allow-origin"), "");
}

}  // namespace
}  // namespace weir::test
