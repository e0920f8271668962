#include "edge/batch.hpp"

#include "edge/http_desk_test.hpp"

// Arrays of messages: P022, P023.
namespace weir::edge {
namespace {

constexpr char kBatchRevision[] = "2025-03-26";

std::string request(std::string const& id, std::string const& method = "tools/call") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":{"name":"t"}})";
}
std::string note(std::string const& method, std::string const& params = "{}") {
  return R"({"jsonrpc":"2.0","method":")" + method + R"(","params":)" + params + "}";
}
std::string array(std::vector<std::string> const& messages) {
  std::string text = "[";
  for (auto const& one : messages) text.append(text.size() > 1 ? "," : "").append(one);
  return text + "]";
}

struct World : HttpDesk {
  World() {
    handler->act = [this](core::Call& call) { return work(call); };
  }
  // By id: so many seconds, and a word before the answer where there is to be one.
  base::Task<base::Result<core::Outcome>> work(core::Call& call) {
    std::string const id(call.request.raw(mcp::Field::id));
    ++running;
    most = std::max(most, running);
    auto const wait = std::chrono::seconds{seconds.contains(id) ? seconds[id] : 0};
    if (talks.contains(id)) co_await call.client->notify(note("notifications/progress"));
    co_await loop.sleep_for(wait);
    --running;
    co_return core::from_result(R"({"of":)" + id + "}");
  }
  static base::Task<base::Result<core::Outcome>> say(std::string of) {
    co_return core::from_result(R"({"of":)" + of + "}");
  }
  Exchange send_batch(std::string const& body, std::string const& fields = {}) {
    return post(body, in(session) + fields);
  }
  static std::string told(Exchange& answer) {  // "status code"
    auto const at = answer.text().find(R"("code":)");
    return std::to_string(answer.status()) + " " +
           (at == std::string::npos ? "0" : std::to_string(std::stoi(answer.text().substr(at + 7))));
  }
  std::string told(std::string const& body, std::string const& fields = {}) {
    auto answer = send_batch(body, fields);
    return told(answer);
  }
  static std::string body_of(Exchange& answer) {
    auto const at = answer.text().find("\r\n\r\n");
    return at == std::string::npos ? std::string() : answer.text().substr(at + 4);
  }

  std::map<std::string, int> seconds;
  std::set<std::string> talks;
  int running = 0;
  int most = 0;
  std::string session = initialize("{}", kBatchRevision);
};

std::string result(std::string const& id) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"of":)" + id + "}}";
}

TEST(Batch, IsAnsweredCompletelyAsOneArrayOfWhatRanAtTheSameTime) {  // P023, P083
  World world;
  world.seconds = {{"1", 3}, {"\"1\"", 1}, {"9007199254740993", 2}};
  auto answer = world.send_batch(array({request("1"), note("notifications/roots/list_changed"),
                                        request("\"1\""), request("9007199254740993")}));
  world.loop.advance(2s);
  EXPECT_EQ(answer.status(), 0) << "not before the last one";
  EXPECT_EQ(world.most, 3);
  world.loop.advance(1s);
  EXPECT_EQ(answer.status(), 200);
  EXPECT_TRUE(answer.has("Content-Type: application/json\r\n"));
  EXPECT_EQ(World::body_of(answer), array({result("\"1\""), result("9007199254740993"), result("1")}));
  EXPECT_EQ(world.endpoint->in_progress(), 0U);
}

TEST(Batch, BecomesEventsOnceACallSaysSomethingFirst) {  // P023, P047
  World world;
  world.seconds = {{"1", 2}, {"2", 1}};
  world.talks = {"1", "2"};
  auto answer = world.send_batch(array({request("0"), request("1"), request("2")}));
  world.loop.advance(5s);
  EXPECT_TRUE(answer.has("Content-Type: text/event-stream\r\n"));
  EXPECT_EQ(answer.count("notifications/progress"), 2U) << answer.text();
  for (auto const id : {"0", "1", "2"}) EXPECT_EQ(answer.count(result(id)), 1U) << answer.text();
  EXPECT_TRUE(answer.stream_over());
  EXPECT_EQ(answer.count("\nid: 2."), 5U) << "one stream, to be read on";
}

TEST(Batch, BecomesEventsOnceItsAnswersAreMoreThanAreHeld) {
  std::size_t const fits = Batch::kHeldBytesMax - result("1").size() + 1 - result("2").size();
  for (std::size_t const more : {0U, 1U}) {
    World world;
    std::string const large = '"' + std::string(fits + more - 2, 'x') + '"';
    world.handler->act = [&](core::Call& call) {
      return World::say(call.request.raw(mcp::Field::id) == "1" ? large : "2");
    };
    auto answer = world.send_batch(array({request("1"), request("2")}));
    for (int i = 0; i < 10; ++i) {
      answer.text();
      world.loop.advance(0s);
    }
    bool const events = more == 1;
    EXPECT_EQ(answer.has("Content-Type: text/event-stream\r\n"), events);
    EXPECT_EQ(answer.has("Content-Type: application/json\r\n"), !events);
    EXPECT_EQ(answer.count(large), 1U);
    EXPECT_EQ(answer.count(result("2")), 1U);
    EXPECT_EQ(answer.stream_over(), events);
  }
}

TEST(Batch, OfNotificationsOnlyIsAcknowledged) {
  World world;
  auto answer = world.send_batch(array({note("notifications/initialized"), note("notifications/cancelled")}));
  EXPECT_EQ(answer.status(), 202);
  EXPECT_TRUE(answer.has("Content-Length: 0\r\n"));
  EXPECT_EQ(world.told(array({R"({"jsonrpc":"2.0","id":"weir-1","result":{}})"})), "202 0");
}

TEST(Batch, RefusesInitializeModernMessagesAndNothingAtAll) {  // P022, P023
  World world;
  EXPECT_EQ(world.told("[]"), "400 -32600");
  EXPECT_EQ(world.told(" [ ] "), "400 -32600");
  EXPECT_EQ(world.told("[1,]"), "400 -32700");
  EXPECT_EQ(world.told(array({request("1"), request("2", "initialize")})), "400 -32600");
  std::string const modern =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
  EXPECT_EQ(world.told(array({request("1"), modern})), "400 -32600");
  EXPECT_EQ(world.most, 0) << "nothing of a batch that is refused is done";
  EXPECT_EQ(world.told(array({request("1")})), "200 0") << "the session goes on";
}

TEST(Batch, IsForSessionsOfItsRevisionOnly) {  // P022, P045
  World world;
  std::string const one = array({request("1")});
  EXPECT_EQ(world.told(one, "MCP-Protocol-Version: 2025-03-26\r\n"), "200 0");
  for (auto const version : {"2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28", "1999-01-01"}) {
    auto const header = std::string("MCP-Protocol-Version: ") + version + "\r\n";
    EXPECT_EQ(world.told(one, header), "400 -32600") << version;
  }
  for (auto const version : {"2024-11-05", "2025-06-18", "2025-11-25"}) {
    world.session = world.initialize("{}", version);
    EXPECT_EQ(world.told(one), "400 -32600") << version;
  }
  world.session = "nobody";
  EXPECT_EQ(world.told(one), "404 -32001");
  auto nameless = world.post(one);
  EXPECT_EQ(World::told(nameless), "400 -32000");
}

TEST(Batch, HoldsAHundredMessages) {
  World world;
  std::vector<std::string> messages;
  for (int i = 0; i < 100; ++i) messages.push_back(request(std::to_string(i)));
  auto full = world.send_batch(array(messages));
  EXPECT_EQ(full.status(), 200);
  EXPECT_EQ(full.count(R"("result")"), 100U);
  messages.push_back(request("100"));
  EXPECT_EQ(world.told(array(messages)), "400 -32600");
}

TEST(Batch, AnElementThatIsNoMessageHasItsOwnError) {  // JSON-RPC 2.0 section 6
  World world;
  auto answer = world.send_batch(array({"1", R"({"jsonrpc":"1.0","id":7,"method":"x"})", request("2")}));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.count("-32600"), 2U) << answer.text();
  EXPECT_TRUE(answer.has(R"("id":7,"error")"));
  EXPECT_TRUE(answer.has(result("2")));
  EXPECT_EQ(world.told("[1]"), "200 -32600");
}

TEST(Batch, ARequestInItCanBeCancelled) {
  World world;
  world.seconds = {{"1", 100}, {"2", 1}, {"3", 100}};
  auto answer = world.send_batch(array(
      {request("1"), request("2"), request("3"), note("notifications/cancelled", R"({"requestId":3})")}));
  world.loop.advance(1s);
  world.post(note("notifications/cancelled", R"({"requestId":1})"), World::in(world.session));
  world.loop.advance(0s);
  EXPECT_EQ(World::body_of(answer), array({result("2")}));
}

TEST(Batch, TakesOnePlaceForEachCall) {  // R-035
  World world;
  world.gate.set_most(2);
  world.seconds = {{"1", 1}, {"2", 1}, {"3", 1}};
  auto answer = world.send_batch(array({request("1"), request("2"), request("3")}));
  world.loop.advance(1s);
  EXPECT_EQ(answer.count("4290"), 1U) << answer.text();
  EXPECT_EQ(answer.count(R"("result")"), 2U);
  EXPECT_EQ(world.gate.inside(), 0U);
}

TEST(Batch, RunsOnWhenItsClientHangsUpAndCanBeReadOn) {  // P043, P048
  World world;
  world.seconds = {{"1", 2}, {"2", 3}};
  world.talks = {"1"};
  auto answer = world.send_batch(array({request("1"), request("2")}));
  EXPECT_TRUE(answer.has("id: 2.1\n"));
  answer.hang_up();
  world.loop.advance(4s);
  EXPECT_EQ(world.running, 0);
  auto rest = world.send("GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" +
                         World::in(world.session) + "Last-Event-ID: 2.1\r\n\r\n");
  EXPECT_TRUE(rest.has(result("1")) && rest.has(result("2"))) << rest.text();
  EXPECT_EQ(world.endpoint->in_progress(), 0U);
}

}  // namespace
}  // namespace weir::edge
