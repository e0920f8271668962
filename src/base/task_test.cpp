#include "base/task.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/sync.hpp"
#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"

namespace weir::base {
namespace {

struct Counted {  // a thing taken before an await: its destructor gives it back
  explicit Counted(int& live) : live_(live) { ++live_; }
  ~Counted() { --live_; }
  Counted(Counted const&) = delete;
  Counted& operator=(Counted const&) = delete;
  int& live_;
};

Task<int> add(int a, int b) { co_return a + b; }

Task<int> sum_without_suspending(int rounds) {
  int total = 0;
  for (int i = 0; i < rounds; ++i) total = co_await add(total, 1);
  co_return total;
}

Task<void> hold_until(Event& event, int& live, std::string& log) {
  Counted const held(live);
  co_await event.wait();
  log += "done;";
}

Task<void> nest(Event& event, int& live, std::string& log) {
  Counted const held(live);
  co_await hold_until(event, live, log);
  log += "outer;";
}

Task<void> store(Task<int> task, int& into) { into = co_await std::move(task); }

TEST(Task, ChildrenThatNeverSuspendUseNoStack) {
  VirtualLoop loop;
  TaskGroup group(loop);
  int result = 0;
  group.spawn(store(sum_without_suspending(1'000'000), result));
  EXPECT_EQ(result, 1'000'000);
  EXPECT_EQ(group.size(), 0U);
}

TEST(Task, ResumesThroughNestedFramesInOrder) {
  VirtualLoop loop;
  TaskGroup group(loop);
  Event event(loop);
  int live = 0;
  std::string log;
  group.spawn(nest(event, live, log));
  EXPECT_EQ(live, 2);
  event.set();
  EXPECT_EQ(log, "") << "waking is never inline";
  loop.run();
  EXPECT_EQ(log, "done;outer;");
  EXPECT_EQ(live, 0);
  EXPECT_EQ(group.size(), 0U);
}

TEST(Task, DestroyingTheGroupGivesBackEverythingTaken) {
  VirtualLoop loop;
  Event event(loop);
  int live = 0;
  std::string log;
  {
    TaskGroup group(loop);
    group.spawn(nest(event, live, log));
    group.spawn(nest(event, live, log));
    EXPECT_EQ(live, 4);
  }
  EXPECT_EQ(live, 0);
  event.set();
  loop.run();
  EXPECT_EQ(log, "");
}

TEST(Task, CancelledAfterBeingWokenNeverRuns) {
  VirtualLoop loop;
  Event event(loop);
  int live = 0;
  std::string log;
  TaskGroup group(loop);
  group.spawn(nest(event, live, log));
  event.set();  // queued, not yet run
  group.cancel();
  loop.run();
  EXPECT_EQ(log, "");
  EXPECT_EQ(live, 0);
}

TEST(TaskGroup, IdleIsReachedWhenTheLastTaskEnds) {
  VirtualLoop loop;
  Event event(loop);
  TaskGroup group(loop);
  TaskGroup watcher(loop);
  int live = 0;
  std::string log;
  group.spawn(nest(event, live, log));
  auto wait_idle = [](TaskGroup& g, std::string& l) -> Task<void> {
    co_await g.idle();
    l += "idle;";
  };
  watcher.spawn(wait_idle(group, log));
  event.set();
  loop.run();
  EXPECT_EQ(log, "done;outer;idle;");
}

}  // namespace
}  // namespace weir::base
