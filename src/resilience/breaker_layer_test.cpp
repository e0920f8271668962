#include "resilience/breaker_layer.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "core/parked.hpp"
#include "resilience/verdict.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;
using base::Blame;
using base::Error;
using base::Fault;

struct Server final : core::Handler {
  explicit Server(base::Scheduler& s) : scheduler(s) {}
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    ++calls;
    if (asks > base::Duration::zero()) {
      core::Parked const parked(call, scheduler, 10min);
      co_await scheduler.sleep_for(asks);
    }
    if (token > base::Duration::zero()) {
      co_await scheduler.sleep_for(token);
      call.facts.credential.took += token;
    }
    if (reports) call.progressed(scheduler.now() + 1ms);
    if (takes > base::Duration::zero()) co_await scheduler.sleep_for(takes);
    if (error) co_return *error;
    co_return core::from_message(answer);
  }
  base::Scheduler& scheduler;
  int calls = 0;
  base::Duration asks{}, token{}, takes{};
  bool reports = false;
  std::optional<Error> error;
  std::string answer = R"({"jsonrpc":"2.0","id":0,"result":{}})";
};

struct World {
  base::Task<void> ask() {
    core::Call call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})")));
    call.started = loop.now();
    call.deadline = loop.now() + 30s;
    call.deadline_latest = loop.now() + 10min;
    call.extend_by = 30s;
    auto const outcome = co_await layer.handle(call);
    last_error.reset();
    if (!outcome) last_error = outcome.error();
  }
  void run(int times) {
    while (times-- > 0) {
      tasks.spawn(ask());
      loop.advance(1min);
    }
  }
  void fail(Fault fault, Blame blame, int times) {
    server->error = Error(fault, blame, "no");
    while (times-- > 0) {
      tasks.spawn(ask());
      loop.run();
    }
  }
  BreakerState state() const { return breakers->of(OperationClass::tools).state(); }

  base::VirtualLoop loop;
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  std::shared_ptr<Server> server = std::make_shared<Server>(loop);
  std::shared_ptr<ServerBreakers> breakers =
      std::make_shared<ServerBreakers>("docs", BreakerOptions{}, 1, metrics.server("docs"), nullptr);
  BreakerLayer layer{server, loop, breakers};
  std::optional<Error> last_error;
  base::TaskGroup tasks{loop};
};

TEST(BreakerLayer, AsksTheBreakerAndTellsItWhatCameOfEachCall) {  // F-44
  World world;
  world.fail(Fault::connection_lost, Blame::upstream, 5);
  EXPECT_EQ(world.server->calls, 5);
  EXPECT_EQ(world.state(), BreakerState::open);
  world.tasks.spawn(world.ask());
  EXPECT_EQ(world.server->calls, 5) << "the server is left alone";
  ASSERT_TRUE(world.last_error);
  EXPECT_EQ(world.last_error->fault, Fault::breaker_open);
  EXPECT_EQ(world.last_error->server, "docs");
  EXPECT_EQ(world.last_error->retry, base::Retry::always);
  EXPECT_GE(world.last_error->retry_after, 60s);
  EXPECT_LE(world.last_error->retry_after, 72s);
}

TEST(BreakerLayer, ACancelledProbeGivesItsPlaceBack) {  // T-10
  World world;
  world.fail(Fault::timed_out, Blame::upstream, 5);
  world.loop.advance(72s);
  world.server->error.reset();
  world.server->takes = 10s;
  world.tasks.spawn(world.ask());
  EXPECT_EQ(world.breakers->of(OperationClass::tools).probes_in_flight(), 1U);
  world.tasks.spawn(world.ask());
  EXPECT_EQ(world.last_error->fault, Fault::breaker_open);
  world.tasks.cancel();
  EXPECT_EQ(world.breakers->of(OperationClass::tools).probes_in_flight(), 0U);
  world.server->takes = {};
  world.run(2);
  EXPECT_EQ(world.state(), BreakerState::closed);
}

TEST(BreakerLayer, WhatIsNotTheServersFailureNeverOpensIt) {  // F-45
  World world;
  world.fail(Fault::unavailable, Blame::gateway, 50);
  world.fail(Fault::refused, Blame::upstream, 50);
  world.fail(Fault::busy, Blame::gateway, 50);
  world.fail(Fault::timed_out, Blame::gateway, 50);  // no token in time
  EXPECT_EQ(world.state(), BreakerState::closed);
  EXPECT_EQ(world.server->calls, 200);
}

TEST(BreakerLayer, AnInternalErrorOfTheServerCounts) {
  World world;
  world.server->answer = R"({"jsonrpc":"2.0","id":0,"error":{"code":-32603,"message":"oops"}})";
  world.run(5);
  EXPECT_EQ(world.state(), BreakerState::open);
}

TEST(BreakerLayer, AMillionInvalidRequestsDoNotOpenIt) {  // T-13, F-45
  World world;
  auto& breaker = world.breakers->of(OperationClass::tools);
  base::Result<core::Outcome> const refused = core::from_error(-32602, "Invalid params");
  auto const now = world.loop.now();
  for (int i = 0; i < 1'000'000; ++i) {
    auto admission = breaker.admit(now + std::chrono::microseconds{i});
    ASSERT_TRUE(admission);
    if (auto const verdict = verdict_on_server(refused)) admission.permit.record(*verdict, 1us, now);
  }
  EXPECT_EQ(world.state(), BreakerState::closed);
}

TEST(BreakerLayer, SlowIsOnlyWhatTheServerItselfTakes) {
  World slow;
  slow.server->takes = 5s;
  slow.server->asks = 1ms;
  for (int i = 0; i < 20; ++i) slow.tasks.spawn(slow.ask());
  slow.loop.advance(1min);
  EXPECT_EQ(slow.state(), BreakerState::open);
  World asking;
  asking.server->takes = 4s;
  asking.server->asks = 50s;
  for (int i = 0; i < 20; ++i) asking.tasks.spawn(asking.ask());
  asking.loop.advance(1min);
  EXPECT_EQ(asking.server->calls, 20);
  EXPECT_EQ(asking.state(), BreakerState::closed);
  World waiting;
  waiting.server->takes = 4s;
  waiting.server->token = 20s;
  for (int i = 0; i < 20; ++i) waiting.tasks.spawn(waiting.ask());
  waiting.loop.advance(1min);
  EXPECT_EQ(waiting.state(), BreakerState::closed) << "its issuer is another one";
  World reporting;
  reporting.server->takes = 20s;
  reporting.server->reports = true;
  for (int i = 0; i < 20; ++i) reporting.tasks.spawn(reporting.ask());
  reporting.loop.advance(1min);
  EXPECT_EQ(reporting.state(), BreakerState::closed);
}

}  // namespace
}  // namespace weir::resilience
