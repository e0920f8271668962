#include "resilience/deadline_layer.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "core/parked.hpp"
#include "resilience/verdict.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

struct SlowServer final : core::Handler {
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    if (parked > base::Duration::zero()) {
      core::Parked const mark(call, scheduler, parked_most);
      co_await scheduler.sleep_for(parked);
    }
    if (asks) {
      auto const said = co_await call.client->ask("roots/list", "");
      if (!said) told = said.error();
    }
    if (token > base::Duration::zero()) {
      auto& credential = call.facts.credential;
      credential.awaited = true;
      co_await scheduler.sleep_for(token);
      credential.awaited = false;
      credential.took += token;
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
  base::Duration parked_most = 10min;
  bool asks = false;  // the client itself
  std::optional<base::Error> told;
  base::Duration token{};  // waits for one first
  int reports = 0;
  base::Duration between{};
  base::Duration last{};
};

// Takes a question and never answers it.
struct SilentClient final : core::ClientSink {
  explicit SilentClient(base::Scheduler& s) : scheduler(s) {}
  struct Open {
    int& count;
    explicit Open(int& c) : count(c) { ++count; }
    ~Open() { --count; }
  };
  base::Task<bool> notify(std::string) override { co_return true; }
  base::Task<base::Result<mcp::Message>> ask(std::string, std::string) override {
    Open const one(open);
    core::Parked const mark(*call, scheduler, 10min);
    co_await scheduler.sleep_for(10min);
    co_return base::Error(base::Fault::timed_out, base::Blame::client, "of its own time");
  }
  base::Scheduler& scheduler;
  core::Call* call = nullptr;
  int open = 0;
};

struct World {
  World() : server(std::make_shared<SlowServer>(loop)) {}
  base::Task<void> ask() {
    DeadlineLayer layer(server, loop, "slow", {5s, 20s, in_flight, parked_max});
    core::Call call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})")));
    call.started = loop.now();
    call.attempt_most = attempt_most;
    call.client = &client;
    client.call = &call;
    auto const outcome = co_await layer.handle(call);
    EXPECT_EQ(call.client, &client);
    answered = true;
    if (!outcome) {
      fault = outcome.error().fault;
      error = outcome.error();
    }
    took = loop.now() - call.started;
  }
  void run() {
    tasks.spawn(ask());
    loop.advance(60s);
  }
  base::VirtualLoop loop;
  std::shared_ptr<SlowServer> server;
  SilentClient client{loop};
  observe::Gauge in_flight;
  base::Duration parked_max = 10min;
  base::Duration attempt_most{};
  bool answered = false;
  std::optional<base::Fault> fault;
  base::Error error;
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

TEST(Deadline, AQuestionIsWithdrawnAfterTheTimeForItAndTheServerIsTold) {  // ruling 7
  World world;
  world.parked_max = 30s;
  world.server->asks = true;
  world.server->last = 2s;
  world.tasks.spawn(world.ask());
  world.loop.advance(30s - 1ms);
  EXPECT_EQ(world.client.open, 1);
  world.loop.advance(1ms);
  EXPECT_EQ(world.client.open, 0);
  ASSERT_TRUE(world.server->told);
  EXPECT_EQ(world.server->told->fault, base::Fault::timed_out);
  EXPECT_EQ(world.server->told->blame, base::Blame::client);
  EXPECT_EQ(world.server->told->detail, "the client did not answer in time");
  world.loop.advance(2s);
  EXPECT_TRUE(world.answered);
  EXPECT_FALSE(world.fault);
  EXPECT_EQ(world.took, 32s);
}

TEST(Deadline, AServerThatWasToldHasTheRestOfItsTime) {
  World world;
  world.parked_max = 30s;
  world.server->asks = true;
  world.server->last = 1h;
  world.run();
  EXPECT_EQ(world.took, 35s);
  EXPECT_EQ(world.fault, base::Fault::timed_out);
  EXPECT_EQ(world.error.blame, base::Blame::upstream);
}

TEST(Deadline, WhileAQuestionIsOpenTheEndIsNotTheServersFault) {
  World world;
  world.attempt_most = 300ms;
  world.server->parked = 1h;
  world.server->parked_most = 8s;
  world.run();
  EXPECT_EQ(world.took, 8s);
  EXPECT_EQ(world.fault, base::Fault::timed_out);
  EXPECT_EQ(world.error.blame, base::Blame::client);
  EXPECT_FALSE(failed_server(world.error));
  EXPECT_NE(world.error.hint.find("`slow`"), std::string::npos);
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

TEST(Deadline, WhatStillWaitsForATokenIsNotTheServersFault) {  // F-45
  World waiting;
  waiting.server->token = 1h;
  waiting.run();
  EXPECT_EQ(waiting.took, 5s) << "the call has no more time for that";
  EXPECT_EQ(waiting.fault, base::Fault::timed_out);
  EXPECT_EQ(waiting.error.blame, base::Blame::gateway);
  EXPECT_EQ(waiting.error.retry, base::Retry::always) << "nothing was sent";
  EXPECT_EQ(waiting.error.server, "slow");
  EXPECT_NE(waiting.error.hint.find("issuer"), std::string::npos);
  World asked;
  asked.server->token = 2s;
  asked.server->last = 1h;
  asked.run();
  EXPECT_EQ(asked.took, 5s);
  EXPECT_EQ(asked.error.blame, base::Blame::upstream) << "it had the call and was silent";
}

TEST(Deadline, AnAttemptHasItsTimeFromWhenItsTokenIsThere) {
  World quick;
  quick.attempt_most = 300ms;
  quick.server->token = 2s;
  quick.server->last = 290ms;
  quick.run();
  EXPECT_FALSE(quick.fault);
  World silent;
  silent.attempt_most = 300ms;
  silent.server->token = 2s;
  silent.server->last = 2s;
  silent.run();
  EXPECT_EQ(silent.error.blame, base::Blame::upstream);
  EXPECT_EQ(silent.took, 2300ms);
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
