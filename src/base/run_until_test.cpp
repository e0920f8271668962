#include "base/run_until.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"

namespace weir::base {
namespace {

using namespace std::chrono_literals;

Task<int> answer_after(Scheduler& scheduler, Duration wait) {
  co_await scheduler.sleep_for(wait);
  co_return 42;
}

struct Seen {
  int value = 0;
  int ended = -1;
};

Task<void> bounded(Scheduler& scheduler, Duration work_for, Duration limit, Event* stop, Seen& seen) {
  Task<int> work = answer_after(scheduler, work_for);
  Ended const ended = co_await run_until(scheduler, work, scheduler.now() + limit, stop);
  seen.ended = static_cast<int>(ended);
  if (ended == Ended::done) seen.value = work.take();
}

TEST(RunUntil, ReturnsTheValueWhenTheTaskIsInTime) {
  VirtualLoop loop;
  TaskGroup group(loop);
  Seen seen;
  group.spawn(bounded(loop, 5s, 5001ms, nullptr, seen));
  loop.advance(6s);
  EXPECT_EQ(seen.value, 42);
}

TEST(RunUntil, EndsAtTheDeadlineAndCancelsTheTask) {
  VirtualLoop loop;
  TaskGroup group(loop);
  Seen seen;
  group.spawn(bounded(loop, 6s, 5s, nullptr, seen));
  loop.advance(5s - 1ms);
  EXPECT_EQ(seen.ended, -1);
  loop.advance(1ms);
  EXPECT_EQ(seen.ended, static_cast<int>(Ended::deadline));
  EXPECT_EQ(group.size(), 0U);
}

TEST(RunUntil, EndsWhenNobodyWantsTheAnswer) {
  VirtualLoop loop;
  TaskGroup group(loop);
  Event hangup(loop);
  Seen seen;
  group.spawn(bounded(loop, 6s, 5s, &hangup, seen));
  hangup.set();
  loop.run();
  EXPECT_EQ(seen.ended, static_cast<int>(Ended::stopped));
}

Task<int> call_off_and_wait(Scheduler& scheduler, Event& stop) {
  stop.set();
  co_await scheduler.sleep_for(1h);
  co_return 42;
}

Task<void> called_off_from_within(Scheduler& scheduler, Seen& seen) {
  Event stop(scheduler);
  Task<int> work = call_off_and_wait(scheduler, stop);
  seen.ended = static_cast<int>(co_await run_until(scheduler, work, TimePoint::max(), &stop));
}

TEST(RunUntil, EndsWhenTheTaskItselfCallsItOff) {
  VirtualLoop loop;
  TaskGroup group(loop);
  Seen seen;
  group.spawn(called_off_from_within(loop, seen));
  EXPECT_EQ(seen.ended, static_cast<int>(Ended::stopped));
}

TEST(RunUntil, ATaskDoneInTheSameInstantAsTheDeadlineCountsAsDoneOrLateButNeverBoth) {
  VirtualLoop loop;
  TaskGroup group(loop);
  Seen seen;
  group.spawn(bounded(loop, 5s, 5s, nullptr, seen));
  loop.advance(10s);
  EXPECT_TRUE((seen.ended == 0 && seen.value == 42) || (seen.ended == 1 && seen.value == 0));
  EXPECT_EQ(group.size(), 0U);
}

}  // namespace
}  // namespace weir::base
