#include "net/io_loop.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/task_group.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;

struct IoLoopOnTheClock : ::testing::Test {
  base::SystemClock clock;
  IoLoop loop{clock};
  base::TaskGroup tasks{loop};
};

TEST_F(IoLoopOnTheClock, RunsEveryPostOfEveryThreadOnceAndInTheOrderOfItsThread) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  std::vector<int> next(kThreads, 0);
  int left = kThreads * kPosts;
  auto const post_all = [&](int of) {
    for (int i = 0; i < kPosts; ++i) {
      loop.post([&, of, i] {
        EXPECT_EQ(next[static_cast<std::size_t>(of)]++, i);
        if (--left == 0) loop.stop();
      });
    }
  };
  std::vector<std::thread> threads;
  for (int of = 0; of < kThreads; ++of) threads.emplace_back(post_all, of);
  loop.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(left, 0);
}

TEST_F(IoLoopOnTheClock, StopFromAnotherThreadEndsAWaitWithoutADeadline) {
  std::thread other;
  loop.post([&] { other = std::thread([this] { loop.stop(); }); });
  loop.run();
  other.join();
}

TEST_F(IoLoopOnTheClock, StopThatCameFirstEndsTheNextRunAndNoOther) {
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(ran);
}

TEST_F(IoLoopOnTheClock, DropsWhatWasPostedAndNeverRan) {
  auto const witness = std::make_shared<int>(0);
  {
    IoLoop unused(clock);
    for (int i = 0; i < 3; ++i) unused.post([witness] { ADD_FAILURE() << "ran"; });
    EXPECT_EQ(witness.use_count(), 4);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

base::Task<void> sleep_then(base::Scheduler& scheduler, base::Duration by, std::vector<int>& order,
                            int name) {
  auto const begun = scheduler.now();
  co_await scheduler.sleep_for(by);
  EXPECT_GE(scheduler.now() - begun, by);
  order.push_back(name);
}

base::Task<void> stop_when_idle(IoLoop& loop, base::TaskGroup& tasks) {
  co_await tasks.idle();
  loop.stop();
}

TEST_F(IoLoopOnTheClock, WakesSleepersInTheOrderOfTheirDeadlinesAndNeverEarly) {
  std::vector<int> order;
  tasks.spawn(sleep_then(loop, 30ms, order, 3));
  tasks.spawn(sleep_then(loop, 1ms, order, 1));
  tasks.spawn(sleep_then(loop, 10ms, order, 2));
  base::TaskGroup watching(loop);
  watching.spawn(stop_when_idle(loop, tasks));
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

}  // namespace
}  // namespace weir::net
