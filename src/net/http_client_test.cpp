#include "net/http_client.hpp"

#include <gtest/gtest.h>

#include "base/run_until.hpp"
#include "base/virtual_loop.hpp"
#include "support/endless_stream.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;

struct OneStreamDialer final : Dialer {
  std::unique_ptr<Stream> stream;
  base::Task<base::Result<std::unique_ptr<Stream>>> dial(Endpoint const&, base::TimePoint) override {
    co_return std::move(stream);
  }
};

base::Task<void> read_events(HttpClient& client, bool& in_time, base::Scheduler& scheduler) {
  auto reply = co_await client.exchange("GET / HTTP/1.1\r\n\r\n", {});
  auto event = reply->next_event();
  in_time = co_await base::run_until(scheduler, event, scheduler.now() + 5s) == base::Ended::done;
}

TEST(HttpClient, APeerThatNeverStopsSendingLeavesTheWorkerToOthers) {  // hangs where it does not hold
  base::VirtualLoop loop;
  OneStreamDialer dialer;
  dialer.stream = std::make_unique<test::EndlessStream>(
      loop, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", ": nothing to say\n\n");
  auto& peer = static_cast<test::EndlessStream&>(*dialer.stream);
  HttpClient client(loop, dialer, Endpoint{false, "endless", 80}, {});
  bool in_time = true;
  base::TaskGroup tasks(loop);
  tasks.spawn(read_events(client, in_time, loop));
  loop.run();
  EXPECT_GT(peer.read_bytes, 0U);
  EXPECT_EQ(tasks.size(), 1U);
}

}  // namespace
}  // namespace weir::net
