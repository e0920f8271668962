#include <gtest/gtest.h>

#include "support/raw_request.hpp"
#include "support/world.hpp"

// What clients may ask for and how they are told no, byte for byte.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

class Downstream : public testing::Test {
 protected:
  explicit Downstream(bool speaks_modern = true, bool speaks_legacy = true) {
    config::Listener listener;
    listener.modern = speaks_modern;
    listener.legacy = speaks_legacy;
    world_.settings.listeners = {listener};
    new_ = &world_.http("new", Speaks::modern);
    world_.http("old", Speaks::legacy);
    world_.start();
  }
  FakeClient::Replied send(std::string bytes) {
    auto reply = world_.client(Era::modern).post(std::move(bytes));
    world_.advance(1s);
    return reply;
  }
  // "status code": 0 for a body that is no JSON-RPC error.
  static std::string told(FakeClient::Replied const& reply) {
    auto const text = reply->body + reply->final();
    auto const at = text.find(R"("code":)");
    return std::to_string(reply->head.status()) + " " +
           (at == std::string::npos ? "0" : std::to_string(std::stoi(text.substr(at + 7))));
  }
  std::string ask(std::string bytes) { return told(send(std::move(bytes))); }
  std::string list(std::string const& fields) {
    return ask(post(modern_fields("tools/list") + fields, modern("tools/list")));
  }
  std::string open_session() {
    auto& client = world_.client(Era::legacy);
    client.initialize();
    world_.advance(1s);
    return "Mcp-Session-Id: " + client.session() + "\r\n";
  }
  World world_;
  FakeServer* new_ = nullptr;
};

TEST_F(Downstream, APreflightIsToldWhatMayBeSent) {
  auto const reply =
      send(post("Origin: http://localhost\r\nAccess-Control-Request-Method: POST\r\n", {}, "OPTIONS /mcp"));
  EXPECT_EQ(reply->head.status(), 204);
  EXPECT_EQ(reply->head.field("access-control-allow-origin"), "http://localhost");
  EXPECT_NE(reply->head.field("access-control-allow-headers").find("Mcp-Method"), std::string::npos);
  EXPECT_EQ(reply->head.field("allow"), "POST, GET, DELETE, OPTIONS");
}

TEST_F(Downstream, APreflightAllowsTheHeadersOfAToolsArguments) {  // P034
  auto const reply = send(post(
      "Origin: http://localhost\r\nAccess-Control-Request-Headers: x-other, mcp-param-Region ,Mcp-Param-,"
      "mcp-param-a b, mcp-param-limit\r\n",
      {}, "OPTIONS /mcp"));
  auto const allowed = reply->head.field("access-control-allow-headers");
  EXPECT_TRUE(allowed.ends_with("tracestate, mcp-param-Region, mcp-param-limit")) << allowed;
}

TEST_F(Downstream, AConnectionOverTheCapIsToldToComeBack) {
  world_.connection_gate().set_most(1);
  auto const working = world_.client(Era::modern)
                           .post(post(modern_fields("tools/call", "new__hang"),
                                      modern("tools/call", R"("name":"new__hang","arguments":{},)")));
  world_.advance(0s);
  auto const refused = send(post(modern_fields("tools/list"), modern("tools/list")));
  EXPECT_EQ(refused->head.status(), 503);
  EXPECT_EQ(refused->head.field("retry-after"), "1");
  EXPECT_EQ(refused->head.field("connection"), "close");
  EXPECT_EQ(world_.metric(R"(weir_http_rejects_total{reason="connections"})"), 1);
  EXPECT_FALSE(working->done);
  world_.connection_gate().set_most(2);
  EXPECT_EQ(list({}), "200 0");
}

TEST_F(Downstream, WhoIsTurnedAwayAndSaysNothingIsForgotten) {
  world_.connection_gate().set_most(0);
  std::vector<std::unique_ptr<net::Stream>> silent;
  for (std::size_t i = 0; i <= app::Worker::kTurnedAwayMax; ++i) {
    auto ends = make_fault_pipe(world_.loop, 1024, world_.front);
    world_.admit(std::move(ends.first));
    silent.push_back(std::move(ends.second));
  }
  world_.advance(0s);
  EXPECT_EQ(world_.front.near_ends, app::Worker::kTurnedAwayMax) << "one more is closed at once";
  world_.advance(3s);
  EXPECT_EQ(world_.front.near_ends, 0U);
  EXPECT_EQ(world_.metric(R"(weir_http_rejects_total{reason="connections"})"), 257);
}

TEST_F(Downstream, ALaterRevisionInTheHeaderNeedsItsMetadata) {  // 1.2 step 6
  auto const fields = [](char const* version) {
    return std::string(kMedia) + "MCP-Protocol-Version: " + version + "\r\n";
  };
  EXPECT_EQ(ask(post(fields("2026-07-29"), legacy("tools/list"))), "400 -32602");
  EXPECT_EQ(ask(post(fields("2099-01-01"), legacy("initialize"))), "400 -32602");
  EXPECT_EQ(ask(post(fields("2026-07-27"), legacy("tools/list"))), "400 -32000")
      << "P046: no revision at all";
  EXPECT_EQ(ask(post(fields("9999"), legacy("tools/list"))), "400 -32000");
  EXPECT_EQ(ask(post(fields("2099-01-01"), R"({"jsonrpc":"2.0","method":"notifications/cancelled"})")),
            "400 -32022");
  EXPECT_EQ(ask(post("MCP-Protocol-Version: 2099-01-01\r\n", {}, "GET /mcp")), "405 0");
}

TEST_F(Downstream, ACompressedBodyIsRefusedAsWhatItIs) {  // RFC 9110 15.5.16
  EXPECT_EQ(list("Content-Encoding: identity\r\n"), "200 0");
  EXPECT_EQ(list("Content-Encoding: gzip\r\n"), "415 -32600");
  EXPECT_EQ(list("Content-Encoding: identity, br\r\n"), "415 -32600");
  EXPECT_EQ(list("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"), "400 -32600");
  auto const reply =
      send(post(modern_fields("tools/list") + "Content-Encoding: gzip\r\n", modern("tools/list")));
  EXPECT_EQ(reply->head.field("accept-encoding"), "identity");
  EXPECT_NE(reply->head.field("connection"), "close");
}

TEST_F(Downstream, WhoAsksBeforeSendingIsRefusedBeforeSending) {
  std::string const head =
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n";
  auto const refused = send(head + "Content-Type: text/plain\r\n\r\n");
  EXPECT_EQ(told(refused), "415 -32600");
  EXPECT_EQ(refused->head.field("connection"), "close");
  EXPECT_EQ(send(head + kMedia + "\r\n")->head.status(), 100);
}

TEST_F(Downstream, AMethodOfTheOtherEraDoesNotExist) {
  auto const session = open_session();
  for (auto const method : {"subscriptions/listen", "server/discover", "skills/list"}) {
    EXPECT_EQ(ask(post(kMedia + session, legacy(method, R"({"notifications":{}})"))), "200 -32601") << method;
  }
  for (auto const method : {"tasks/list", "tasks/result", "logging/setLevel"}) {  // P024
    auto const fields = modern_fields(method, "x");
    EXPECT_EQ(ask(post(fields, modern(method, R"("taskId":"x","uri":"x",)"))), "404 -32601") << method;
  }
  EXPECT_EQ(ask(post(modern_fields("tasks/get", "x"), modern("tasks/get", R"("taskId":"x",)"))),
            "400 -32021");  // P112
  EXPECT_EQ(world_.gate().inside(), 0U);
}

TEST_F(Downstream, DeleteNeedsASessionAndAVersionThatIsSpoken) {  // P045, P046
  auto const session = open_session();
  auto const end = [&](std::string const& fields) { return ask(post(fields, {}, "DELETE /mcp")); };
  EXPECT_EQ(end({}), "400 -32000");
  EXPECT_EQ(end("MCP-Protocol-Version: 2026-07-28\r\n"), "405 0");
  EXPECT_EQ(end(session + "MCP-Protocol-Version: 1999-01-01\r\n"), "400 -32000");
  EXPECT_EQ(end(session + "MCP-Protocol-Version: 2025-06-18\r\n"), "200 0");
  EXPECT_EQ(end(session), "404 -32001");
}

TEST_F(Downstream, InitializeIsRefusedWithoutAVersionOrWithOtherTypes) {
  auto const shake = [&](std::string const& params) {
    return ask(post(kMedia, legacy("initialize", params)));
  };
  EXPECT_EQ(shake("{}"), "400 -32602");
  EXPECT_EQ(shake(R"({"protocolVersion":1})"), "400 -32602");
  EXPECT_EQ(shake(R"({"protocolVersion":"2025-11-25","capabilities":1})"), "400 -32602");
  EXPECT_EQ(shake(R"({"protocolVersion":"2025-11-25","clientInfo":"me"})"), "400 -32602");
  EXPECT_EQ(world_.sessions().size(), 0U);
  EXPECT_EQ(shake(R"({"protocolVersion":"2025-11-25","capabilities":{}})"), "200 0");
}

TEST_F(Downstream, AResponseIsRefusedWithoutItsId) {  // P021; the id would answer the client's own request
  std::string const response = R"({"jsonrpc":"2.0","id":77,"result":{}})";
  for (auto const& fields : {modern_fields("x"), std::string(kMedia)}) {
    auto const reply = send(post(fields, response));
    EXPECT_EQ(reply->head.status(), 400);
    EXPECT_EQ(reply->body.find("77"), std::string::npos) << reply->body;
  }
}

TEST_F(Downstream, AServersOwnEndpointServesClientsOfBothEras) {  // P002
  auto const params = R"({"protocolVersion":"2025-11-25","capabilities":{}})";
  EXPECT_EQ(ask(post(kMedia, legacy("initialize", params), "POST /mcp/new")), "200 0");
  EXPECT_EQ(ask(post(modern_fields("tools/list"), modern("tools/list"), "POST /mcp/old")), "200 0");
}

TEST_F(Downstream, TheLastAnswerOnAConnectionSaysSo) {
  std::string const one = post(modern_fields("tools/list"), modern("tools/list"));
  std::string many;
  for (int i = 0; i <= net::ServerOptions().pipelined_max + 1; ++i) many += one;
  std::vector<std::string> told_to_close;
  auto const talk = [](World& world, std::string bytes,
                       std::vector<std::string>& closes) -> base::Task<void> {
    auto ends = make_fault_pipe(world.loop, 1 << 20, world.front);
    world.admit(std::move(ends.first));
    Wire wire(std::move(ends.second));
    co_await wire.write(std::move(bytes));
    while (auto head = co_await wire.head()) {
      closes.push_back(head->field("connection"));
      if (!co_await wire.body(*head)) co_return;
    }
  };
  base::TaskGroup group(world_.loop);
  group.spawn(talk(world_, many, told_to_close));
  world_.advance(5s);
  ASSERT_EQ(told_to_close.size(), 101U);  // one, and the hundred that came with it
  EXPECT_EQ(told_to_close[99], "");
  EXPECT_EQ(told_to_close[100], "close");
}

class DownstreamModern : public Downstream {
 protected:
  DownstreamModern() : Downstream(true, false) {}
};

TEST_F(DownstreamModern, NamesItsOwnRevisionsAndKnowsNoSessions) {  // P005, P018
  auto const refused = send(post(kMedia, legacy("initialize", R"({"protocolVersion":"2025-11-25"})")));
  EXPECT_EQ(told(refused), "400 -32022");
  EXPECT_NE(refused->body.find(R"("supported":["2026-07-28"])"), std::string::npos) << refused->body;
  for (auto const start : {"GET /mcp", "DELETE /mcp"}) {
    auto const reply = send(post("Mcp-Session-Id: x\r\n", {}, start));
    EXPECT_EQ(reply->head.status(), 405);
    EXPECT_EQ(reply->head.field("allow"), "POST, OPTIONS");
  }
}

class DownstreamLegacy : public Downstream {
 protected:
  DownstreamLegacy() : Downstream(false, true) {}
};

TEST_F(DownstreamModern, DiscoveryNamesNoRevisionThatIsNotSpokenHere) {  // P003, P005
  auto const found = send(post(modern_fields("server/discover"), modern("server/discover")));
  EXPECT_NE(found->body.find(R"("supportedVersions":["2026-07-28"],)"), std::string::npos) << found->body;
}

// A client of both eras goes on with `initialize` only if no modern revision is named.
TEST_F(DownstreamLegacy, NamesLegacyRevisionsOnly) {
  auto const refused = send(post(modern_fields("server/discover"), modern("server/discover")));
  EXPECT_EQ(told(refused), "400 -32022");
  EXPECT_NE(refused->body.find(R"("supported":["2025-11-25",)"), std::string::npos) << refused->body;
}

// P041: the end of the connection is seen behind whatever else was sent.
TEST_F(Downstream, AClientThatSentMoreAndLeftCancelsItsCall) {
  auto& client = world_.client(Era::modern);
  for (auto const& behind :
       {std::string("POST /mcp HTTP/1.1\r\n"), post({}, "{}"), std::string(60 * 1024, 'x')}) {
    auto const call = post(modern_fields("tools/call", "new__hang"),
                           modern("tools/call", R"("name":"new__hang","arguments":{},)"));
    new_->hung_up.clear();
    auto const reply = client.post(call + behind);
    world_.advance(1s);
    EXPECT_EQ(world_.gate().inside(), 1U);
    client.hang_up(reply);
    world_.advance(100ms);
    EXPECT_EQ(world_.gate().inside(), 0U) << behind.size();
    EXPECT_EQ(new_->hung_up.size(), 1U);
  }
}

}  // namespace
}  // namespace weir::test
