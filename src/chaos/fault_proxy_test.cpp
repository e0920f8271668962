// Over loopback sockets: what a client sees of each fault (F-51: at the server's socket).
#include "chaos/fault_proxy.hpp"

#include <gtest/gtest.h>

#include <array>

#include "base/run_until.hpp"
#include "net/http_client.hpp"

namespace weir::chaos {
namespace {

using namespace std::chrono_literals;
using base::Fault;
using base::Result;
using base::Task;

constexpr std::string_view kResponse = R"({"jsonrpc":"2.0","id":17,"result":{"text":"0123456789"}})";
constexpr base::Duration kHangMax = 20s;

struct FaultProxyTest : testing::Test {
  base::SystemClock clock;
  net::IoLoop loop{clock};
  std::unique_ptr<net::Listener> server;
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                       std::to_string(kResponse.size()) + "\r\n\r\n" + std::string(kResponse);
  std::vector<std::string> requests;
  std::unique_ptr<FaultProxy> proxy;
  net::NetDialer dialer{loop, nullptr};
  std::unique_ptr<net::HttpClient> client;
  base::TaskGroup tasks{loop};

  void SetUp() override {
    server = net::Listener::bind("127.0.0.1", 0).value();
    ASSERT_TRUE(server->attach(loop));
    tasks.spawn(serve());
    ProxyTarget target{{false, "127.0.0.1", server->port()}, "docs.example:8443"};
    proxy = std::make_unique<FaultProxy>(loop, target, 1);
    ASSERT_TRUE(proxy->listen("127.0.0.1"));
    client = std::make_unique<net::HttpClient>(loop, dialer, net::Endpoint{false, "127.0.0.1", proxy->port()},
                                               net::ClientOptions());
  }

  Task<void> serve() {
    for (;;) {
      co_await server->ready().wait();
      for (auto& accepted : server->accept()) {
        tasks.spawn(converse(net::make_fd_stream(loop, accepted.fd, accepted.peer)));
      }
    }
  }
  Task<void> converse(std::unique_ptr<net::Stream> stream) {
    std::array<char, 4096> bytes;
    for (;;) {
      auto const got = stream->read(bytes);
      if (got.state == net::IoState::blocked) {
        co_await stream->readable();
        continue;
      }
      if (got.state != net::IoState::moved) co_return;
      requests.emplace_back(bytes.data(), got.bytes);
      iovec const part{answer.data(), answer.size()};
      stream->write({&part, 1});
    }
  }

  Task<Result<std::string>> exchange() {
    constexpr std::string_view kHead = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n";
    auto reply = co_await client->exchange(kHead, {});
    if (!reply) co_return reply.error();
    if (reply->head.status != 200) co_return std::to_string(reply->head.status);
    if (!reply->event_stream()) co_return co_await reply->body();
    auto event = co_await reply->next_event();
    if (!event) co_return event.error();
    co_return *event ? (*event)->data : std::string("nothing");
  }
  Task<void> ask_within(base::Duration within, Result<std::string>& got) {
    auto work = exchange();
    if (co_await base::run_until(loop, work, loop.now() + within) == base::Ended::done) got = work.take();
    loop.stop();
  }
  Result<std::string> ask(base::Duration within = kHangMax) {
    Result<std::string> got = base::Error(Fault::timed_out, base::Blame::upstream, "no answer");
    tasks.spawn(ask_within(within, got));
    loop.run();
    return got;
  }
  Result<std::string> ask_with(FaultKind kind, base::Duration within = kHangMax) {
    FaultStep step;
    step.per_thousand = 1000;
    step.mix = {};
    step.mix[kind] = 1;
    step.down = step.stopped = 50ms;
    proxy->set(step);
    auto got = ask(within);
    proxy->set(FaultStep());
    return got;
  }
  void pause(base::Duration time) {
    tasks.spawn(stop_after(time));
    loop.run();
  }
  Task<void> stop_after(base::Duration time) {
    co_await loop.sleep_for(time);
    loop.stop();
  }
};

TEST_F(FaultProxyTest, ANewOneHarmsNothingAndNamesTheServerAsHost) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask().value(), kResponse);
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[2], "POST /mcp HTTP/1.1\r\nHost: docs.example:8443\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(proxy->requests(), 3u);
  EXPECT_EQ(proxy->connections_ever(), 1u);
  EXPECT_EQ(proxy->counts().harmed_in_all(), 0u);
}

TEST_F(FaultProxyTest, EndsTheConnectionInsteadOfAnswering) {
  for (auto const kind : {FaultKind::reset, FaultKind::half_close, FaultKind::truncate}) {
    auto const got = ask_with(kind);
    ASSERT_FALSE(got) << name_of(kind);
    EXPECT_EQ(got.error().fault, Fault::connection_lost) << name_of(kind);
    EXPECT_EQ(ask().value(), kResponse) << "after " << name_of(kind);
    EXPECT_EQ(proxy->counts().of(kind), 1u);
  }
}

TEST_F(FaultProxyTest, HoldsTheAnswerBackOrLetsItDrip) {
  for (auto const kind : {FaultKind::black_hole, FaultKind::drip}) {
    auto const got = ask_with(kind, 200ms);
    ASSERT_FALSE(got) << name_of(kind);
    EXPECT_EQ(got.error().fault, Fault::timed_out) << name_of(kind);
    EXPECT_EQ(ask().value(), kResponse);
  }
}

TEST_F(FaultProxyTest, MakesTheMessageWrongAndKeepsTheFraming) {
  EXPECT_EQ(ask_with(FaultKind::malformed).value(), "!" + std::string(kResponse.substr(1)));
  EXPECT_EQ(ask_with(FaultKind::wrong_id).value(),
            R"({"jsonrpc":"2.0","id":67,"result":{"text":"0123456789"}})");
  EXPECT_EQ(proxy->connections_ever(), 1u);
}

TEST_F(FaultProxyTest, AnswersWithAServersErrorInstead) {
  auto const status = ask_with(FaultKind::http_5xx).value();
  EXPECT_TRUE(status == "500" || status == "502" || status == "503") << status;
  EXPECT_EQ(ask_with(FaultKind::http_429).value(), "429");
  EXPECT_EQ(ask().value(), kResponse);
}

TEST_F(FaultProxyTest, HarmsTheResponseInAnEventStream) {
  answer =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
      "data: {\"method\":\"notifications/progress\",\"params\":{}}\n\ndata: " +
      std::string(kResponse) + "\n\n";
  // The first event goes on unharmed; the response behind it is not what the server sent.
  EXPECT_EQ(ask_with(FaultKind::wrong_id).value(), R"({"method":"notifications/progress","params":{}})");
  answer = answer.substr(0, answer.find("data: ")) + "data: " + std::string(kResponse) + "\n\n";
  EXPECT_EQ(ask_with(FaultKind::wrong_id).value().find(R"("id":17)"), std::string::npos);
  EXPECT_EQ(ask_with(FaultKind::malformed).value().front(), '!');
  EXPECT_EQ(ask_with(FaultKind::truncate).value(), "nothing");  // half an event is none
}

TEST_F(FaultProxyTest, AfterAKillNobodyListensForAWhile) {
  ASSERT_FALSE(ask_with(FaultKind::kill));
  auto const refused = ask();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::connect_failed);
  pause(100ms);
  EXPECT_EQ(ask().value(), kResponse);
  EXPECT_EQ(proxy->counts().kills, 1u);
}

TEST_F(FaultProxyTest, AStoppedServerTakesConnectionsAndGoesOnLater) {
  auto const began = loop.now();
  EXPECT_EQ(ask_with(FaultKind::stop).value(), kResponse);  // late
  EXPECT_GE(loop.now() - began, 50ms);
  EXPECT_EQ(ask().value(), kResponse);
  EXPECT_EQ(proxy->counts().stops, 1u);
}

TEST_F(FaultProxyTest, HealingBringsAKilledServerBackAtOnce) {
  ASSERT_FALSE(ask_with(FaultKind::kill));
  proxy->heal();
  EXPECT_EQ(ask().value(), kResponse);
}

}  // namespace
}  // namespace weir::chaos
