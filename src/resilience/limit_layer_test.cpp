#include "resilience/limit_layer.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "core/parked.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

struct Server final : core::Handler {
  explicit Server(base::Scheduler& s) : scheduler(s) {}
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    ++begun;
    most = std::max(most, ++inside);
    Leaving const leaving{inside};
    co_await scheduler.sleep_for(takes);
    if (progresses) call.progressed(scheduler.now());
    if (lingers > base::Duration::zero()) co_await scheduler.sleep_for(lingers);
    if (parks) {
      core::Parked const parked(call, scheduler, 1h);
      co_await scheduler.sleep_for(1s);
    }
    if (fault) co_return base::Error(*fault, base::Blame::upstream, "as told");
    if (errs) co_return core::from_error(-32603, "as told");
    co_return core::from_result("{}");
  }
  struct Leaving {
    unsigned& inside;
    ~Leaving() { --inside; }
  };
  base::Scheduler& scheduler;
  base::Duration takes = 10ms, lingers{};
  bool progresses = false, parks = false, errs = false;
  std::optional<base::Fault> fault;
  unsigned begun = 0, inside = 0, most = 0;
};

struct World {
  explicit World(unsigned fixed = 2, std::size_t bound = 256)
      : server(std::make_shared<Server>(loop)),
        layer(server, loop, "docs", options(fixed, bound), meters()) {}
  static LimitOptions options(unsigned fixed, std::size_t bound) {
    LimitOptions made;
    if (fixed > 0) made.concurrency.fixed = fixed;
    made.queue.bound = bound;
    return made;
  }
  LimitMeters meters() {
    auto const& of = metrics.server("docs");
    return {of.queue_depth, of.concurrency_limit, of.queue_wait, of.calls_shed, {}};
  }
  base::Task<void> ask(std::string method = "tools/call", base::Duration within = 5s,
                       bool background = false) {
    core::Call call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":")" + method + "\"}")));
    call.background = background;
    call.started = loop.now();
    call.extend_by = within;
    call.deadline = loop.now() + within;
    call.deadline_latest = call.deadline + 1min;
    auto const outcome = co_await layer.handle(call);
    ++answers;
    if (outcome) co_return;
    ++refused;
    error = outcome.error();
    last_wait = loop.now() - call.started;
  }
  std::string counted(std::string const& line) {
    auto const page = metrics.render();
    auto const at = page.find("\n" + line + " ");
    if (at == std::string::npos) return "absent";
    auto const from = at + line.size() + 2;
    return page.substr(from, page.find('\n', from) - from);
  }
  base::VirtualLoop loop;
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  std::shared_ptr<Server> server;
  LimitLayer layer;
  unsigned answers = 0, refused = 0;
  base::Error error;
  base::Duration last_wait{};
  base::TaskGroup tasks{loop};
};

TEST(LimitLayer, NoMoreThanTheLimitAreAtTheServerAndOneMoreWaits) {
  World world(2);
  for (int i = 0; i < 3; ++i) world.tasks.spawn(world.ask());
  EXPECT_EQ(world.server->inside, 2U);
  EXPECT_EQ(world.layer.waiting(), 1U);
  world.loop.advance(30ms);
  EXPECT_EQ(world.answers, 3U);
  EXPECT_EQ(world.server->most, 2U);
  EXPECT_EQ(world.refused, 0U);
  EXPECT_EQ(world.layer.in_flight(), 0U);
}

TEST(LimitLayer, ARefusalIsBusyRepeatableAndSaysWhenToComeAgain) {
  World world(1, 0);
  world.tasks.spawn(world.ask());
  world.tasks.spawn(world.ask());
  ASSERT_EQ(world.refused, 1U) << "at once";
  EXPECT_EQ(world.error.fault, base::Fault::busy);
  EXPECT_EQ(world.error.blame, base::Blame::gateway);
  EXPECT_EQ(world.error.retry, base::Retry::always);
  EXPECT_EQ(world.error.server, "docs");
  EXPECT_GE(world.error.retry_after, 1s);
  EXPECT_FALSE(world.error.hint.empty());
  EXPECT_EQ(world.counted(R"(weir_calls_shed_total{reason="queue_full",server="docs"})"), "1");
}

TEST(LimitLayer, AnEndlessWaitEndsAndIsCounted) {
  World world(1);
  world.server->takes = 1h;
  world.tasks.spawn(world.ask());
  world.tasks.spawn(world.ask("tools/list"));
  world.loop.advance(1999ms);
  EXPECT_EQ(world.refused, 0U);
  world.loop.advance(1ms);
  EXPECT_EQ(world.refused, 1U);
  EXPECT_EQ(world.counted(R"(weir_calls_shed_total{reason="queue_timeout",server="docs"})"), "1");
  EXPECT_EQ(world.metrics.server("docs").queue_depth.value(), 0);
}

TEST(LimitLayer, NobodyWaitsBeyondItsOwnDeadline) {
  World world(1);
  world.server->takes = 1h;
  world.tasks.spawn(world.ask());
  world.tasks.spawn(world.ask("tools/call", 70ms));
  world.loop.advance(1s);
  EXPECT_EQ(world.refused, 1U);
  EXPECT_EQ(world.last_wait, 70ms);
}

TEST(LimitLayer, ACallThatIsDroppedGivesItsPlaceToTheNext) {
  World world(1);
  world.server->takes = 1h;
  base::TaskGroup hanging(world.loop);
  hanging.spawn(world.ask());
  world.tasks.spawn(world.ask());
  hanging.cancel();
  world.loop.run();
  EXPECT_EQ(world.server->begun, 2U);
  EXPECT_EQ(world.layer.in_flight(), 1U);
  EXPECT_EQ(world.layer.waiting(), 0U);
}

TEST(LimitLayer, OneThatIsDroppedBetweenItsTurnAndItsStartLosesNoPlace) {  // T-10
  World world(1);
  base::TaskGroup second(world.loop);
  base::TaskGroup first(world.loop);
  world.server->takes = 1h;
  first.spawn(world.ask());
  second.spawn(world.ask());
  world.tasks.spawn(world.ask());
  first.cancel();   // the second has the place and has not run yet
  second.cancel();  // … and never will
  world.loop.run();
  EXPECT_EQ(world.server->begun, 2U) << "the third is at the server";
  EXPECT_EQ(world.layer.in_flight(), 1U);
  world.tasks.cancel();
  EXPECT_EQ(world.layer.in_flight(), 0U);
  EXPECT_EQ(world.layer.waiting(), 0U);
}

TEST(LimitLayer, OneThatIsDroppedWhileItWaitsLeavesTheQueue) {
  World world(1);
  base::TaskGroup hanging(world.loop);
  world.tasks.spawn(world.ask());
  hanging.spawn(world.ask());
  EXPECT_EQ(world.metrics.server("docs").queue_depth.value(), 1);
  hanging.cancel();
  EXPECT_EQ(world.layer.waiting(), 0U);
  EXPECT_EQ(world.metrics.server("docs").queue_depth.value(), 0);
}

TEST(LimitLayer, RenewalsOfTheCacheMakeRoomForPeople) {
  World world(1, 1);
  world.server->takes = 1h;
  world.tasks.spawn(world.ask());
  world.tasks.spawn(world.ask("resources/read", 5s, true));
  world.tasks.spawn(world.ask());
  world.loop.run();
  EXPECT_EQ(world.refused, 1U);
  EXPECT_EQ(world.layer.waiting(), 1U);
  EXPECT_EQ(world.counted(R"(weir_calls_shed_total{reason="displaced",server="docs"})"), "1");
}

TEST(LimitLayer, ARaisedLimitLetsThoseInWhoWait) {
  World world(1);
  world.server->takes = 1h;
  for (int i = 0; i < 3; ++i) world.tasks.spawn(world.ask());
  world.layer.set_options(World::options(3, 256));
  world.loop.run();
  EXPECT_EQ(world.server->inside, 3U);
  EXPECT_EQ(world.metrics.server("docs").concurrency_limit.value(), 3);
}

TEST(LimitLayer, ACallWhoseClientIsAskedLeavesItsPlaceToAnother) {
  World world(1);
  world.server->parks = true;  // for a second
  world.tasks.spawn(world.ask());
  world.loop.advance(20ms);
  world.server->parks = false;
  world.tasks.spawn(world.ask());
  world.loop.advance(20ms);
  EXPECT_EQ(world.answers, 1U) << "while the other is parked";
  world.tasks.spawn(world.ask());
  world.tasks.spawn(world.ask());
  EXPECT_EQ(world.layer.waiting(), 1U) << "one place has become free, not two";
  world.loop.advance(2s);
  EXPECT_EQ(world.answers, 4U);
  EXPECT_EQ(world.refused, 0U);
  EXPECT_EQ(world.layer.in_flight(), 0U);
}

TEST(LimitLayer, CallsThatReportProgressLeaveTheirPlacesUnlessTheLimitIsConfigured) {
  for (unsigned const fixed : {0U, 120U}) {
    World world(fixed);
    world.server->progresses = true;
    world.server->lingers = 4s;
    for (int i = 0; i < 300; ++i) {
      world.tasks.spawn(world.ask());
      world.loop.advance(5ms);
    }
    EXPECT_EQ(world.server->inside, fixed == 0 ? 300U : fixed);
    world.tasks.cancel();
    EXPECT_EQ(world.layer.in_flight(), 0U);
  }
}

// 200 ms after 10 ms is a server that has become slow, if it is a measurement.
unsigned limit_after(base::Duration takes, void (*change)(Server&), int calls = 1500) {
  World world(0);
  auto options = World::options(0, 256);
  options.concurrency.tolerable = {};
  world.layer.set_options(options);
  for (int i = 0; i < 150; ++i) {
    world.tasks.spawn(world.ask());
    world.loop.advance(11ms);
  }
  world.server->takes = takes;
  change(*world.server);
  for (int i = 0; i < calls; ++i) {
    world.tasks.spawn(world.ask());
    world.loop.advance(1ms);
  }
  world.loop.advance(10s);
  return world.layer.limit();
}

// Many streams opened in a row: the last ones come before those at the server can have been looked at again.
TEST(LimitLayer, WhoWaitsGetsAPlaceThatStoppedToCountMeanwhile) {
  World world(0);
  auto const limit =
      static_cast<unsigned>(std::stoul(world.counted(R"(weir_concurrency_limit{server="docs"})")));
  world.server->takes = 1ms;
  world.server->progresses = true;
  world.server->lingers = 1h;
  for (unsigned round = 0; round < 3; ++round) {
    for (unsigned i = 0; i < limit; ++i) world.tasks.spawn(world.ask("tools/call", 2h));
    world.loop.advance(10ms);
  }
  world.loop.advance(100ms);
  EXPECT_EQ(world.server->inside, 3 * limit) << "all report progress";
  EXPECT_EQ(world.refused, 0U);
}

TEST(LimitLayer, SlowAnswersAndTimeoutsShrinkTheLimit) {
  EXPECT_LT(limit_after(200ms, [](Server&) {}), 70U);
  auto const times_out = [](Server& server) { server.fault = base::Fault::timed_out; };
  EXPECT_EQ(limit_after(200ms, times_out, 150), 200U) << "all of one misfortune";
  EXPECT_LT(limit_after(200ms, times_out), 70U) << "but they go on";
}

TEST(LimitLayer, WhatSaysNothingAboutTheServersSpeedIsNotMeasured) {
  EXPECT_EQ(limit_after(200ms, [](Server& server) { server.progresses = true; }), 200U);
  EXPECT_EQ(limit_after(200ms, [](Server& server) { server.parks = true; }), 200U);
  EXPECT_EQ(limit_after(200ms, [](Server& server) { server.errs = true; }), 200U);
  EXPECT_EQ(limit_after(200ms, [](Server& server) { server.fault = base::Fault::connection_lost; }), 200U);
}

}  // namespace
}  // namespace weir::resilience
