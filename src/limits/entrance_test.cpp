#include "limits/entrance.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"

namespace weir::limits {
namespace {

using namespace std::chrono_literals;

struct World {
  explicit World(config::Shedding shedding = {}) : entrance({}, shedding, 7, metrics.gateway()) {
    watch.start();
    watch.start();
  }
  // So much of both processors is used for a while.
  void work(double share, base::Duration by) {
    for (auto left = by; left > base::Duration::zero(); left -= 50ms) {
      used += share * 2 * 0.05;
      loop.advance(50ms);
    }
  }
  base::VirtualLoop loop;
  observe::Metrics metrics{{"0", "0", {"2026-07-28"}, 1000, [] { return observe::ProcessStats{}; }}};
  double used = 0;
  Entrance entrance;
  EntranceLoop watch{loop, entrance, [this] { return used; }, 2};
};

TEST(Entrance, ShedsWhenTheProcessIsBusyAndStopsWhenItIsNot) {
  config::Shedding shedding;
  shedding.cpu = 0.9;
  World world(shedding);
  world.work(0.5, 2s);
  EXPECT_FALSE(world.entrance.overload.refuses(core::Standing::background));
  world.work(0.95, 2s);
  EXPECT_TRUE(world.entrance.overload.refuses(core::Standing::background));
  EXPECT_FALSE(world.entrance.overload.refuses(core::Standing::control));
  world.work(0.1, 10s);
  EXPECT_FALSE(world.entrance.overload.refuses(core::Standing::background));
}

TEST(Entrance, ALongWaitAtAServerCountsOnce) {
  config::Shedding shedding;
  shedding.queue_wait = 250ms;
  World world(shedding);
  for (int i = 0; i < 10; ++i) {
    world.entrance.wait.saw(300ms);
    world.entrance.wait.saw(10ms);
    world.loop.advance(100ms);
  }
  EXPECT_TRUE(world.entrance.overload.refuses(core::Standing::background));
  world.loop.advance(10s);
  EXPECT_FALSE(world.entrance.overload.refuses(core::Standing::background));
}

TEST(Entrance, WhatIsOverLeavesByItself_R002_R016) {
  World world;
  {
    auto entered = world.entrance.idempotency.enter("anonymous", "k", 1, nullptr, world.loop.now());
    ASSERT_EQ(entered.way, IdempotencyTable::Way::execute);
    entered.turn.settle(std::make_shared<Ending const>(Ending{"{}", std::nullopt}), world.loop.now());
  }
  world.loop.advance(5min - 1s);
  EXPECT_EQ(world.entrance.idempotency.size(), 1U);
  world.loop.advance(2s);
  EXPECT_EQ(world.entrance.idempotency.size(), 0U);
}

}  // namespace
}  // namespace weir::limits
