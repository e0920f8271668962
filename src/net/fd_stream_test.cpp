#include "net/fd_stream.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "base/task_group.hpp"
#include "net/internal/fd_watch.hpp"

namespace weir::net {
namespace {

using internal::FdWatch;

struct FdStreams : ::testing::Test {
  base::SystemClock clock;
  IoLoop loop{clock};
  base::TaskGroup tasks{loop};
  std::array<int, 2> ends{-1, -1};
  std::unique_ptr<Stream> stream;

  void SetUp() override {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    stream = make_fd_stream(loop, ends[0], "test");
    ASSERT_NE(stream, nullptr);
  }
  void TearDown() override {
    tasks.cancel();
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void send(std::string_view text) {
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void send_end() {
    ::close(ends[1]);
    ends[1] = -1;
  }
  static base::Task<void> read_to_end(Stream& from, std::string& into, IoLoop& loop) {
    std::array<char, 64> buffer;
    for (;;) {
      auto const got = from.read(buffer);
      if (got.state == IoState::moved) {
        into.append(buffer.data(), got.bytes);
      } else if (got.state == IoState::blocked) {
        co_await from.readable();
      } else {
        break;
      }
    }
    loop.stop();
  }
};

TEST_F(FdStreams, AShortReadIsTheEndOfWhatIsThereAndNewBytesWakeTheReader) {
  send("one");
  std::string got;
  tasks.spawn(read_to_end(*stream, got, loop));
  tasks.spawn([](FdStreams& self, std::string const& so_far) -> base::Task<void> {
    while (so_far != "one") co_await self.loop.sleep_for({});
    self.send("two");
    while (so_far != "onetwo") co_await self.loop.sleep_for({});
    self.send_end();
  }(*this, got));
  loop.run();
  EXPECT_EQ(got, "onetwo");
}

TEST_F(FdStreams, ASocketThatWasReadToItsEndIsNotAskedAgainBeforeItsNextEvent) {
  std::array<char, 64> buffer;
  send("one");
  EXPECT_EQ(stream->read(buffer).state, IoState::blocked);  // the event has not been delivered yet
  loop.post([&] { loop.post([&] { loop.stop(); }); });
  loop.run();
  EXPECT_EQ(stream->read(buffer).bytes, 3U);
  EXPECT_FALSE(stream->arm_read().is_set());
}

TEST_F(FdStreams, TheEndIsSeenWhenItCameTogetherWithTheLastBytes) {
  send("last words");
  send_end();
  std::string got;
  tasks.spawn([](Stream& from, std::string& into, IoLoop& l) -> base::Task<void> {
    co_await from.readable();  // the event of the bytes is the event of the end: there is no other
    co_await read_to_end(from, into, l);
  }(*stream, got, loop));
  loop.run();
  EXPECT_EQ(got, "last words");
}

TEST_F(FdStreams, AnEventWithoutAWaiterIsNotLost) {
  send("early");
  loop.post([&] { loop.post([&] { loop.stop(); }); });
  loop.run();
  EXPECT_TRUE(stream->arm_read().is_set());
}

base::Task<void> write_all(Stream& to, std::size_t bytes, int& blocked) {
  std::string const text(64 * 1024, 'x');
  while (bytes > 0) {
    iovec const part{const_cast<char*>(text.data()), std::min(bytes, text.size())};
    auto const put = to.write({&part, 1});
    if (put.state == IoState::moved) bytes -= put.bytes;
    if (put.state == IoState::blocked) {
      ++blocked;
      co_await to.writable();
    }
  }
}

TEST_F(FdStreams, AWriterThatTheKernelStoppedGoesOnWhenTheReaderHasRead) {
  constexpr std::size_t kBytes = 8 * 1024 * 1024;
  int blocked = 0;
  std::string got;
  auto reader = make_fd_stream(loop, std::exchange(ends[1], -1), "reader");
  tasks.spawn(read_to_end(*reader, got, loop));
  tasks.spawn([](std::unique_ptr<Stream>& to, int& times) -> base::Task<void> {
    co_await write_all(*to, kBytes, times);
    to.reset();
  }(stream, blocked));
  loop.run();
  EXPECT_EQ(got.size(), kBytes);
  EXPECT_GT(blocked, 0);
}

// A stream whose reads never run dry: the peer refills the socket before each one.
base::Task<void> read_for_ever(Stream& from, int peer, std::size_t& total, std::size_t& in_this_turn) {
  std::vector<char> buffer(16 * 1024);
  ::send(peer, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  co_await from.readable();
  for (;;) {
    while (::send(peer, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
    auto const got = from.read(buffer);
    if (got.state == IoState::moved) {
      total += got.bytes;
      in_this_turn += got.bytes;
    } else {
      EXPECT_EQ(got.state, IoState::blocked);
      EXPECT_LE(in_this_turn, FdWatch::kTurnBytesMax + buffer.size());
      EXPECT_GT(in_this_turn, FdWatch::kTurnBytesMax);
      in_this_turn = 0;
      co_await from.readable();
    }
  }
}

TEST_F(FdStreams, APeerThatAlwaysHasMoreLeavesTurnsToTheOthersAndGetsItsOwn) {
  std::size_t total = 0;
  std::size_t in_this_turn = 0;
  tasks.spawn(read_for_ever(*stream, ends[1], total, in_this_turn));
  int turns = 0;
  std::function<void()> const other = [&] {
    if (++turns == 6) return loop.stop();
    loop.post(other);
  };
  loop.post(other);
  loop.run();
  EXPECT_GT(total, 3 * FdWatch::kTurnBytesMax);
}

// A peer that is there but takes nothing, and one that is gone without a word (F-58, F-61).
struct TcpStreams : FdStreams {
  void SetUp() override {
    int const listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    ASSERT_EQ(::bind(listener, address, size), 0);
    ASSERT_EQ(::listen(listener, 1), 0);
    ASSERT_EQ(::getsockname(listener, address, &size), 0);
    ends[1] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int const little = 4096;
    ::setsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    ASSERT_EQ(::connect(ends[1], address, size), 0);
    stream = make_fd_stream(loop, ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "test");
    ::close(listener);
    ASSERT_NE(stream, nullptr);
  }
  IoState fill() {
    std::string const much(1 << 16, 'x');
    iovec const part{const_cast<char*>(much.data()), much.size()};
    for (;;) {
      auto const put = stream->write({&part, 1});
      if (put.state != IoState::moved) return put.state;
    }
  }
};

TEST_F(TcpStreams, WhatAPeerDoesNotTakeIsUnderWayUntilItReads) {
  EXPECT_EQ(stream->under_way(), 0U);
  EXPECT_EQ(fill(), IoState::blocked);
  auto const stuck = stream->under_way();
  EXPECT_GT(stuck, 0U) << "its window is shut";
  std::array<char, 1 << 16> into{};
  while (stream->under_way() > 0) ASSERT_GT(::read(ends[1], into.data(), into.size()), 0);
}

TEST_F(TcpStreams, AResetIsSeenByWhoeverWritesAndByWhoeverReads) {
  EXPECT_EQ(fill(), IoState::blocked);
  linger const reset{1, 0};
  ::setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  send_end();
  std::string got;
  tasks.spawn(read_to_end(*stream, got, loop));
  loop.run();
  EXPECT_EQ(got, "");
  EXPECT_NE(fill(), IoState::blocked);
}

TEST(WatchedFd, TellsOnceAndAgainOnlyWhenAsked) {
  base::SystemClock clock;
  IoLoop loop(clock);
  int const counter = ::eventfd(1, EFD_CLOEXEC);
  auto const watched = watch_fd(loop, counter);
  ASSERT_NE(watched, nullptr);
  auto const turn = [&] {
    loop.post([&] { loop.post([&] { loop.stop(); }); });
    loop.run();
  };
  turn();
  EXPECT_TRUE(watched->event().is_set());
  watched->event().reset();
  turn();
  EXPECT_FALSE(watched->event().is_set());
  watched->again();  // it is still readable
  turn();
  EXPECT_TRUE(watched->event().is_set());
}

TEST(WatchedFd, AFileIsRefused) {
  base::SystemClock clock;
  IoLoop loop(clock);
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(make_fd_stream(loop, ::dup(::fileno(file)), "file"), nullptr);
  std::fclose(file);
}

}  // namespace
}  // namespace weir::net
