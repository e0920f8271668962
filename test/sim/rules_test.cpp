#include <gtest/gtest.h>

#include "support/raw_request.hpp"
#include "support/world.hpp"

// Rules of the protocol that show only in whole conversations, each by its number.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

class Rules : public testing::Test {
 protected:
  void start(std::string canned = {}) {
    server_ = &world_.http("new", Speaks::modern);
    server_->canned = std::move(canned);
    world_.http("old", Speaks::legacy);
    world_.start();
  }
  FakeClient& legacy_client() {
    auto& client = world_.client(Era::legacy);
    client.initialize();
    world_.advance(1s);
    return client;
  }
  std::string call_of(std::string const& tool, std::string const& capabilities = "{}") {
    return post(modern_fields("tools/call", tool),
                R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + tool +
                    R"(","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)" +
                    R"("io.modelcontextprotocol/clientCapabilities":)" + capabilities + "}}}");
  }
  FakeClient::Replied send(FakeClient& client, std::string bytes) {
    auto reply = client.post(std::move(bytes));
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
  static std::string of_server(std::string const& member) {  // the text of an answer with this member
    std::string const body = R"({"jsonrpc":"2.0","id":%ID%,)" + member + "}";
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + body;
  }
  World world_;
  FakeServer* server_ = nullptr;
};

TEST_F(Rules, DiscoveryMayBeTheOnlyRequestAndACallTheFirst) {  // P003, P004, P007
  start();
  auto const discovered =
      send(world_.client(Era::modern), post(modern_fields("server/discover"), modern("server/discover")));
  EXPECT_EQ(told(discovered), "200 0");
  EXPECT_NE(discovered->body.find(R"("supportedVersions":["2026-07-28","2025-11-25")"), std::string::npos);
  EXPECT_NE(discovered->body.find(R"("tools":)"), std::string::npos) << discovered->body;
  auto const called = send(world_.client(Era::modern), call_of("new__echo"));
  EXPECT_EQ(told(called), "200 0");
  EXPECT_EQ(world_.sessions().size(), 0U);
}

TEST_F(Rules, TwoRequestsOnOneConnectionAreStrangers) {  // P006, P009
  start();
  auto& client = world_.client(Era::modern);
  EXPECT_EQ(told(send(client, call_of("new__echo", R"({"elicitation":{}})"))), "200 0");
  EXPECT_EQ(told(send(client, call_of("new__echo", "[]"))), "400 -32602") << "the first one's do not count";
  EXPECT_EQ(told(send(client, call_of("new__echo"))), "200 0");
  ASSERT_EQ(server_->client_capabilities.size(), 2U);
  EXPECT_NE(server_->client_capabilities[0].find("elicitation"), std::string::npos);
  EXPECT_EQ(server_->client_capabilities[1].find("elicitation"), std::string::npos);
  EXPECT_EQ(world_.front.opened, 1U) << "one connection";
}

TEST_F(Rules, AModernRequestHasNoSessionWhateverItsHeadersSay) {  // P019
  start();
  auto& old = legacy_client();
  for (auto const& id : {std::string("nonsense"), old.session()}) {
    auto const reply =
        send(world_.client(Era::modern),
             post(modern_fields("tools/list") + "Mcp-Session-Id: " + id + "\r\nLast-Event-ID: 1.9\r\n",
                  modern("tools/list")));
    EXPECT_EQ(told(reply), "200 0");
    EXPECT_EQ(reply->head.field("mcp-session-id"), "");
  }
}

TEST_F(Rules, ANotificationIsAcknowledgedWithNothing) {  // P020
  start();
  auto& old = legacy_client();
  std::string const note = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
  for (auto const& fields : {kMedia + ("Mcp-Session-Id: " + old.session() + "\r\n"), modern_fields("x")}) {
    auto const reply = send(world_.client(Era::modern), post(fields, note));
    EXPECT_EQ(reply->head.status(), 202);
    EXPECT_EQ(reply->head.field("content-length"), "0");
    EXPECT_EQ(reply->head.field("content-type"), "");
  }
}

TEST_F(Rules, WhatAHandlerRefusesIsAnAnswerOf200) {  // P026, P079, P080
  start(of_server(R"("error":{"code":-32602,"message":"no"})"));
  auto& client = world_.client(Era::modern);
  EXPECT_EQ(told(send(client, call_of("new__canned"))), "200 -32602");
  EXPECT_EQ(told(send(client, call_of("new__nothing"))), "200 -32602");
  EXPECT_EQ(told(send(client, post(modern_fields("resources/read", "no://where"),
                                   modern("resources/read", R"("uri":"no://where",)")))),
            "200 -32602");
  EXPECT_EQ(told(send(client, post(modern_fields("tools/list"), modern("tools/list", R"("cursor":"x",)")))),
            "200 -32602");  // P077
}

TEST_F(Rules, HeadersOfTheNewRevisionMeanNothingInAnOlderOne) {  // P001, P037
  start();
  auto& old = legacy_client();
  for (auto const version : {"", "MCP-Protocol-Version: 2025-06-18\r\n"}) {
    auto const reply = send(
        old, post(std::string(kMedia) + version + "Mcp-Session-Id: " + old.session() +
                      "\r\nMcp-Method: prompts/get\r\nMcp-Name: =?base64?!?=\r\nMcp-Param-Key: other\r\n",
                  legacy("tools/call", R"({"name":"old__echo","arguments":{"key":"mine"}})")));
    EXPECT_EQ(told(reply), "200 0");
    EXPECT_NE((reply->body + reply->final()).find("mine"), std::string::npos);
  }
}

TEST_F(Rules, AnAnswerThatStreamsMustNotBeGathered) {  // P039, P040
  start();
  auto const reply = world_.client(Era::modern).call("new__progress", R"({"key":"k","n":1,"ms":100})");
  world_.advance(100ms);
  EXPECT_EQ(reply->notes.size(), 1U) << "at once";
  EXPECT_EQ(reply->head.field("x-accel-buffering"), "no");
  EXPECT_EQ(reply->head.field("cache-control"), "no-cache, no-transform");
  world_.advance(1s);
  EXPECT_TRUE(reply->answered());
}

TEST_F(Rules, NothingMoreIsSaidOfACancelledRequest) {  // P042, R-138
  start();
  auto& old = legacy_client();
  auto const reply = old.call("old__progress", R"({"key":"k","n":9,"ms":100})", "9");
  world_.advance(250ms);
  auto const told_so_far = reply->notes.size();
  EXPECT_GE(told_so_far, 1U);
  old.cancel("9");
  world_.advance(5s);
  EXPECT_EQ(reply->notes.size(), told_so_far);
  EXPECT_TRUE(reply->finals.empty());
  EXPECT_TRUE(reply->done && !reply->broken) << "the stream ends in its proper way";
  EXPECT_EQ(world_.leftovers(), "");
}

TEST_F(Rules, HangingUpOnAStreamCancelsToo) {  // P041
  start();
  auto& client = world_.client(Era::modern);
  auto const reply = client.call("new__progress", R"({"key":"k","n":90,"ms":100})");
  world_.advance(250ms);
  EXPECT_EQ(server_->working, 1U);
  client.hang_up(reply);
  world_.advance(200ms);
  EXPECT_EQ(world_.gate().inside(), 0U);
  EXPECT_EQ(server_->working, 0U);
}

TEST_F(Rules, APostedCancelOfAModernClientTouchesNobody) {  // P044
  start();
  auto& old = legacy_client();
  auto const modern_call = world_.client(Era::modern).call("new__slow", R"({"key":"a","ms":3000})", "7");
  auto const legacy_call = old.call("old__slow", R"({"key":"b","ms":3000})", "7");
  world_.advance(1s);
  std::string const cancel =
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,)" + std::string(kMeta) +
      "}}";
  for (auto const& more : {std::string(), "Mcp-Session-Id: " + old.session() + "\r\n"}) {
    auto const reply =
        send(world_.client(Era::modern), post(modern_fields("notifications/cancelled") + more, cancel));
    EXPECT_EQ(reply->head.status(), 202);
  }
  world_.advance(2s);
  EXPECT_TRUE(modern_call->answered());
  EXPECT_TRUE(legacy_call->answered());
}

TEST_F(Rules, BothErasMayUseTheSameIdsAtTheSameTime) {  // P002, P084
  start();
  auto& old = legacy_client();
  auto& young = world_.client(Era::modern);
  std::vector<std::pair<std::string, FakeClient::Replied>> calls;
  for (std::string const id : {"1", "\"1\"", "2"}) {
    for (std::string const server : {"old", "new"}) {
      std::string const key = server + id.substr(0, 1) + std::to_string(calls.size());
      std::string key_text;
      for (char const c : key) key_text += c == '"' ? 'q' : c;
      auto const arguments = R"({"ms":500,"key":")" + key_text + "\"}";
      calls.emplace_back("l" + key_text, old.call(server + "__slow", arguments, id));
      calls.emplace_back("m" + key_text, young.call(server + "__slow", arguments, id));
    }
  }
  world_.advance(4s);
  for (auto const& [key, reply] : calls) {
    ASSERT_TRUE(reply->answered()) << key;
    EXPECT_NE(reply->final().find("{" + key.substr(1) + "}"), std::string::npos) << reply->final();
  }
}

TEST_F(Rules, AnIdComesBackAsItWasWritten) {  // P083
  start();
  auto& old = legacy_client();
  auto& young = world_.client(Era::modern);
  for (std::string const id : {"0", "-1", "9007199254740993", "123456789012345678901234567890", R"("")",
                               R"("1")", R"("a\u0062\/\"")", R"("é🌊")"}) {
    for (auto* const client : {&old, &young}) {
      client->ask_progress = false;
      for (auto const tool : {"new__echo", "old__echo", "nobody__echo"}) {
        auto const reply = client->call(tool, "{}", id);
        world_.advance(1s);
        ASSERT_TRUE(reply->answered()) << id;
        EXPECT_NE(reply->final().find(R"("id":)" + id + ","), std::string::npos) << reply->final();
      }
    }
  }
}

TEST_F(Rules, ASubscriptionsStreamCarriesNoProgress) {  // P067
  start();
  auto& client = world_.client(Era::modern);
  auto const listen =
      client.request("subscriptions/listen", R"("notifications":{"toolsListChanged":true})", "\"l\"");
  world_.advance(1s);
  auto const call = client.call("new__progress", R"({"key":"k","n":3,"ms":100})");
  legacy_client().call("new__progress", R"({"key":"k","n":3,"ms":100})");
  world_.advance(2s);
  EXPECT_EQ(call->notes.size(), 3U);
  ASSERT_EQ(listen->notes.size(), 1U) << "the acknowledgement, and nothing else";
  EXPECT_NE(listen->notes[0].find("notifications/subscriptions/acknowledged"), std::string::npos);
}

TEST_F(Rules, AListIsTheSameWhoeverAsksAndWhateverWasAskedBefore) {  // P074, P075
  start();
  auto& client = world_.client(Era::modern);
  auto const list = [&](FakeClient& who) {
    return send(who, post(modern_fields("tools/list"), modern("tools/list")))->body;
  };
  auto const first = list(client);
  EXPECT_NE(first.find("new__echo"), std::string::npos);
  send(client, call_of("new__echo", R"({"elicitation":{}})"));
  legacy_client().call("old__echo");
  EXPECT_EQ(list(client), first);
  EXPECT_EQ(list(world_.client(Era::modern)), first);
}

TEST_F(Rules, AnUpstreamsChallengeStaysHere) {  // P104
  start(
      "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
      "WWW-Authenticate: Bearer realm=\"of-the-server\"\r\n\r\n");
  for (auto* const client : {&world_.client(Era::modern), &legacy_client()}) {
    auto const reply = client->call("new__canned");
    world_.advance(1s);
    EXPECT_EQ(reply->head.status(), 200) << "the client's own credential is fine";
    EXPECT_EQ(reply->head.field("www-authenticate"), "");
    auto const text = reply->body + reply->final();
    EXPECT_NE(text.find("wants a credential"), std::string::npos) << "but what happened is told: " << text;
    EXPECT_EQ(text.find("of-the-server"), std::string::npos) << text;
  }
}

// Neither where it redirects to nor what its schemas refer to.
TEST_F(Rules, NothingIsFetchedBecauseAServerNamesIt) {  // P109, P110
  auto& elsewhere = world_.http("elsewhere", Speaks::modern);
  world_.settings.servers.pop_back();  // it is there, and nobody configured it
  server_ = &world_.http("new", Speaks::modern);
  server_->canned =
      "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n"
      "Location: http://elsewhere.test/mcp\r\n\r\n";
  server_->canned_tool =
      R"({"name":"canned","inputSchema":{"type":"object","$ref":"http://elsewhere.test/in.json"},)"
      R"("outputSchema":{"type":"object","$ref":"http://elsewhere.test/out.json"}})";
  world_.start();
  auto& client = world_.client(Era::modern);
  auto const list = send(client, post(modern_fields("tools/list"), modern("tools/list")));
  for (auto const* schema : {"http://elsewhere.test/in.json", "http://elsewhere.test/out.json"}) {
    EXPECT_NE(list->body.find(schema), std::string::npos) << list->body;
  }
  auto const called = send(client, call_of("new__canned"));
  EXPECT_NE(called->body.find("is not MCP"), std::string::npos) << called->body;
  EXPECT_EQ(server_->seen["tools/call"], 1);
  EXPECT_EQ(elsewhere.seen.size() + elsewhere.connections(), 0U);
}

// Point 8 of the rules for bad input: what is refused leaves the connection as it was.
TEST_F(Rules, AConnectionIsUsableAfterEveryRefusal) {
  start();
  auto& client = world_.client(Era::modern);
  std::string const list = modern("tools/list");
  std::string no_version = modern_fields("tools/list");
  no_version.erase(no_version.find("MCP-Protocol-Version"),
                   std::string("MCP-Protocol-Version: 2026-07-28\r\n").size());
  std::vector<std::pair<std::string, std::string>> const cases{
      {post(modern_fields("tools/list"), "{"), "400 -32700"},
      {post(modern_fields("tools/list"), "[]"), "400 -32600"},
      {post(modern_fields("tools/list"), "[" + list + "]"), "400 -32600"},  // P022
      {post("Content-Type: text/plain\r\n", list), "415 -32600"},
      {post("Content-Type: application/json\r\nAccept: text/html\r\n", list), "406 -32600"},
      {post(modern_fields("tools/call"), list), "400 -32020"},  // P028
      {post(no_version, list), "400 -32020"},                   // P027
      {post(kMedia, legacy("tools/list")), "400 -32000"},       // P045
      {post(kMedia, legacy("initialize")), "400 -32602"},
      {post(modern_fields("x/y"), modern("x/y")), "404 -32601"},    // P024
      {post(modern_fields("ping"), modern("ping")), "404 -32601"},  // P025
      {post({}, {}, "GET /mcp"), "405 0"},
      {post({}, {}, "PUT /mcp"), "405 0"},
      {post({}, {}, "POST /mcp/nobody"), "404 0"},
      {post(std::string(kMedia) + "Origin: http://evil.example\r\n", list), "403 -32600"},  // P017
  };
  for (auto const& [bytes, expected] : cases) {
    auto const refused = send(client, bytes);
    EXPECT_EQ(told(refused), expected) << bytes;
    EXPECT_EQ(refused->head.field("connection"), "") << bytes;
    EXPECT_EQ(told(send(client, post(modern_fields("tools/list"), list))), "200 0") << bytes;
  }
  EXPECT_EQ(world_.front.opened, 1U) << "one connection for all of them";
}

}  // namespace
}  // namespace weir::test
