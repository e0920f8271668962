#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/sync.hpp"
#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"

namespace weir::base {
namespace {

struct Turn {
  VirtualLoop loop;
  Event go{loop};
  std::string log;

  // Reads when it is told to, then sends.
  Task<void> exchange(std::size_t bytes) {
    co_await go.wait();
    log += 'r';
    co_await loop.before_sending(bytes);
    log += 's';
  }
};

TEST(BeforeSending, WhatATurnHasToSendGoesOutInARow) {
  Turn turn;
  TaskGroup group(turn.loop);
  for (int i = 0; i < 3; ++i) group.spawn(turn.exchange(100));
  turn.go.set();
  turn.loop.run();
  EXPECT_EQ(turn.log, "rrrsss");
}

TEST(BeforeSending, WhoeverIsAloneDoesNotWait) {
  Turn turn;
  TaskGroup group(turn.loop);
  turn.go.set();
  group.spawn(turn.exchange(100));
  EXPECT_EQ(turn.log, "rs");  // before the loop has run
}

// What is long would leave the processor's cache while it waits.
TEST(BeforeSending, NoMoreThan128KiBAreHeldBack) {
  Turn turn;
  TaskGroup group(turn.loop);
  group.spawn(turn.exchange(128 * 1024));
  group.spawn(turn.exchange(1));
  group.spawn(turn.exchange(0));
  turn.go.set();
  turn.loop.run();
  EXPECT_EQ(turn.log, "rrsrss");  // the second does not fit beside the first
  turn.log.clear();
  turn.go.reset();
  for (int i = 0; i < 2; ++i) group.spawn(turn.exchange(128 * 1024 + 1));
  turn.go.set();
  turn.loop.run();
  EXPECT_EQ(turn.log, "rsrs");
}

TEST(BeforeSending, NoMoreThanThirtyTwoWaitForOneAnother) {
  Turn turn;
  TaskGroup group(turn.loop);
  for (int i = 0; i < 40; ++i) group.spawn(turn.exchange(1));
  turn.go.set();
  turn.loop.run();
  EXPECT_EQ(turn.log,
            std::string(32, 'r') + std::string(32, 's') + std::string(8, 'r') + std::string(8, 's'));
}

// A loop whose time is the machine's.
class RealLoop final : public Scheduler {
 public:
  explicit RealLoop(SystemClock const& clock) : Scheduler(clock) {}
  void post(std::function<void()>) override {}
  void run() { run_ready(); }

 protected:
  void wake() noexcept override {}
  void wake_by(TimePoint) noexcept override {}
};

TEST(BeforeSending, NobodyWaitsForSomethingLong) {
  SystemClock const clock;
  RealLoop loop(clock);
  Event go(loop);
  std::string log;
  TaskGroup group(loop);
  auto const exchange = [](RealLoop& on, Event& when, std::string& into, Duration work) -> Task<void> {
    co_await when.wait();
    static_cast<void>(on.now());  // as nearly every step does
    for (TimePoint const end = on.clock().exact() + work; on.clock().exact() < end;) {
    }
    into += 'r';
    co_await on.before_sending(1);
    into += 's';
  };
  std::chrono::milliseconds const long_work{1};
  group.spawn(exchange(loop, go, log, {}));
  group.spawn(exchange(loop, go, log, long_work));
  group.spawn(exchange(loop, go, log, {}));
  group.spawn(exchange(loop, go, log, {}));
  go.set();
  loop.run();
  EXPECT_EQ(log, "rrrsssrs");  // the third is the first that sees how late it is
}

TEST(BeforeSending, WhoIsDroppedMeanwhileSendsNothing) {
  Turn turn;
  TaskGroup others(turn.loop);
  std::optional<TaskGroup> dropped(std::in_place, turn.loop);
  dropped->spawn(turn.exchange(1));
  others.spawn([](Turn& t, std::optional<TaskGroup>& victim) -> Task<void> {
    co_await t.go.wait();
    victim.reset();
    co_await t.loop.before_sending(1);
    t.log += 'o';
  }(turn, dropped));
  turn.go.set();
  turn.loop.run();
  EXPECT_EQ(turn.log, "ro");
}

}  // namespace
}  // namespace weir::base
