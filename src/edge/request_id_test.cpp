#include "edge/request_id.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "edge/http_desk_test.hpp"

namespace weir::edge {
namespace {

std::string_view chosen(std::string_view value) {
  net::Fields fields;
  fields.add({"X-REQUEST-ID", value});
  return chosen_request_id(fields);
}

TEST(RequestId, AClientMayChooseOneThatIsFit) {
  std::string const longest(kRequestIdBytesMax, 'x');
  for (std::string const& id : {std::string("a"), std::string("4f2c-91"), longest, std::string("01J.A_b:c-9"),
                                std::string("550e8400-e29b-41d4-a716-446655440000")}) {
    EXPECT_EQ(chosen(id), id);
  }
  for (std::string const& id : {std::string(), longest + "x", std::string("a b"), std::string("a,b"),
                                std::string("a\"b"), std::string("a\tb"), std::string("a/b"),
                                std::string("ä"), std::string("a\0b", 3), std::string("${x}")}) {
    EXPECT_EQ(chosen(id), "") << id;
  }
  EXPECT_EQ(chosen_request_id(net::Fields{}), "");
}

TEST(RequestId, OfTwoNoneIsTaken) {
  for (auto const& [first, second] : {std::pair{"a", "b"}, {"a", "a"}, {"a b", "ok"}, {"ok", ""}}) {
    net::Fields fields;
    fields.add({"X-Request-Id", first});
    fields.add({"Host", "localhost"});
    fields.add({"x-request-id", second});
    EXPECT_EQ(chosen_request_id(fields), "") << first << ' ' << second;
  }
}

std::string const kCall =
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";

// A desk whose access lines can be read.
struct ChosenIds : testing::Test {
  ChosenIds() {
    EndpointParts const parts{desk.loop, *desk.entry, desk.sessions, desk.feed,
                              desk.gate, meter,       desk.random};
    desk.endpoint = std::make_unique<McpEndpoint>(parts, desk.rules);
    desk.handler->act = [](core::Call&) -> base::Task<base::Result<core::Outcome>> {
      co_return base::Error(base::Fault::busy, base::Blame::gateway, "full");
    };
  }
  ~ChosenIds() override { ::close(fd); }
  Exchange call(std::string const& fields) {
    return desk.post(
        kCall, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: t\r\n" + fields);
  }
  observe::Log::Options options() const {
    observe::Log::Options made;
    made.fd = fd;
    return made;
  }
  std::string logged() {
    log.flush();
    std::string text(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
    auto const got = ::pread(fd, text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return text;
  }
  // The value of X-Request-Id in an answer.
  static std::string id_of(Exchange& answer) {
    auto const at = answer.text().find("X-Request-Id: ");
    if (at == std::string::npos) return {};
    return answer.text().substr(at + 14, answer.text().find("\r\n", at) - at - 14);
  }

  HttpDesk desk;
  int const fd = ::memfd_create("log", MFD_CLOEXEC);
  base::SystemClock clock;
  observe::Log log{options(), clock, {}};
  CallMeter meter{desk.metrics, log, desk.loop.clock(), true};
};

TEST_F(ChosenIds, TheClientsIdIsInAnswerErrorAndLog) {
  auto answer = call("X-Request-Id: order-17:retry.2\r\n");
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(id_of(answer), "order-17:retry.2");
  EXPECT_EQ(answer.count("X-Request-Id"), 1U);
  EXPECT_TRUE(answer.has(R"("requestId":"order-17:retry.2")")) << answer.text();
  EXPECT_NE(logged().find(R"("request_id":"order-17:retry.2")"), std::string::npos) << logged();
}

TEST_F(ChosenIds, OneThatIsNotFitIsReplacedByOneOfOurOwn) {
  auto const own = [this](std::string const& fields) {
    auto answer = call(fields);
    return id_of(answer);
  };
  auto const first = own("X-Request-Id: <script>\r\n");
  auto const second = own("X-Request-Id: " + std::string(129, 'x') + "\r\n");
  auto const third = own({});
  EXPECT_EQ(first.find('<'), std::string::npos);
  EXPECT_LT(second.size(), 40U);
  EXPECT_FALSE(first.empty() || second.empty() || third.empty());
  EXPECT_NE(first, second);
  EXPECT_NE(second, third);
}

TEST_F(ChosenIds, AStreamHasItInItsHead) {
  desk.handler->act = [](core::Call& request) -> base::Task<base::Result<core::Outcome>> {
    co_await request.client->notify(R"({"jsonrpc":"2.0","method":"notifications/message","params":{}})");
    co_return core::from_result("{}");
  };
  auto answer = call("X-Request-Id: mine\r\n");
  EXPECT_TRUE(answer.has("text/event-stream"));
  EXPECT_EQ(id_of(answer), "mine");
}

TEST_F(ChosenIds, ARefusalEchoesItAndMakesNone) {
  auto echoed = desk.post("nonsense", "X-Request-Id: mine\r\n");
  EXPECT_EQ(echoed.status(), 400);
  EXPECT_EQ(id_of(echoed), "mine");
  auto other = desk.post("nonsense", "X-Request-Id: not fit\r\n");
  EXPECT_EQ(other.status(), 400);
  EXPECT_EQ(id_of(other), "");
}

TEST_F(ChosenIds, WhatIsNoCallHasItToo) {
  auto const session = desk.initialize();
  auto const in = HttpDesk::in(session) + "X-Request-Id: mine\r\n";
  auto const sent = [&](std::string const& line) {
    return desk.send(line + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + in + "\r\n");
  };
  auto const expect = [](int status, Exchange answer) {
    EXPECT_EQ(answer.status(), status) << answer.text();
    EXPECT_EQ(answer.count("X-Request-Id: mine\r\n"), 1U) << answer.text();
  };
  expect(404, sent("GET /nothing"));
  expect(405, sent("PUT /mcp"));
  expect(204, sent("OPTIONS /mcp"));
  expect(200, sent("GET /mcp"));
  expect(202, desk.post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})", in));
  expect(413,
         desk.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99000000\r\n" + in + "\r\n"));
  expect(404, desk.get("unknown", "X-Request-Id: mine\r\n"));
  expect(200, sent("DELETE /mcp"));
}

// The router words these and does not know the id.
TEST_F(ChosenIds, AnErrorOfTheRoutersNamesTheRequest) {
  desk.handler->act = [](core::Call&) -> base::Task<base::Result<core::Outcome>> {
    co_return core::from_error(-32602, "Unknown tool: t", R"({"source":"gateway","reason":"unknown_tool"})");
  };
  auto answer = call("X-Request-Id: mine\r\n");
  EXPECT_TRUE(answer.has(R"("data":{"requestId":"mine","source":"gateway","reason":"unknown_tool"})"))
      << answer.text();
  desk.handler->act = [](core::Call&) -> base::Task<base::Result<core::Outcome>> {
    co_return core::from_error(-32602, "m", R"({"source":"elsewhere"})");
  };
  EXPECT_TRUE(call("X-Request-Id: mine\r\n").has(R"("data":{"source":"elsewhere"})")) << "a server's own";
}

}  // namespace
}  // namespace weir::edge
