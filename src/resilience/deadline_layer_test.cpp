#include "resilience/deadline_layer.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "core/parked.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

struct SlowServer final : core::Handler {
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    if (parked > base::Duration::zero()) {
      core::Parked const mark(call, scheduler, 10min);
      co_await scheduler.sleep_for(parked);
    }
    for (int i = 0; i < reports; ++i) {
      co_await scheduler.sleep_for(between);
      call.progressed(scheduler.now());
    }
    co_await scheduler.sleep_for(last);
    co_return core::from_result("{}");
  }
  explicit SlowServer(base::Scheduler& s) : scheduler(s) {}
  base::Scheduler& scheduler;
  base::Duration parked{};  // waits for the client's own answer first
  int reports = 0;
  base::Duration between{};
  base::Duration last{};
};

struct World {
  World() : server(std::make_shared<SlowServer>(loop)) {}
  base::Task<void> ask() {
    DeadlineLayer layer(server, loop, "slow", {5s, 20s, in_flight});
    core::Call call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})")));
    call.started = loop.now();
    call.attempt_most = attempt_most;
    auto const outcome = co_await layer.handle(call);
    answered = true;
    if (!outcome) fault = outcome.error().fault;
    took = loop.now() - call.started;
  }
  void run() {
    tasks.spawn(ask());
    loop.advance(60s);
  }
  base::VirtualLoop loop;
  std::shared_ptr<SlowServer> server;
  observe::Gauge in_flight;
  base::Duration attempt_most{};
  bool answered = false;
  std::optional<base::Fault> fault;
  base::Duration took{};
  base::TaskGroup tasks{loop};
};

TEST(Deadline, AnAnswerJustInTimeIsAnAnswer) {
  World world;
  world.server->last = 5s - 1ms;
  world.run();
  EXPECT_FALSE(world.fault);
}

TEST(Deadline, TimeSpentAskingTheClientDoesNotCountAndTheRestOfTheTimeDoes) {
  World patient;
  patient.server->parked = 30s;
  patient.server->last = 5s - 1ms;
  patient.run();
  EXPECT_FALSE(patient.fault);
  World late;
  late.server->parked = 18s;
  late.server->last = 20s;
  late.run();
  EXPECT_EQ(late.fault, base::Fault::timed_out);
  EXPECT_LE(late.took, 28s) << "5 s of its own, seen at most 5 s late";
}

TEST(Deadline, ACallCountsAsInFlightUntilItIsAnsweredOrDropped) {  // ruling 12
  observe::Metrics metrics({.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}});
  World world;
  world.in_flight = metrics.server("slow").requests_in_flight;
  world.server->last = 2s;
  world.tasks.spawn(world.ask());
  world.loop.advance(1s);
  EXPECT_EQ(world.in_flight.value(), 1);
  world.loop.advance(1s);
  EXPECT_EQ(world.in_flight.value(), 0);
  world.tasks.spawn(world.ask());
  world.loop.advance(1s);
  world.tasks.cancel();
  EXPECT_EQ(world.in_flight.value(), 0);
}

TEST(Deadline, AfterFiveSecondsTheCallIsOver) {  // R-090
  World world;
  world.server->last = 6s;
  world.run();
  EXPECT_EQ(world.fault, base::Fault::timed_out);
  EXPECT_EQ(world.took, 5s);
}

TEST(Deadline, AnAttemptEndsWithItsOwnTimeUnlessItShowsASignOfLife) {
  World silent;
  silent.attempt_most = 300ms;
  silent.server->last = 2s;
  silent.run();
  EXPECT_EQ(silent.fault, base::Fault::timed_out);
  EXPECT_EQ(silent.took, 300ms);
  World quick;
  quick.attempt_most = 300ms;
  quick.server->last = 300ms - 1ns;
  quick.run();
  EXPECT_FALSE(quick.fault);
  World reporting;
  reporting.attempt_most = 300ms;
  reporting.server->reports = 1;
  reporting.server->between = 100ms;
  reporting.server->last = 2s;
  reporting.run();
  EXPECT_FALSE(reporting.fault);
  World asking;
  asking.attempt_most = 300ms;
  asking.server->parked = 30s;
  asking.server->last = 2s;
  asking.run();
  EXPECT_FALSE(asking.fault);
}

TEST(Deadline, ProgressMovesTheEnd) {
  World world;
  world.server->reports = 3;
  world.server->between = 4s;
  world.server->last = 4s;
  world.run();
  EXPECT_FALSE(world.fault);
  EXPECT_EQ(world.took, 16s);
}

TEST(Deadline, ProgressNeverMovesTheEndBeyondTheMaximum) {
  World world;
  world.server->reports = 100;
  world.server->between = 1s;
  world.run();
  EXPECT_EQ(world.fault, base::Fault::timed_out);
  EXPECT_EQ(world.took, 20s);
}

}  // namespace
}  // namespace weir::resilience
