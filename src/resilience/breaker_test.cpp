#include "resilience/breaker.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/clock.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;
using Reason = BreakerMove::Reason;

struct Moves final : BreakerListener {
  void moved(BreakerMove const& move) noexcept override { all.push_back(move); }
  std::vector<BreakerMove> all;
};

struct World {
  explicit World(BreakerOptions const& o = {}) : options(o), breaker(options, 7, &moves) {}
  bool call(Verdict verdict, base::Duration took = 1ms) {
    auto admission = breaker.admit(clock.now());
    if (admission) admission.permit.record(verdict, took, clock.now());
    return admission.admitted;
  }
  void fail(unsigned times) {
    while (times-- > 0) ASSERT_TRUE(call(Verdict::failure));
  }
  void succeed(unsigned times) {
    while (times-- > 0) ASSERT_TRUE(call(Verdict::success));
  }
  void open() {
    fail(options.failure_threshold);
    ASSERT_EQ(breaker.state(), BreakerState::open);
  }
  // To the instant at which the next probe is due; returns how long that was.
  base::Duration await_probe() {
    auto const refused = breaker.admit(clock.now());
    EXPECT_FALSE(refused);
    clock.advance(refused.wait - 1ns);
    EXPECT_FALSE(breaker.admit(clock.now())) << "a nanosecond early";
    clock.advance(1ns);
    return refused.wait;
  }
  void expect_around(base::Duration wait, base::Duration plain) {
    EXPECT_GE(wait, plain);
    EXPECT_LE(wait, plain + plain / 5);
  }
  BreakerOptions options;
  base::VirtualClock clock;
  Moves moves;
  Breaker breaker;
};

struct SeedValues : testing::TestWithParam<std::pair<unsigned, base::Duration>> {};
INSTANTIATE_TEST_SUITE_P(FourServers, SeedValues,
                         testing::Values(std::pair(5U, 60s), std::pair(3U, 30s), std::pair(3U, 30s),
                                         std::pair(2U, 10s)));

// T-11, R-092, R-093, R-095
TEST_P(SeedValues, OpenRecoverAndCloseAsConfigured) {
  BreakerOptions options;
  options.failure_threshold = GetParam().first;
  options.recovery = GetParam().second;
  World world(options);
  world.fail(options.failure_threshold - 1);
  EXPECT_EQ(world.breaker.state(), BreakerState::closed);
  world.fail(1);
  EXPECT_EQ(world.breaker.state(), BreakerState::open);
  world.expect_around(world.await_probe(), options.recovery);
  world.succeed(1);
  EXPECT_EQ(world.breaker.state(), BreakerState::half_open);
  world.succeed(1);
  EXPECT_EQ(world.breaker.state(), BreakerState::closed);
}

TEST(Breaker, ASuccessBetweenStartsTheRowAnewButNotTheWindow) {  // F-45
  World world;
  world.fail(4);
  world.succeed(1);
  world.fail(4);
  EXPECT_EQ(world.breaker.state(), BreakerState::closed);
}

TEST(Breaker, EverySecondCallFailingOpensItWithinTwentyCalls) {  // T-12, F-45
  for (bool const failure_first : {true, false}) {
    World world;
    unsigned calls = 0;
    while (world.breaker.state() == BreakerState::closed && calls < 100)
      world.call((calls++ % 2 == 0) == failure_first ? Verdict::failure : Verdict::success);
    EXPECT_EQ(calls, 20U);
    EXPECT_EQ(world.moves.all.back().reason, Reason::failure_rate);
  }
}

TEST(Breaker, AShareJustBelowTheRateLeavesItClosed) {
  World world;
  for (int i = 0; i < 20; ++i) world.call(i % 2 == 1 && i < 19 ? Verdict::failure : Verdict::success);
  world.fail(1);
  EXPECT_EQ(world.breaker.state(), BreakerState::closed) << "10 of 21";
  world.fail(1);
  EXPECT_EQ(world.breaker.state(), BreakerState::open) << "11 of 22";
}

TEST(Breaker, WhatIsOlderThanTheWindowDoesNotCount) {
  for (bool const in_time : {true, false}) {
    World world;
    for (int i = 0; i < 10; ++i) world.call(i % 2 == 0 ? Verdict::failure : Verdict::success);
    world.clock.advance(in_time ? 8s : 10s);
    for (int i = 0; i < 10; ++i) world.call(i % 2 == 0 ? Verdict::failure : Verdict::success);
    EXPECT_EQ(world.breaker.state() == BreakerState::open, in_time);
  }
}

TEST(Breaker, SlowCallsOpenItFromTheSlowTimeOn) {
  for (auto const took : {5s - 1ns, base::Duration(5s)}) {
    World world;
    for (int i = 0; i < 20; ++i) world.call(Verdict::success, i < 16 ? took : 1ms);
    EXPECT_EQ(world.breaker.state() == BreakerState::open, took == 5s);
  }
  World fewer;
  for (int i = 0; i < 20; ++i) fewer.call(Verdict::success, i < 15 ? base::Duration(5s) : 1ms);
  EXPECT_EQ(fewer.breaker.state(), BreakerState::closed);
}

TEST(Breaker, OneProbeAtATimeAndAnyFailureOpensItAgain) {  // F-45
  World world;
  world.open();
  world.await_probe();
  auto probe = world.breaker.admit(world.clock.now());
  ASSERT_TRUE(probe);
  auto const second = world.breaker.admit(world.clock.now());
  EXPECT_FALSE(second);
  EXPECT_EQ(second.wait, Breaker::kProbeWait);
  probe.permit.record(Verdict::success, 1ms, world.clock.now());
  EXPECT_TRUE(world.call(Verdict::failure));
  EXPECT_EQ(world.breaker.state(), BreakerState::open);
  EXPECT_EQ(world.moves.all.back().reason, Reason::probe_failed);
}

TEST(Breaker, ADroppedProbeGivesItsPlaceBackAndTeachesNothing) {  // T-10
  World world;
  world.open();
  world.await_probe();
  for (int i = 0; i < 1000; ++i) {
    auto const dropped = world.breaker.admit(world.clock.now());
    ASSERT_TRUE(dropped) << i;
    ASSERT_EQ(world.breaker.probes_in_flight(), 1U);
  }
  EXPECT_EQ(world.breaker.probes_in_flight(), 0U);
  EXPECT_EQ(world.breaker.state(), BreakerState::half_open);
  world.succeed(2);
  EXPECT_EQ(world.breaker.state(), BreakerState::closed);
}

TEST(Breaker, LateOutcomesOfAnOlderGenerationAreIgnored) {  // F-45
  World world;
  auto early = world.breaker.admit(world.clock.now());
  auto earlier = world.breaker.admit(world.clock.now());
  auto earliest = world.breaker.admit(world.clock.now());
  world.open();
  earlier.permit.record(Verdict::success, 1ms, world.clock.now());
  EXPECT_EQ(world.breaker.state(), BreakerState::open);
  world.await_probe();
  auto probe = world.breaker.admit(world.clock.now());
  early.permit.record(Verdict::failure, 1ms, world.clock.now());
  EXPECT_EQ(world.breaker.state(), BreakerState::half_open);
  EXPECT_EQ(world.breaker.probes_in_flight(), 1U);
  { auto const dropped = std::move(earliest.permit); }
  EXPECT_EQ(world.breaker.probes_in_flight(), 1U);
  probe.permit.record(Verdict::success, 1ms, world.clock.now());
  world.succeed(1);
  EXPECT_EQ(world.breaker.state(), BreakerState::closed);
}

TEST(Breaker, TheOpenTimeDoublesUpToEightTimesAndStartsAnewAfterAMinuteOfCalm) {
  World world;
  world.open();
  for (auto const plain : {60s, 120s, 240s, 480s, 480s}) {
    world.expect_around(world.await_probe(), plain);
    ASSERT_TRUE(world.call(Verdict::failure));
  }
  world.await_probe();
  world.succeed(2);
  world.clock.advance(60s - 1ns);
  world.open();
  world.expect_around(world.await_probe(), 480s);
  world.succeed(2);
  world.clock.advance(60s);
  world.open();
  world.expect_around(world.await_probe(), 60s);
}

TEST(Breaker, TheJitterSpreadsOverAFifthAndNeverShortens) {  // T-11
  base::Duration least = 1h, most{};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Breaker breaker({}, seed);
    auto const now = base::VirtualClock{}.now();
    for (int i = 0; i < 5; ++i) breaker.admit(now).permit.record(Verdict::failure, 1ms, now);
    auto const wait = breaker.admit(now).wait;
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, 60s);
  EXPECT_LE(least, 61s);
  EXPECT_GE(most, 71s);
  EXPECT_LE(most, 72s);
}

TEST(Breaker, APersonCanCloseIt) {
  World world;
  world.open();
  world.breaker.reset(world.clock.now());
  EXPECT_EQ(world.breaker.state(), BreakerState::closed);
  EXPECT_EQ(world.moves.all.back().reason, Reason::manual);
  world.fail(4);
  EXPECT_EQ(world.breaker.state(), BreakerState::closed) << "everything is forgotten";
  world.breaker.reset(world.clock.now());
  world.fail(4);
  EXPECT_EQ(world.breaker.state(), BreakerState::closed);
  EXPECT_EQ(world.moves.all.size(), 2U) << "nothing moved when it was closed";
}

TEST(Breaker, AReloadKeepsItsStateAndSwitchingItOffClosesIt) {
  World world;
  world.open();
  auto options = world.options;
  options.recovery = 10s;
  world.breaker.set_options(options, world.clock.now());
  world.expect_around(world.await_probe(), 60s);
  ASSERT_TRUE(world.call(Verdict::failure));
  world.expect_around(world.await_probe(), 20s);
  options.enabled = false;
  world.breaker.set_options(options, world.clock.now());
  EXPECT_EQ(world.breaker.state(), BreakerState::closed);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(world.call(Verdict::failure));
  EXPECT_EQ(world.breaker.state(), BreakerState::closed);
}

TEST(Breaker, EachMoveIsToldOnceWithWhereItCameFrom) {  // F-50
  World world;
  world.open();
  world.await_probe();
  world.call(Verdict::failure);
  world.await_probe();
  world.succeed(2);
  std::vector<std::string> told;
  for (auto const& move : world.moves.all)
    told.push_back(std::string(name_of(move.from)) + " " + std::string(name_of(move.to)) + " " +
                   std::string(name_of(move.reason)));
  EXPECT_EQ(told, (std::vector<std::string>{"closed open failures", "open half_open recovery",
                                            "half_open open probe_failed", "open half_open recovery",
                                            "half_open closed recovered"}));
}

TEST(Breaker, SaysSinceWhenWhyAndForHowLong) {
  World world;
  EXPECT_EQ(world.breaker.standing(world.clock.now()).state, BreakerState::closed);
  world.open();
  world.clock.advance(10s);
  auto open = world.breaker.standing(world.clock.now());
  EXPECT_EQ(open.state, BreakerState::open);
  EXPECT_EQ(open.reason, Reason::failures);
  EXPECT_EQ(open.lasted, base::Duration(10s));
  world.expect_around(open.wait + 10s, 60s);
  world.await_probe();
  EXPECT_EQ(world.breaker.standing(world.clock.now()).wait, base::Duration::zero()) << "it is due";
  EXPECT_EQ(world.breaker.standing(world.clock.now()).state, BreakerState::open) << "until somebody calls";
  auto const before = world.breaker.standing(world.clock.now()).lasted;
  world.fail(1);  // the probe
  open = world.breaker.standing(world.clock.now());
  EXPECT_EQ(open.state, BreakerState::open);
  EXPECT_EQ(open.reason, Reason::failures) << "what opened it first";
  EXPECT_EQ(open.lasted, before);
  world.expect_around(open.wait, 120s);
  world.await_probe();
  world.succeed(1);
  EXPECT_EQ(world.breaker.standing(world.clock.now()).state, BreakerState::half_open);
  world.succeed(1);
  EXPECT_EQ(world.breaker.standing(world.clock.now()).state, BreakerState::closed);
}

}  // namespace
}  // namespace weir::resilience
