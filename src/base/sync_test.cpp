#include "base/sync.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"

namespace weir::base {
namespace {

using namespace std::chrono_literals;

Task<void> use_place(Semaphore& places, Event& leave, int& inside, int& most) {
  auto const permit = co_await places.acquire();
  most = std::max(most, ++inside);
  co_await leave.wait();
  --inside;
}

TEST(Semaphore, NeverAdmitsMoreThanItsCount) {
  VirtualLoop loop;
  Semaphore places(loop, 3);
  Event leave(loop);
  int inside = 0;
  int most = 0;
  TaskGroup group(loop);
  for (int i = 0; i < 10; ++i) group.spawn(use_place(places, leave, inside, most));
  EXPECT_EQ(inside, 3);
  leave.set();
  loop.run();
  EXPECT_EQ(most, 3);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_TRUE(places.try_acquire().has_value());
}

TEST(Semaphore, APlaceHandedToACancelledWaiterGoesToTheNext) {
  VirtualLoop loop;
  Semaphore places(loop, 1);
  Event leave(loop);
  int inside = 0;
  int most = 0;
  TaskGroup first(loop);
  TaskGroup second(loop);
  auto held = places.try_acquire();
  first.spawn(use_place(places, leave, inside, most));
  second.spawn(use_place(places, leave, inside, most));
  held.reset();    // handed to `first`, which is ready but has not run
  first.cancel();  // and now never will
  loop.run();
  EXPECT_EQ(inside, 1);
  leave.set();
  loop.run();
  EXPECT_EQ(second.size(), 0U);
}

Task<void> drain(BoundedQueue<int>& queue, std::string& seen) {
  for (;;) {
    co_await queue.filled();
    while (auto const element = queue.try_pop()) seen += std::to_string(*element) + ",";
    if (queue.closed()) co_return;
  }
}

TEST(BoundedQueue, RefusesAtItsBoundAndDeliversInOrder) {
  VirtualLoop loop;
  BoundedQueue<int> queue(loop, 2);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.push(2));
  EXPECT_FALSE(queue.push(3));
  std::string seen;
  TaskGroup group(loop);
  group.spawn(drain(queue, seen));
  loop.run();
  EXPECT_TRUE(queue.push(4));
  queue.close();
  EXPECT_FALSE(queue.push(5));
  loop.run();
  EXPECT_EQ(seen, "1,2,4,");
  EXPECT_EQ(group.size(), 0U);
}

Task<void> tick(Scheduler& scheduler, int times, int& count) {
  for (int i = 0; i < times; ++i) {
    co_await scheduler.sleep_for(30s);
    ++count;
  }
}

TEST(VirtualLoop, FiveMinutesOfTicksPassInNoTime) {
  VirtualLoop loop;
  TaskGroup group(loop);
  int count = 0;
  group.spawn(tick(loop, 10, count));
  loop.advance(30s - 1ms);
  EXPECT_EQ(count, 0);
  loop.advance(1ms);
  EXPECT_EQ(count, 1);
  loop.advance(5min);
  EXPECT_EQ(count, 10);
  EXPECT_EQ(group.size(), 0U);
}

}  // namespace
}  // namespace weir::base
