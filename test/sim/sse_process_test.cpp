#include "upstream/sse_process_io.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"
#include "net/pipe.hpp"
#include "support/wire.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;

constexpr char kTaken[] = "HTTP/1.1 202 X\r\nContent-Length: 0\r\n\r\n";

// A server of revision 2024-11-05: what it does with a message stands in the message.
struct SseServer final : net::Dialer {
  explicit SseServer(base::Scheduler& s) : scheduler(s), connections(s) {}
  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial(net::Endpoint const&,
                                                              base::TimePoint) override {
    auto ends = net::make_pipe(scheduler, 64 * 1024);
    connections.spawn(serve(std::move(ends.second)));
    co_return std::move(ends.first);
  }
  base::Task<void> serve(std::unique_ptr<net::Stream> stream) {
    test::Wire wire(std::move(stream));
    for (;;) {
      auto head = co_await wire.head();
      if (!head) co_return;
      if (head->start.starts_with("GET ")) {
        co_await wire.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: endpoint\ndata: " + endpoint +
            "\n\n");
        co_await wire.until_gone();
        co_return;
      }
      auto body = co_await wire.body(*head);
      if (!body) co_return;
      taken.push_back(*body);
      if (body->find("hang") != std::string::npos) co_await wire.until_gone();
      if (body->find("fail") != std::string::npos) {
        co_await wire.write("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n");
      } else if (body->find("forgot") != std::string::npos) {
        co_await wire.write("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n");
      } else {
        co_await wire.write(kTaken);
      }
    }
  }

  base::Scheduler& scheduler;
  std::string endpoint = "/post?s=1";
  std::vector<std::string> taken;
  base::TaskGroup connections;
};

struct Sse : testing::Test {
  base::VirtualLoop loop;
  SseServer server{loop};
  SseSpawner spawner{loop, server, SseOptions{*net::parse_url("http://old.test/sse"), {}}};
  std::unique_ptr<ChildProcess> process;

  void start() {
    process = std::move(*spawner.spawn({}));
    loop.run();
  }
  void say(std::string line) {
    line += '\n';
    iovec const piece{line.data(), line.size()};
    process->input().write({&piece, 1});
    loop.run();
  }
  std::string heard(net::Stream& from) {
    std::array<char, 4096> buffer;
    auto const got = from.read(buffer);
    return got.state == net::IoState::moved ? std::string(buffer.data(), got.bytes) : std::string();
  }
};

std::string request(std::string const& id, std::string const& method) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + "\"}";
}

TEST_F(Sse, APostThatHangsHoldsUpNoOtherRequest) {
  start();
  say(request("1", "hang"));
  say(request("2", "fine"));
  ASSERT_EQ(server.taken.size(), 2U);
  loop.advance(SseSpawner::kPostMax);
  EXPECT_NE(heard(process->output()).find(R"("id":1,"error":{"code":-32603)"), std::string::npos);
  EXPECT_FALSE(process->exited().is_set());
}

TEST_F(Sse, ARefusedPostFailsItsOwnRequestOnly) {
  start();
  say(request("7", "fail"));
  EXPECT_EQ(heard(process->output()), R"({"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":)"
                                      "\"The server did not take the message: HTTP status 500\"}}\n");
  say(request("8", "fine"));
  EXPECT_EQ(server.taken.size(), 2U);
  EXPECT_FALSE(process->exited().is_set());
}

TEST_F(Sse, AForgottenSessionIsItsEnd) {
  start();
  say(request("1", "forgot"));
  EXPECT_TRUE(process->exited().is_set());
  EXPECT_NE(heard(process->errors()).find("does not know the session"), std::string::npos);
}

TEST_F(Sse, WhatFollowsANotificationWaitsForIt) {
  start();
  say(R"({"jsonrpc":"2.0","method":"hang"})");
  say(request("1", "fine"));
  EXPECT_EQ(server.taken.size(), 1U);
  loop.advance(SseSpawner::kPostMax);
  EXPECT_EQ(server.taken.size(), 2U);
}

TEST_F(Sse, AnEndpointOfAnotherOriginIsRefused) {  // P051
  server.endpoint = "http://old.test:81/post";
  start();
  EXPECT_TRUE(process->exited().is_set());
  EXPECT_NE(heard(process->errors()).find("another origin"), std::string::npos);
}

}  // namespace
}  // namespace weir::upstream
