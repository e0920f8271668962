#include <gtest/gtest.h>

#include "support/world.hpp"

// Order, caps, reloads and the end.
namespace weir::test {
namespace {

using Era = FakeClient::Era;
using Speaks = FakeServer::Speaks;

std::string modern_post(std::string const& body) {
  return "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nMCP-Protocol-Version: "
         "2026-07-28\r\n"
         "Accept: application/json, text/event-stream\r\nMcp-Method: tools/call\r\nMcp-Name: a__slow\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

base::Task<void> pipeline(World& world, std::vector<std::string>& answers) {
  auto ends = make_fault_pipe(world.loop, 64 * 1024, world.front);
  world.admit(std::move(ends.first));
  Wire wire(std::move(ends.second));
  std::string all;
  for (int i = 1; i <= 5; ++i) {
    all += modern_post(R"({"jsonrpc":"2.0","id":)" + std::to_string(i) +
                       R"(,"method":"tools/call","params":{"name":"a__slow","arguments":{"ms":)" +
                       std::to_string(600 - 100 * i) +
                       R"(},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                       R"("io.modelcontextprotocol/clientCapabilities":{}}}})");
  }
  co_await wire.write(all);
  for (int i = 1; i <= 5; ++i) {
    auto head = co_await wire.head();
    if (!head) co_return;
    auto body = co_await wire.body(*head);
    if (!body) co_return;
    answers.push_back(*body);
  }
}

TEST(Limits, PipelinedRequestsAreAnsweredInOrder) {
  World world;
  world.http("a", Speaks::modern);
  world.start();
  std::vector<std::string> answers;
  base::TaskGroup group(world.loop);
  group.spawn(pipeline(world, answers));
  world.advance(5s);
  ASSERT_EQ(answers.size(), 5U);
  for (int i = 1; i <= 5; ++i) {
    EXPECT_TRUE(
        answers[static_cast<std::size_t>(i - 1)].starts_with(R"({"jsonrpc":"2.0","id":)" + std::to_string(i)))
        << answers[static_cast<std::size_t>(i - 1)];
  }
  EXPECT_EQ(world.leftovers(), "");
}

// A client that announces a long body and sends a little of it; notes the most memory it was offered.
class Announcer final : public net::Stream {
 public:
  Announcer(base::Scheduler& scheduler, std::size_t& room_most) : Stream(scheduler), room_most_(room_most) {}

  net::IoResult read(std::span<char> into) noexcept override {
    room_most_ = std::max(room_most_, into.size());
    std::size_t const n = text_.copy(into.data(), into.size());
    text_.erase(0, n);
    if (n > 0) return {net::IoState::moved, n};
    read_ready_.reset();
    return {net::IoState::blocked};
  }
  net::IoResult write(std::span<iovec const> from) noexcept override {
    std::size_t bytes = 0;
    for (auto const& part : from) bytes += part.iov_len;
    return {net::IoState::moved, bytes};
  }
  void shutdown_write() noexcept override {}
  std::string peer() const override { return "announcer"; }

 protected:
  void want_read() noexcept override {
    if (!text_.empty()) read_ready_.set();
  }
  void want_write() noexcept override { write_ready_.set(); }

 private:
  std::string text_ =
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000000"
      "\r\n\r\n{\"jsonrpc\"";
  std::size_t& room_most_;
};

TEST(Limits, MemoryForABodyGrowsWithWhatHasCome) {  // R-035
  World world;
  world.start();
  std::size_t room_most = 0;
  world.admit(std::make_unique<Announcer>(world.loop, room_most));
  world.advance(1s);
  EXPECT_EQ(world.weir().connections(), 1U);
  EXPECT_GT(room_most, 0U);
  EXPECT_LE(room_most, 64U * 1024);
}

TEST(Limits, SessionsNeverExceedTheirCap) {
  World world;
  world.settings.sessions.max = world.settings.sessions.per_principal = 3;
  auto& server = world.http("a", Speaks::legacy);
  world.start();
  for (int i = 0; i < 5; ++i) {
    auto& client = world.client(Era::legacy);
    client.initialize();
    world.advance(1s);
    client.call("a__echo");
    world.advance(1s);
    EXPECT_LE(world.sessions().size(), 3U);
    EXPECT_LE(server.sessions(), 4U);  // and Weir's own
  }
  EXPECT_EQ(world.sessions().size(), 3U);
}

TEST(Limits, ASessionThatIsNotUsedEndsWithWhatWasOpenedForIt) {  // F-20
  World world;
  world.settings.sessions.idle = 60s;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  client.call("a__echo");
  world.advance(58s);
  EXPECT_EQ(world.sessions().size(), 1U);
  world.advance(4s);
  EXPECT_EQ(world.sessions().size(), 0U);
  EXPECT_EQ(server.sessions(), 1U);
}

TEST(Limits, CallsBeyondTheLimitAreToldSo) {
  World world;
  world.settings.limits.in_flight = 2;
  world.http("a", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const first = client.call("a__slow", R"({"ms":100})", "1");
  auto const second = client.call("a__slow", R"({"ms":100})", "2");
  auto const third = client.call("a__slow", R"({"ms":100})", "3");
  world.advance(1s);
  EXPECT_EQ(first->head.status(), 200);
  EXPECT_EQ(second->head.status(), 200);
  EXPECT_EQ(third->head.status(), 503);
  EXPECT_EQ(third->finals.size(), 1U);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Limits, DrainingFinishesCallsInFlight) {  // T-17
  World world;
  world.http("a", Speaks::both);
  auto& modern = world.client(Era::modern);
  auto& legacy = world.client(Era::legacy);
  world.start();
  legacy.initialize();
  auto const listening =
      modern.request("subscriptions/listen", R"("notifications":{"toolsListChanged":true})", "8");
  auto const streaming = modern.call("a__progress", R"({"key":"k0","n":20,"ms":100})", "9");
  world.advance(0s);
  auto const first = modern.call("a__slow", R"({"key":"k1","ms":3000})");
  auto const second = legacy.call("a__slow", R"({"key":"k2","ms":3000})");
  world.advance(1s);
  world.drain();
  EXPECT_TRUE(first->answered());
  EXPECT_TRUE(second->answered());
  EXPECT_TRUE(streaming->answered());
  EXPECT_TRUE(listening->answered()) << listening->notes.size();
  EXPECT_NE(first->final().find("{k1} from a"), std::string::npos);
  EXPECT_NE(second->final().find("{k2} from a"), std::string::npos);
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Limits, AReloadKeepsCallsOfServersThatGo) {
  World world;
  world.http("a", Speaks::modern);
  world.http("b", Speaks::modern);
  auto& client = world.client(Era::modern);
  world.start();
  auto const going = client.call("a__slow", R"({"key":"k1","ms":2000})", "1");
  auto const staying = client.call("b__slow", R"({"key":"k2","ms":2000})", "2");
  world.advance(1s);
  world.settings.servers.erase(world.settings.servers.begin());
  world.reload();
  world.advance(2s);
  EXPECT_NE(going->final().find("{k1} from a"), std::string::npos) << going->final();
  EXPECT_NE(staying->final().find("{k2} from b"), std::string::npos) << staying->final();
  auto const gone = client.call("a__echo", R"({"key":"k3"})", "3");
  world.advance(0s);
  EXPECT_NE(gone->final().find("-32602"), std::string::npos) << gone->final();
  EXPECT_EQ(world.leftovers(), "");
}

TEST(Limits, AReloadEndsSessionsWithAServerBehindItsCalls) {
  World world;
  auto& server = world.http("a", Speaks::legacy);
  auto& client = world.client(Era::legacy);
  world.start();
  client.initialize();
  world.advance(0s);
  auto const going = client.call("a__slow", R"({"key":"k1","ms":2000})");
  world.advance(1s);
  world.settings.servers.clear();
  world.reload();
  world.advance(500ms);
  EXPECT_EQ(server.sessions(), 2U);
  world.advance(1s);
  EXPECT_NE(going->final().find("{k1} from a"), std::string::npos) << going->final();
  EXPECT_EQ(server.sessions(), 0U);
}

}  // namespace
}  // namespace weir::test
