#include "resilience/wait_queue.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;
using Verdict = WaitQueue::Verdict;

struct Line {
  explicit Line(QueueOptions const& options = {}) : queue(options) {}
  WaitQueue::Waiting& join(Standing standing = Standing::interactive,
                           base::TimePoint deadline = base::TimePoint::max()) {
    auto& one = all.emplace_back();
    one.standing = standing;
    queue.join(one, deadline, now);
    return one;
  }
  void after(base::Duration by) { now += by; }
  void crowd() {  // until the oldest has waited for longer than the target for a whole interval
    auto& oldest = join();
    after(201ms);
    queue.look(oldest, now);
    EXPECT_TRUE(queue.crowded());
    while (queue.take_settled() != nullptr) {
    }
  }
  base::TimePoint now{1h};
  WaitQueue queue;
  std::deque<WaitQueue::Waiting> all;
};

TEST(WaitQueue, FirstComeFirstServed) {
  Line line;
  auto& first = line.join();
  auto& second = line.join();
  EXPECT_EQ(line.queue.admit(line.now), &first);
  EXPECT_EQ(line.queue.admit(line.now), &second);
  EXPECT_EQ(first.verdict, Verdict::admitted);
  EXPECT_EQ(line.queue.admit(line.now), nullptr);
}

TEST(WaitQueue, ControlGoesBeforeInteractiveBeforeBackground) {
  Line line;
  auto& background = line.join(Standing::background);
  auto& interactive = line.join();
  auto& control = line.join(Standing::control);
  EXPECT_EQ(line.queue.admit(line.now), &control);
  EXPECT_EQ(line.queue.admit(line.now), &interactive);
  EXPECT_EQ(line.queue.admit(line.now), &background);
}

TEST(WaitQueue, HoldsAsManyAsItsBoundAndRefusesOneMore) {
  Line line({.bound = 2});
  EXPECT_EQ(line.join().verdict, Verdict::waiting);
  EXPECT_EQ(line.join().verdict, Verdict::waiting);
  EXPECT_EQ(line.join().verdict, Verdict::full);
  EXPECT_EQ(line.queue.size(), 2U);
}

TEST(WaitQueue, WithABoundOfZeroNobodyWaits) {
  Line line({.bound = 0});
  EXPECT_EQ(line.join(Standing::control).verdict, Verdict::full);
}

TEST(WaitQueue, AFullOneLetsTheYoungestOfTheLowestPriorityGo) {
  Line line({.bound = 3});
  auto& interactive = line.join();
  auto& older = line.join(Standing::background);
  auto& younger = line.join(Standing::background);
  EXPECT_EQ(line.join(Standing::background).verdict, Verdict::full);
  EXPECT_EQ(line.join().verdict, Verdict::waiting);
  EXPECT_EQ(younger.verdict, Verdict::displaced);
  EXPECT_EQ(line.queue.take_settled(), &younger);
  EXPECT_EQ(line.join(Standing::control).verdict, Verdict::waiting);
  EXPECT_EQ(older.verdict, Verdict::displaced);
  EXPECT_EQ(line.join(Standing::control).verdict, Verdict::waiting);
  EXPECT_EQ(line.queue.size(), 3U);
  EXPECT_EQ(interactive.verdict, Verdict::waiting) << "of two interactive ones the younger has gone";
}

TEST(WaitQueue, WaitsEndAtThePatienceAndNotBefore) {
  Line line({.interval = 1h});
  auto& one = line.join();
  line.after(2s - 1ns);
  line.queue.look(one, line.now);
  EXPECT_EQ(one.verdict, Verdict::waiting);
  line.after(1ns);
  line.queue.look(one, line.now);
  EXPECT_EQ(one.verdict, Verdict::timed_out);
  EXPECT_EQ(line.queue.size(), 0U);
}

TEST(WaitQueue, WaitsEndAtTheCallsOwnDeadline) {
  Line line;
  auto& one = line.join(Standing::interactive, line.now + 50ms);
  EXPECT_EQ(line.queue.wake_at(one, line.now), line.now + 50ms);
  line.after(50ms);
  EXPECT_EQ(line.queue.admit(line.now), nullptr) << "nobody is let in who is too late";
  EXPECT_EQ(one.verdict, Verdict::timed_out);
  EXPECT_EQ(line.join(Standing::interactive, line.now).verdict, Verdict::timed_out);
}

TEST(WaitQueue, WhoLeavesIsNotServed) {
  Line line;
  auto& first = line.join();
  auto& second = line.join();
  line.queue.leave(first);
  EXPECT_EQ(line.queue.size(), 1U);
  EXPECT_EQ(line.queue.admit(line.now), &second);
  line.queue.leave(second);
  EXPECT_EQ(line.queue.size(), 0U);
}

TEST(WaitQueue, BecomesCrowdedWhenWaitsStayAboveTheTargetForAnInterval) {
  Line line;
  auto& one = line.join();
  line.after(200ms - 1ns);
  line.queue.look(one, line.now);
  EXPECT_FALSE(line.queue.crowded());
  line.after(1ns);
  line.queue.look(one, line.now);
  EXPECT_TRUE(line.queue.crowded());
  EXPECT_EQ(one.verdict, Verdict::crowded);
}

TEST(WaitQueue, IsNotCrowdedWhenOneGotItsPlaceInTime) {
  Line line;
  line.join();
  line.after(60ms);
  line.join();
  line.after(60ms);
  line.queue.admit(line.now);  // after 120 ms: too late
  line.after(20ms);
  auto& third = line.join();
  line.after(10ms);
  line.queue.admit(line.now);  // after 90 ms: in time
  line.after(189ms);
  line.queue.look(third, line.now);
  EXPECT_FALSE(line.queue.crowded()) << "199 ms, for 99 ms above the target";
  line.after(1ms);
  line.queue.look(third, line.now);
  EXPECT_TRUE(line.queue.crowded());
}

TEST(WaitQueue, ManyBackgroundCallsThatWaitBehindQuickOnesAreNoCrowd) {
  Line line;
  auto& background = line.join(Standing::background);
  for (int i = 0; i < 100; ++i) {
    line.join();
    line.after(10ms);
    line.queue.admit(line.now);
    line.join();
    line.queue.look(background, line.now);
    EXPECT_GT(line.queue.wake_at(background, line.now), line.now);
    line.queue.admit(line.now);
  }
  EXPECT_FALSE(line.queue.crowded());
}

TEST(WaitQueue, InACrowdTheNewestGoesFirstAndOthersLearnItWithinTenMilliseconds) {
  Line line;
  line.crowd();
  auto& older = line.join();
  line.after(2ms);
  auto& newer = line.join();
  EXPECT_EQ(line.queue.wake_at(older, line.now), line.now + 3ms);
  line.after(3ms);
  line.queue.look(older, line.now);
  EXPECT_EQ(older.verdict, Verdict::crowded);
  auto& newest = line.join();
  EXPECT_EQ(line.queue.admit(line.now), &newest);
  EXPECT_EQ(newer.verdict, Verdict::waiting);
}

TEST(WaitQueue, InACrowdTheNewestStaysForTheNextPlace) {
  Line line;
  line.crowd();
  auto& one = line.join();
  EXPECT_EQ(line.queue.wake_at(one, line.now), line.now + 5ms);
  line.after(5ms);
  line.queue.look(one, line.now);
  EXPECT_EQ(line.queue.wake_at(one, line.now), line.now + 95ms);
  line.after(95ms - 1ns);
  line.queue.look(one, line.now);
  EXPECT_EQ(one.verdict, Verdict::waiting);
  line.after(1ns);
  line.queue.look(one, line.now);
  EXPECT_EQ(one.verdict, Verdict::crowded);
}

TEST(WaitQueue, InACrowdTheOldestMakesRoomForTheNewest) {
  Line line({.bound = 2});
  line.crowd();
  auto& first = line.join();
  line.join();
  EXPECT_EQ(line.join().verdict, Verdict::waiting);
  EXPECT_EQ(first.verdict, Verdict::crowded);
}

TEST(WaitQueue, ControlIsNeverHurried) {
  Line line;
  line.crowd();
  auto& control = line.join(Standing::control);
  line.after(1s);
  line.join();
  line.queue.look(control, line.now);
  EXPECT_EQ(control.verdict, Verdict::waiting);
  EXPECT_EQ(line.queue.admit(line.now), &control);
}

TEST(WaitQueue, ACrowdIsOverWhenNobodyHasBeenRefusedForAWhile) {
  Line line;
  line.crowd();
  line.after(499ms);
  line.join();
  line.queue.admit(line.now);
  EXPECT_TRUE(line.queue.crowded());
  line.after(1ms);
  auto& patient = line.join();
  EXPECT_FALSE(line.queue.crowded());
  line.after(50ms);
  line.queue.look(patient, line.now);
  EXPECT_EQ(patient.verdict, Verdict::waiting);
}

TEST(WaitQueue, SaysHowLongTheLongestWaits) {
  Line line;
  EXPECT_EQ(line.queue.longest_wait(line.now), 0ms);
  line.join();
  line.after(30ms);
  line.join(Standing::control);
  EXPECT_EQ(line.queue.longest_wait(line.now), 30ms);
}

}  // namespace
}  // namespace weir::resilience
