#include "net/dialer.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/task_group.hpp"
#include "net/internal/name_lookup.hpp"
#include "net/listener.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;

constexpr auto kHang = std::chrono::seconds{20};  // a generous limit: no test waits for it

struct DialerOnLoopback : ::testing::Test {
  base::SystemClock clock;
  IoLoop loop{clock};
  NetDialer dialer{loop, nullptr};
  base::TaskGroup tasks{loop};

  std::unique_ptr<internal::NameLookups> names(internal::Resolver resolver) {
    return std::make_unique<internal::NameLookups>(loop, std::move(resolver));
  }
  base::Result<std::unique_ptr<Stream>> dial(Endpoint const& to, NetDialer& by) {
    base::Result<std::unique_ptr<Stream>> made = nullptr;
    tasks.spawn([](NetDialer& dials, IoLoop& l, Endpoint const& where, base::TimePoint deadline,
                   base::Result<std::unique_ptr<Stream>>& into) -> base::Task<void> {
      into = co_await dials.dial(where, deadline);
      l.stop();
    }(by, loop, to, loop.now() + kHang, made));
    loop.run();
    return made;
  }
};

TEST_F(DialerOnLoopback, ConnectsByAddressAndByName) {
  auto listener = Listener::bind("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  for (auto const* host : {"127.0.0.1", "localhost"}) {
    auto const stream = dial({false, host, (*listener)->port()}, dialer);
    ASSERT_TRUE(stream) << host << ": " << stream.error().detail;
    EXPECT_EQ((*stream)->peer(), std::string(host) + ":" + std::to_string((*listener)->port()));
  }
}

TEST_F(DialerOnLoopback, ARefusalIsAConnectFailureThatMayBeTriedAgain) {
  std::uint16_t free_port = 0;
  {
    auto listener = Listener::bind("127.0.0.1", 0);
    ASSERT_TRUE(listener);
    free_port = (*listener)->port();
  }
  auto const stream = dial({false, "127.0.0.1", free_port}, dialer);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, base::Fault::connect_failed);
  EXPECT_EQ(stream.error().retry, base::Retry::always);
}

TEST_F(DialerOnLoopback, ANameWithoutAnAddressIsAConnectFailureThatSaysWhy) {
  NetDialer nobody(loop, nullptr, names([](std::string const&, std::uint16_t) {
                     return internal::Found{{}, "no such name"};
                   }));
  auto const stream = dial({false, "nobody", 80}, nobody);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, base::Fault::connect_failed);
  EXPECT_EQ(stream.error().retry, base::Retry::always);
  EXPECT_EQ(stream.error().detail, "cannot connect to nobody:80: no such name");
}

TEST_F(DialerOnLoopback, WhatTheGuardDoesNotLetPassIsNeverConnectedTo_T53) {
  auto listener = Listener::bind("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  int asked = 0;
  NetDialer rebound(loop, nullptr, names([&](std::string const&, std::uint16_t port) {
                      ++asked;
                      return internal::Found{{*internal::numeric_address("127.0.0.1", port)}, ""};
                    }));
  auto const guard = std::make_shared<EgressGuard const>(EgressRules{});
  auto const port = (*listener)->port();
  auto stream = dial({false, "issuer.test", port, guard}, rebound);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, base::Fault::denied);
  for (auto const* const host : {"127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001"}) {
    EXPECT_FALSE(dial({false, host, port, guard}, rebound)) << host;
  }
  EXPECT_TRUE((*listener)->attach(loop));
  EXPECT_TRUE((*listener)->accept().empty());
  auto const here = std::make_shared<EgressGuard const>(EgressRules{true, true, {}});
  EXPECT_TRUE(dial({false, "issuer.test", port, here}, rebound));
  EXPECT_EQ(asked, 2);  // once for each dial: the address that was looked at is the one that is used
}

TEST_F(DialerOnLoopback, ManyDialsOfOneNameAllEnd) {
  auto listener = Listener::bind("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  Endpoint const to{false, "localhost", (*listener)->port()};
  int connected = 0;
  base::TaskGroup dialing(loop);
  for (int i = 0; i < 30; ++i) {
    dialing.spawn(
        [](NetDialer& by, Endpoint const& where, base::TimePoint deadline, int& count) -> base::Task<void> {
          auto const stream = co_await by.dial(where, deadline);
          if (stream) ++count;
        }(dialer, to, loop.now() + kHang, connected));
  }
  tasks.spawn([](base::TaskGroup& group, IoLoop& l) -> base::Task<void> {
    co_await group.idle();
    l.stop();
  }(dialing, loop));
  loop.run();
  EXPECT_EQ(connected, 30);
}

TEST_F(DialerOnLoopback, ALookUpThatNobodyWaitsForHurtsNobody) {
  Endpoint const to{false, "localhost", 9};
  {
    base::TaskGroup dialing(loop);
    dialing.spawn([](NetDialer& by, Endpoint const& where, base::TimePoint deadline) -> base::Task<void> {
      co_await by.dial(where, deadline);
    }(dialer, to, loop.now() + kHang));
  }
  EXPECT_FALSE(dial({false, "localhost", 9}, dialer));  // and the loop has delivered the first one's end
}

// A port that takes no more connections and does not say so: its queue of one is full.
struct BlackHole {
  int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int queued = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  internal::SocketAddress at = *internal::numeric_address("127.0.0.1", 0);
  BlackHole() {
    EXPECT_EQ(::bind(listening, address(), at.length), 0);
    EXPECT_EQ(::listen(listening, 0), 0);
    EXPECT_EQ(::getsockname(listening, address(), &at.length), 0);
    EXPECT_EQ(::connect(queued, address(), at.length), 0);
  }
  ~BlackHole() {
    ::close(queued);
    ::close(listening);
  }
  sockaddr* address() { return reinterpret_cast<sockaddr*>(&at.storage); }
};

TEST(Dialer, AnAddressThatNeverAnswersHasItsShareOfTheTimeAndThenTheNextIsTried) {
  base::VirtualClock clock;
  IoLoop loop(clock);
  BlackHole hole;
  auto listener = Listener::bind("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  std::vector<internal::SocketAddress> const both{
      hole.at, *internal::numeric_address("127.0.0.1", (*listener)->port())};
  auto found = std::make_unique<internal::NameLookups>(loop, [both](std::string const&, std::uint16_t) {
    return internal::Found{both, ""};
  });
  auto& lookups = *found;
  NetDialer dialer(loop, nullptr, std::move(found));
  base::TaskGroup tasks(loop);
  bool connected = false;
  tasks.spawn([](NetDialer& by, IoLoop& l, bool& into) -> base::Task<void> {
    Endpoint const to{false, "two", 80};
    into = (co_await by.dial(to, l.now() + 4s)).has_value();
    l.stop();
  }(dialer, loop, connected));
  base::TaskGroup hands(loop);
  hands.spawn([](internal::NameLookups& same, base::VirtualClock& hand, base::TaskGroup const& dials,
                 IoLoop& l) -> base::Task<void> {
    co_await same.find("two", 80, base::TimePoint::max());  // after the dial, which then tries the hole
    auto const begun = hand.now();
    for (auto const at : {1999ms, 2000ms}) {
      EXPECT_EQ(dials.size(), 1U);
      hand.set(begun + at);
      co_await l.sleep_for({});
    }
  }(lookups, clock, tasks, loop));
  loop.run();  // hangs where the first address has all of the time: nobody moves it on
  EXPECT_TRUE(connected);
}

}  // namespace
}  // namespace weir::net
