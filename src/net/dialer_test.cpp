#include "net/dialer.hpp"

#include <gtest/gtest.h>

#include "base/run_until.hpp"
#include "base/task_group.hpp"
#include "net/listener.hpp"

namespace weir::net {
namespace {

constexpr auto kHang = std::chrono::seconds{20};  // a generous limit: no test waits for it

struct DialerOnLoopback : ::testing::Test {
  base::SystemClock clock;
  IoLoop loop{clock};
  NetDialer dialer{loop, nullptr};
  base::TaskGroup tasks{loop};

  base::Result<std::unique_ptr<Stream>> dial(Endpoint const& to) {
    base::Result<std::unique_ptr<Stream>> made = nullptr;
    tasks.spawn([](DialerOnLoopback& self, Endpoint const& where, base::TimePoint deadline,
                   base::Result<std::unique_ptr<Stream>>& into) -> base::Task<void> {
      into = co_await self.dialer.dial(where, deadline);
      self.loop.stop();
    }(*this, to, loop.now() + kHang, made));
    loop.run();
    return made;
  }
};

TEST_F(DialerOnLoopback, ConnectsByAddressAndByName) {
  auto listener = Listener::bind("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  for (auto const* host : {"127.0.0.1", "localhost"}) {
    auto const stream = dial({false, host, (*listener)->port()});
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
  auto const stream = dial({false, "127.0.0.1", free_port});
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, base::Fault::connect_failed);
  EXPECT_EQ(stream.error().retry, base::Retry::always);
}

TEST_F(DialerOnLoopback, MoreLookUpsThanThreadsAllEnd) {
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
  EXPECT_FALSE(dial({false, "localhost", 9}));  // and the loop has delivered the first one's end meanwhile
}

}  // namespace
}  // namespace weir::net
