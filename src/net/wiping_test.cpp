// What came over connections, or went, may be credentials: no memory is given back with any of it.
#include <gtest/gtest.h>

#include <array>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "net/http_client.hpp"
#include "net/http_fetch.hpp"
#include "net/http_server.hpp"
#include "net/internal/scratch.hpp"
#include "support/freed_memory.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;
using internal::scratch;

// Literals, so that nothing but the code under test frees a copy.
#define MARK "a-credential-of-somebody"
constexpr std::string_view kMark = MARK;

struct OneStreamDialer final : Dialer {
  std::unique_ptr<Stream> stream;
  base::Task<base::Result<std::unique_ptr<Stream>>> dial(Endpoint const&, base::TimePoint) override {
    co_return std::move(stream);
  }
};

// The other side, which says literals: nothing but the code under test owns a copy. Outlives the stream.
struct Peer {
  class End final : public Stream {
   public:
    End(base::Scheduler& scheduler, Peer& peer) : Stream(scheduler), peer_(peer) {
      peer_.end_ = this;
      write_ready_.set();
    }
    ~End() override { peer_.end_ = nullptr; }
    void wake() noexcept { read_ready_.set(); }
    IoResult read(std::span<char> into) noexcept override {
      auto& unread = peer_.unread_;
      auto const bytes = std::min(unread.size(), into.size());
      unread.copy(into.data(), bytes);
      unread.remove_prefix(bytes);
      if (unread.empty() && !peer_.gone_) read_ready_.reset();
      if (bytes > 0) return {IoState::moved, bytes};
      return {peer_.gone_ ? IoState::ended : IoState::blocked};
    }
    IoResult write(std::span<iovec const> from) noexcept override {
      std::size_t bytes = 0;
      for (auto const& piece : from) bytes += piece.iov_len;
      if (std::string_view(static_cast<char const*>(from.front().iov_base), from.front().iov_len)
              .starts_with("HTTP/1.1 204")) {
        ++peer_.answers;
      }
      return {IoState::moved, bytes};
    }
    void shutdown_write() noexcept override {}
    std::string peer() const override { return "peer"; }

   private:
    void want_read() noexcept override {}
    void want_write() noexcept override {}
    Peer& peer_;
  };

  void say(std::string_view literal) {
    unread_ = literal;
    if (end_ != nullptr) end_->wake();
  }
  void go() {
    gone_ = true;
    if (end_ != nullptr) end_->wake();
  }
  int answers = 0;

 private:
  std::string_view unread_;
  bool gone_ = false;
  End* end_ = nullptr;
};

// As callers do who know what they hold.
base::Task<void> fetch(Fetcher& fetcher, FetchRequest const& request, base::TimePoint deadline, int& status) {
  auto reply = co_await fetcher.fetch(request, deadline);
  if (!reply) co_return;
  status = reply->status;
  explicit_bzero(reply->body.data(), reply->body.size());
}

// Reads the credential, answers, and keeps nothing.
struct Silent final : HttpHandler {
  base::Task<void> serve(HttpExchange& exchange) override {
    auto body = co_await exchange.read_body();
    if (body) explicit_bzero(body->data(), body->size());
    exchange.reply(204, "", "", {});
  }
  void refused(int, std::string_view) override {}
};

struct Wiping : testing::Test {
  base::VirtualLoop loop;
  int status = 0;
  int answers = 0;

  Wiping() { forget_scratch(); }
  static void forget_scratch() {
    scratch().bytes.fill(0);
    internal::wipe(scratch().text);
  }
  static bool scratch_holds_it() {
    auto& text = scratch().text;
    std::string_view const rendered(text.data(), text.capacity());
    std::string_view const read(scratch().bytes.data(), scratch().bytes.size());
    return rendered.find(kMark) != std::string_view::npos || read.find(kMark) != std::string_view::npos;
  }
  // An issuer that says this, piece after piece, and may then break off.
  void fetch_from(std::vector<std::string_view> const& pieces) {
    OneStreamDialer dialer;
    Peer peer;
    dialer.stream = std::make_unique<Peer::End>(loop, peer);
    NetFetcher fetcher(loop, dialer);
    FetchRequest request;
    request.url = *parse_url("http://issuer.test/token");
    request.fields.emplace_back("Authorization", base::Secret(kMark));
    request.body = base::Secret("client_secret=" MARK);
    status = 0;
    base::TaskGroup tasks(loop);
    tasks.spawn(fetch(fetcher, request, loop.now() + 5s, status));
    loop.run();
    tell(peer, pieces);
    loop.advance(6s);
  }
  void tell(Peer& peer, std::vector<std::string_view> const& pieces) {
    for (auto const piece : pieces) {
      peer.say(piece);
      loop.run();
    }
    peer.go();
  }
  void ask_server(std::vector<std::string_view> const& pieces) {
    Silent handler;
    ServerOptions const options;
    bool stopping = false;
    base::TaskGroup tasks(loop);
    Peer peer;
    tasks.spawn(serve_connection(loop, std::make_unique<Peer::End>(loop, peer), handler, options, stopping));
    tell(peer, pieces);
    loop.advance(60s);
    answers = peer.answers;
  }
};

TEST_F(Wiping, NoAnswerStaysInMemoryHoweverItComes_R011) {
  struct Way {
    char const* name;
    std::vector<std::string_view> pieces;
    int status;
  };
  std::vector<Way> const ways{
      {"whole", {"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n" MARK}, 200},
      {"in pieces", {"HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n" MARK, "and", "."}, 200},
      {"cut off in its body", {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" MARK}, 0},
      {"cut off in its head", {"HTTP/1.1 200 OK\r\nX-Token: " MARK}, 0},
      {"in chunks",
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n" MARK "\r\n", "40\r\n",
        "0123456789012345678901234567890123456789012345678901234567890123\r\n", "0\r\n\r\n"},
       200},
      {"cut off in its chunks",
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n" MARK "\r\n", "18\r\n" MARK},
       0},
      {"with a head in pieces",
       {"HTTP/1.1 200 OK\r\nX-Token: " MARK, "\r\nX-More: 0123456789012345678901234567890123456789012345",
        "\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n" MARK "\r\n0\r\n\r\n"},
       200},
  };
  for (auto const& way : ways) {
    test::FreedMemory const freed(kMark);
    fetch_from(way.pieces);
    EXPECT_EQ(status, way.status) << way.name;
    EXPECT_EQ(freed.found(), 0U) << way.name;
    EXPECT_FALSE(scratch_holds_it()) << way.name;
    forget_scratch();
  }
}

TEST_F(Wiping, NoRequestOfACallerStaysInMemoryHoweverItComes_R011) {
  struct Way {
    char const* name;
    std::vector<std::string_view> pieces;
    int answers;
  };
  std::vector<Way> const ways{
      {"whole", {"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " MARK "\r\n\r\n"}, 1},
      {"in pieces",
       {"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " MARK,
        "\r\nX-More: 0123456789012345678901234567890123456789012345678901234567890123456789", "\r\n\r\n"},
       1},
      {"with a body that comes later",
       {"POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " MARK "\r\nContent-Length: 2\r\n\r\n", "{}"},
       1},
      {"cut off in its head", {"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " MARK}, 0},
      {"cut off before its body",
       {"POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " MARK "\r\nContent-Length: 2\r\n\r\n"},
       0},
      {"behind another",
       {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " MARK
        "\r\n\r\n"},
       2},
  };
  for (auto const& way : ways) {
    test::FreedMemory const freed(kMark);
    ask_server(way.pieces);
    EXPECT_EQ(answers, way.answers) << way.name;
    EXPECT_EQ(freed.found(), 0U) << way.name;
    EXPECT_FALSE(scratch_holds_it()) << way.name;
    forget_scratch();
  }
}

TEST_F(Wiping, WhatIsNotWipedIsSeen) {  // or the tests above prove nothing
  test::FreedMemory const freed(kMark);
  { std::string const copy(kMark); }
  { base::Secret const secret(kMark); }
  EXPECT_EQ(freed.found(), 1U);
}

}  // namespace
}  // namespace weir::net
