#include "net/http_client.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"
#include "net/pipe.hpp"
#include "support/endless_stream.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\n\r\n";

struct OneStreamDialer final : Dialer {
  std::unique_ptr<Stream> stream;
  base::Task<base::Result<std::unique_ptr<Stream>>> dial(Endpoint const&, base::TimePoint) override {
    co_return std::move(stream);
  }
};

struct HttpClientTest : testing::Test {
  base::VirtualLoop loop;
  OneStreamDialer dialer;
  HttpClient client{loop, dialer, Endpoint{false, "server", 80}, {}};
  base::TaskGroup tasks{loop};
};

base::Task<void> read_one_event(HttpClient& client) {
  auto reply = co_await client.exchange(kRequest, {});
  co_await reply->next_event();
}

TEST_F(HttpClientTest, APeerThatNeverStopsSendingLeavesTheWorkerToOthers) {  // hangs where it does not hold
  dialer.stream = std::make_unique<test::EndlessStream>(
      loop, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", ": nothing to say\n\n");
  auto const& peer = static_cast<test::EndlessStream&>(*dialer.stream);
  tasks.spawn(read_one_event(client));
  loop.run();
  EXPECT_GT(peer.read_bytes, 0U);
  EXPECT_EQ(tasks.size(), 1U);
}

// The server's side is the other end of a pipe, written by hand.
struct HttpClientOverAPipe : HttpClientTest {
  std::unique_ptr<Stream> server;
  HttpClientOverAPipe() { std::tie(dialer.stream, server) = make_pipe(loop); }

  void answer(std::string_view text) {
    while (!text.empty()) {
      iovec const part{const_cast<char*>(text.data()), text.size()};
      auto const put = server->write({&part, 1});
      ASSERT_NE(put.state, IoState::ended);
      text.remove_prefix(put.bytes);
      loop.run();
    }
  }
};

base::Task<void> count_events(HttpClient& client, int& count) {
  auto reply = co_await client.exchange(kRequest, {});
  for (;;) {
    auto const event = co_await reply->next_event();
    if (!event || !*event) co_return;
    ++count;
  }
}

base::Task<void> take_error(HttpClient& client, std::optional<base::Error>& error) {
  auto const reply = co_await client.exchange(kRequest, {});
  if (!reply) error = reply.error();
}

base::Task<void> read_body(HttpClient& client, std::optional<std::string>& body) {
  auto reply = co_await client.exchange(kRequest, {});
  auto all = co_await reply->body();
  if (all) body = std::move(*all);
}

TEST_F(HttpClientOverAPipe, EventsThatComeOneByOneAreReadAsTheyComeHoweverMany) {
  int count = 0;
  tasks.spawn(count_events(client, count));
  answer("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
  for (int i = 1; i <= 50; ++i) {
    answer("data: x\n\n");
    ASSERT_EQ(count, i) << "time does not move here";
  }
}

TEST_F(HttpClientOverAPipe, ABodyThatComesInManyPiecesIsReadAsTheyCome) {
  std::optional<std::string> body;
  tasks.spawn(read_body(client, body));
  answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 50; ++i) answer("1\r\nx\r\n");
  answer("0\r\n\r\n");
  EXPECT_EQ(body, std::string(50, 'x'));
}

TEST_F(HttpClientOverAPipe, ASizedBodyIsWholeWhateverItsSize) {
  for (std::size_t const size : {1U, 65535U, 65536U, 300'000U}) {
    std::string const sent(size, 'x');
    std::optional<std::string> body;
    tasks.spawn(read_body(client, body));
    answer("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + sent);
    ASSERT_TRUE(body) << size;
    EXPECT_TRUE(*body == sent) << size;
    EXPECT_EQ(client.idle_connections(), 1U) << size;
  }
}

TEST_F(HttpClientOverAPipe, TheBodyOfAnEventStreamWithALengthIsItsText) {
  std::string const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n";
  std::string const text = "data: x\n\n";
  for (std::size_t const with_head : {std::size_t{0}, std::size_t{4}, text.size()}) {
    std::optional<std::string> body;
    tasks.spawn(read_body(client, body));
    answer(head + text.substr(0, with_head));
    answer(text.substr(with_head));
    EXPECT_EQ(body, text) << with_head;
    EXPECT_EQ(client.idle_connections(), 1U) << with_head;
  }
}

// Servers close idle connections after 5 s without a word: what is sent into such a close is lost.
TEST_F(HttpClientOverAPipe, AConnectionIsUsedAgainForFourSecondsUntilItWasSeenToLiveLonger) {
  constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
  std::vector<std::unique_ptr<Stream>> servers;
  auto const uses_the_old_one_after = [&](base::Duration pause) {
    loop.advance(pause);
    std::optional<std::string> body;
    auto [near, far] = make_pipe(loop);
    dialer.stream = std::move(near);
    tasks.spawn(read_body(client, body));
    loop.run();
    bool const old_one = dialer.stream != nullptr;
    if (!old_one) {
      servers.push_back(std::move(server));  // stays open
      server = std::move(far);
    }
    answer(kAnswer);
    EXPECT_TRUE(body);
    return old_one;
  };
  EXPECT_FALSE(uses_the_old_one_after(0s));
  EXPECT_TRUE(uses_the_old_one_after(3'900ms));
  EXPECT_FALSE(uses_the_old_one_after(4s));
  EXPECT_EQ(client.idle_connections(), 2U);  // the old one is kept, to be watched
  EXPECT_TRUE(uses_the_old_one_after(20s));  // because the other one is open for longer
}

TEST_F(HttpClientOverAPipe, AConnectionIsNotUsedWhenThePeerSaidThatItCloses) {
  std::optional<std::string> body;
  tasks.spawn(read_body(client, body));
  answer("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3\r\nContent-Length: 1\r\n\r\nx");
  loop.advance(1'900ms);
  EXPECT_EQ(client.idle_connections(), 1U);
  loop.advance(1'100ms);
  EXPECT_EQ(client.idle_connections(), 0U);
}

// RFC 9112 §9.3.1: a request on a kept connection that ends without a byte was most likely not executed.
TEST_F(HttpClientOverAPipe, AKeptConnectionThatEndsWithoutAByteIsToldFromOthers) {
  auto const ends_after = [&](std::string_view bytes) {
    std::optional<base::Error> error;
    tasks.spawn(take_error(client, error));
    if (!bytes.empty()) answer(bytes);
    loop.run();
    server->shutdown_write();
    loop.run();
    auto [near, far] = make_pipe(loop);
    dialer.stream = std::move(near);
    server = std::move(far);
    EXPECT_TRUE(error);
    return error ? error->retry : base::Retry::never;
  };
  auto const serves_once = [&] {
    std::optional<std::string> body;
    tasks.spawn(read_body(client, body));
    answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_TRUE(body);
  };
  EXPECT_EQ(ends_after(""), base::Retry::if_idempotent) << "it has never served";
  serves_once();
  EXPECT_EQ(ends_after(""), base::Retry::stale_connection);
  serves_once();
  EXPECT_EQ(ends_after("HTTP/1.1 200"), base::Retry::if_idempotent) << "it had begun to answer";
  serves_once();
  EXPECT_EQ(ends_after("HTTP/1.1 100 Continue\r\n\r\n"), base::Retry::if_idempotent);
}

// Takes a request at the second try, if that offers no less in its first piece than the first one did:
// OpenSSL refuses a shorter one. Then it answers, and says no more.
class StubbornStream final : public Stream {
 public:
  StubbornStream(base::Scheduler& scheduler, std::string answer)
      : Stream(scheduler), answer_(std::move(answer)) {
    write_ready_.set();
  }
  IoResult read(std::span<char> into) noexcept override {
    if (answered_) asked_most = std::max(asked_most, into.size());
    if (!taken_ || answer_.empty()) {
      read_ready_.reset();
      return {IoState::blocked};
    }
    std::size_t const got = answer_.copy(into.data(), into.size());
    answer_.erase(0, got);
    answered_ = true;
    return {IoState::moved, got};
  }
  IoResult write(std::span<iovec const> from) noexcept override {
    std::size_t const offered = from.front().iov_len;
    if (refused_ == 0) {
      refused_ = offered;
      write_ready_.reset();
      return {IoState::blocked};
    }
    if (offered < refused_) return {IoState::failed};
    taken_ = true;
    std::size_t total = 0;
    for (auto const& piece : from) total += piece.iov_len;
    return {IoState::moved, total};
  }
  void shutdown_write() noexcept override {}
  std::string peer() const override { return "stubborn"; }

  std::size_t asked_most = 0;  // once the head has come, which is read into memory of the thread

 protected:
  void want_read() noexcept override {
    if (taken_ && !answer_.empty()) read_ready_.set();
  }
  void want_write() noexcept override { write_ready_.set(); }

 private:
  std::string answer_;
  std::size_t refused_ = 0;
  bool taken_ = false;
  bool answered_ = false;
};

TEST_F(HttpClientTest, ARequestThatTheSocketTookNothingOfIsOfferedAgainInOnePiece) {
  dialer.stream = std::make_unique<StubbornStream>(loop, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  int status = 0;
  tasks.spawn([](HttpClient& by, int& into) -> base::Task<void> {
    std::string body = "a body";
    iovec const part{body.data(), body.size()};
    auto const reply = co_await by.exchange("POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\n", {&part, 1});
    if (reply) into = reply->head.status;
  }(client, status));
  loop.run();
  EXPECT_EQ(status, 200);
}

TEST_F(HttpClientTest, MemoryForABodyGrowsWithWhatHasCome) {
  auto stream =
      std::make_unique<StubbornStream>(loop, "HTTP/1.1 200 OK\r\nContent-Length: 16777216\r\n\r\nx");
  auto const& peer = *stream;
  dialer.stream = std::move(stream);
  std::optional<std::string> body;
  tasks.spawn(read_body(client, body));
  loop.run();
  EXPECT_EQ(tasks.size(), 1U);
  EXPECT_GT(peer.asked_most, 0U);
  EXPECT_LE(peer.asked_most, 64U * 1024);
}

}  // namespace
}  // namespace weir::net
