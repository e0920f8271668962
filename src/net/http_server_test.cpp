#include "net/http_server.hpp"

#include <gtest/gtest.h>

#include <array>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "net/pipe.hpp"

namespace weir::net {
namespace {

// Answers everything with `status` and a field of this request.
struct Marking final : HttpHandler {
  base::Task<void> serve(HttpExchange& exchange) override {
    exchange.add_fields("X-Mark: " + std::string(exchange.head().target) + "\r\n");
    exchange.reply(status, "", "", {});
    co_return;
  }
  int status = 204;
  void refused(int, std::string_view) override {}
  bool judges_length() const noexcept override { return judges; }
  bool judges = false;
};

// Judges lengths, and reads what it should have refused.
struct Greedy final : HttpHandler {
  base::Task<void> serve(HttpExchange& exchange) override {
    auto const body = co_await exchange.read_body();
    exchange.reply(body ? 200 : exchange.refusal_status(), "",
                   "X-Path: " + std::string(exchange.head().path) + "\r\n", {});
  }
  void refused(int, std::string_view) override {}
  bool judges_length() const noexcept override { return true; }
};

struct HttpServerTest : testing::Test {
  base::VirtualLoop loop;
  std::unique_ptr<Stream> client;
  Marking handler;
  ServerOptions options;
  bool stopping = false;
  base::TaskGroup tasks{loop};

  HttpServerTest() {
    auto ends = make_pipe(loop);
    client = std::move(ends.first);
    tasks.spawn(serve_connection(loop, std::move(ends.second), handler, options, stopping));
  }
  std::string ask(std::string_view request) {
    iovec const part{const_cast<char*>(request.data()), request.size()};
    EXPECT_EQ(client->write({&part, 1}).bytes, request.size());
    loop.run();
    std::array<char, 4096> answer;
    auto const got = client->read(answer);
    return std::string(answer.data(), got.bytes);
  }
};

TEST_F(HttpServerTest, FieldsOfOneAnswerStandInNoLaterOne) {
  EXPECT_NE(ask("GET /one HTTP/1.1\r\nHost: a\r\n\r\n").find("X-Mark: /one\r\n"), std::string::npos);
  auto const second = ask("GET /two HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(second.find("X-Mark: /two\r\n"), std::string::npos);
  EXPECT_EQ(second.find("/one"), std::string::npos);
  auto const refusal = ask("GET / HTTP/1.1\r\nbroken\r\n\r\n");
  EXPECT_TRUE(refusal.starts_with("HTTP/1.1 400 ")) << refusal;
  EXPECT_EQ(refusal.find("X-Mark"), std::string::npos) << refusal;
}

// RFC 9110 section 8.6; another answer without a body has to say that it has none.
TEST_F(HttpServerTest, OnlyWhatCanHaveABodySaysHowLongItIs) {
  auto const nothing = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(nothing.starts_with("HTTP/1.1 204 ") && nothing.ends_with("\r\n\r\n")) << nothing;
  EXPECT_EQ(nothing.find("Content-Length"), std::string::npos) << nothing;
  handler.status = 202;
  EXPECT_NE(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").find("Content-Length: 0\r\n"), std::string::npos);
}

TEST_F(HttpServerTest, ALongBodyIsRefusedBeforeTheHandler) {
  auto const refused = ask("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99000000\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 413 ")) << refused;
  EXPECT_EQ(refused.find("X-Mark"), std::string::npos) << refused;
}

TEST(HttpServerLengths, AHandlerThatJudgesThemIsAskedAndCannotReadTheBody) {
  base::VirtualLoop loop;
  Marking judging;
  judging.judges = true;
  judging.status = 400;
  Greedy greedy;
  ServerOptions const options;
  bool const stopping = false;
  auto const ask = [&](HttpHandler& handler) {
    auto ends = make_pipe(loop);
    base::TaskGroup tasks{loop};
    tasks.spawn(serve_connection(loop, std::move(ends.second), handler, options, stopping));
    std::string request = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99000000\r\n\r\n{";
    iovec const part{request.data(), request.size()};
    EXPECT_EQ(ends.first->write({&part, 1}).bytes, request.size());
    loop.run();
    std::array<char, 4096> answer;
    auto const got = ends.first->read(answer);
    return std::string(answer.data(), got.bytes);
  };
  auto const asked = ask(judging);
  EXPECT_TRUE(asked.starts_with("HTTP/1.1 400 ")) << asked;
  EXPECT_NE(asked.find("X-Mark: /a\r\n"), std::string::npos) << asked;
  EXPECT_NE(asked.find("Connection: close\r\n"), std::string::npos) << asked;
  auto const read = ask(greedy);
  EXPECT_TRUE(read.starts_with("HTTP/1.1 413 ")) << read;
  EXPECT_NE(read.find("X-Path: /a\r\n"), std::string::npos) << "the head is still whole";
}

}  // namespace
}  // namespace weir::net
