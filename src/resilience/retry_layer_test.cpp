#include "resilience/retry_layer.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "core/parked.hpp"
#include "resilience/breaker_layer.hpp"
#include "resilience/deadline_layer.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;
using base::Blame;
using base::Error;
using base::Fault;
using base::Retry;

struct Client final : core::ClientSink {
  base::Task<bool> notify(std::string) override {
    ++told;
    co_return true;
  }
  int told = 0;
};

// Does what its script says, attempt by attempt; then answers.
struct Server final : core::Handler {
  struct Act {
    std::optional<Error> error;
    base::Duration takes{};
    bool notes = false;
    bool reports = false;
    base::Duration token = {};  // waited for first
  };
  explicit Server(base::Scheduler& s) : scheduler(s) {}
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    ++calls;
    Act act;
    if (!script.empty()) {
      act = script.front();
      script.pop_front();
    }
    bool const arrived = !act.error || act.error->fault != Fault::connect_failed;
    if (arrived) ++executed;
    if (act.token > base::Duration::zero()) {
      co_await scheduler.sleep_for(act.token);
      call.facts.credential.took += act.token;
    }
    if (act.notes) co_await call.client->notify("{}");
    if (act.reports) {
      co_await scheduler.sleep_for(1ms);
      call.progressed(scheduler.now());
    }
    if (act.takes > base::Duration::zero()) co_await scheduler.sleep_for(act.takes);
    if (act.error) co_return *act.error;
    co_return core::from_result("{}");
  }
  base::Scheduler& scheduler;
  std::deque<Act> script;
  int calls = 0, executed = 0;
};

Error lost() { return Error(Fault::connection_lost, Blame::upstream, "", Retry::if_idempotent); }
Error stale() { return Error(Fault::connection_lost, Blame::upstream, "", Retry::stale_connection); }
Error unsent() { return Error(Fault::connect_failed, Blame::upstream, "", Retry::always); }

struct World {
  explicit World(RetryOptions options = {}) : retry_options(std::move(options)) {
    deadline = std::make_shared<DeadlineLayer>(server, loop, "docs", DeadlineOptions{});
    breakers = std::make_shared<ServerBreakers>("docs", BreakerOptions{}, 1, metrics.server("docs"), nullptr);
    auto breaker = std::make_shared<BreakerLayer>(deadline, loop, breakers);
    layer = std::make_unique<RetryLayer>(breaker, loop, book, metrics.server("docs"), retry_options);
  }
  base::Task<void> ask(std::string method) {
    core::Call call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":")" + method + "\"}")));
    call.client = &client;
    call.started = loop.now();
    call.deadline = call.deadline_latest = loop.now() + 5s;
    auto const begun = loop.now();
    auto const outcome = co_await layer->handle(call);
    took = loop.now() - begun;
    ++answered;
    fault.reset();
    if (!outcome) fault = outcome.error().fault;
    EXPECT_EQ(call.client, &client) << "put back";
    EXPECT_EQ(call.attempt_most, base::Duration::zero()) << "put back";
  }
  void run(std::string const& method = "resources/read") {
    tasks.spawn(ask(method));
    loop.advance(10s);
  }
  double retries(char const* reason) { return metrics.server("docs").retries.of(reason).value(); }
  double refused(char const* reason) { return metrics.server("docs").retries_refused.of(reason).value(); }

  base::VirtualLoop loop;
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  RetryOptions retry_options;
  std::shared_ptr<Server> server = std::make_shared<Server>(loop);
  std::shared_ptr<SendBook> book = std::make_shared<SendBook>(0.2, 1);
  std::shared_ptr<DeadlineLayer> deadline;
  std::shared_ptr<ServerBreakers> breakers;
  std::unique_ptr<RetryLayer> layer;
  Client client;
  int answered = 0;
  std::optional<Fault> fault;
  base::Duration took{};
  base::TaskGroup tasks{loop};
};

TEST(RetryLayer, AReadIsSentAgainUntilItIsAnswered) {
  World world;
  world.server->script = {{lost()}, {Error(Fault::protocol, Blame::upstream, "")}};
  world.run();
  EXPECT_EQ(world.answered, 1);
  EXPECT_FALSE(world.fault);
  EXPECT_EQ(world.server->calls, 3);
  EXPECT_LE(world.took, 75ms);
  EXPECT_EQ(world.retries("connection_lost"), 1);
  EXPECT_EQ(world.retries("protocol"), 1);
}

TEST(RetryLayer, TheLastErrorIsTheAnswerWhenAllAttemptsFail) {
  World world;
  world.server->script = {{lost()}, {lost()}, {Error(Fault::unavailable, Blame::upstream, "")}, {}};
  world.run();
  EXPECT_EQ(world.fault, Fault::unavailable);
  EXPECT_EQ(world.server->calls, 3);
  EXPECT_EQ(world.refused("attempts"), 1);
}

TEST(RetryLayer, AToolIsSentOnceWhateverFails) {  // F-53, T-03
  for (auto const fault : {Fault::timed_out, Fault::unavailable, Fault::connection_lost, Fault::protocol,
                           Fault::throttled, Fault::internal}) {
    World world;
    world.server->script = {{Error(fault, Blame::upstream, "")}};
    world.run("tools/call");
    EXPECT_EQ(world.server->calls, 1);
    EXPECT_EQ(world.fault, fault);
  }
}

TEST(RetryLayer, AToolIsSentAgainWhenNothingWasSent) {
  World world;
  world.server->script = {{unsent()}};
  world.run("tools/call");
  EXPECT_EQ(world.server->calls, 2);
  EXPECT_EQ(world.server->executed, 1);
  EXPECT_FALSE(world.fault);
}

TEST(RetryLayer, AToolIsExecutedAtMostOnceOverRandomFailures) {  // F-53, T-03
  base::SeededRandom random(3);
  World world;
  int again = 0;
  for (int i = 0; i < 10'000; ++i) {
    world.server->script.clear();
    world.server->executed = world.server->calls = 0;
    for (int n = 0; n < 3; ++n) {
      auto const fault = static_cast<Fault>(random.below(static_cast<std::uint64_t>(Fault::internal) + 1));
      bool const sure = fault == Fault::connect_failed;
      if (random.below(4) == 0)
        world.server->script.push_back({});
      else
        world.server->script.push_back(
            {Error(fault, Blame::upstream, "", sure ? Retry::always : Retry::if_idempotent)});
    }
    world.breakers->reset(world.loop.now());
    for (int n = 0; n < 10; ++n) world.book->budget.succeeded();
    world.tasks.spawn(world.ask("tools/call"));
    world.loop.advance(200ms);
    ASSERT_EQ(world.answered, i + 1) << "each is answered once";
    ASSERT_LE(world.server->executed, 1);
    again += world.server->calls > 1 ? 1 : 0;
  }
  EXPECT_GT(again, 0);
}

TEST(RetryLayer, AnOpenBreakerIsNotTriedAgain) {
  World world;
  world.server->script = {{lost()}, {lost()}, {lost()}, {lost()}, {lost()}, {lost()}};
  world.run();
  world.run();
  EXPECT_EQ(world.breakers->of(OperationClass::resources).state(), BreakerState::open);
  EXPECT_EQ(world.server->calls, 5);
  EXPECT_EQ(world.fault, Fault::breaker_open);
  world.run();
  EXPECT_EQ(world.server->calls, 5);
  EXPECT_LE(world.took, 0ms) << "refused at once";
}

TEST(RetryLayer, ABlackHoleCostsAPartOfTheTimeOnceItIsKnownHowLongCallsTake) {
  World world;
  for (int i = 0; i < 20; ++i) world.run();
  world.server->script = {{{}, 1h}};
  world.run();
  EXPECT_FALSE(world.fault);
  EXPECT_GE(world.took, 250ms);
  EXPECT_LE(world.took, 275ms);
  EXPECT_EQ(world.retries("lost"), 1);
  World unknown;
  for (int i = 0; i < 19; ++i) unknown.run();
  unknown.server->script = {{{}, 1h}};
  unknown.run();
  EXPECT_EQ(unknown.fault, Fault::timed_out);
  EXPECT_EQ(unknown.took, 5s);
  EXPECT_EQ(unknown.refused("deadline"), 1);
}

TEST(RetryLayer, HowLongCallsTakeIsLearnedWithoutWhatTheirTokensTook) {
  World world;
  for (int i = 0; i < 20; ++i) {
    world.server->script = {{{}, {}, false, false, 2s}};
    world.run();
  }
  EXPECT_FALSE(world.fault);
  world.server->script = {{{}, 1h}};
  world.run();
  EXPECT_FALSE(world.fault);
  EXPECT_LE(world.took, 275ms) << "a black hole is noticed as early";
}

TEST(RetryLayer, AnAttemptThatReportsProgressIsNotGivenUp) {
  RetryOptions options;
  options.attempt_timeout = 100ms;
  World world(options);
  world.server->script = {{{}, 2s, false, true}};
  world.run();
  EXPECT_FALSE(world.fault);
  EXPECT_EQ(world.server->calls, 1);
  world.server->script = {{{}, 2s}};
  world.run();
  EXPECT_EQ(world.server->calls, 3) << "without progress it is";
}

TEST(RetryLayer, TheLastAttemptHasAllTheTimeThatIsLeft) {
  RetryOptions options;
  options.attempt_timeout = 100ms;
  World world(options);
  world.server->script = {{{}, 3s}, {{}, 3s}, {{}, 3s}};
  world.run();
  EXPECT_FALSE(world.fault);
  EXPECT_EQ(world.server->calls, 3);
  EXPECT_EQ(world.retries("lost"), 2);
}

TEST(RetryLayer, AClientThatWasToldSomethingIsNotToldItTwice) {
  World world;
  world.server->script = {{lost(), {}, true}};
  world.run();
  EXPECT_EQ(world.server->calls, 1);
  EXPECT_EQ(world.client.told, 1);
  EXPECT_EQ(world.fault, Fault::connection_lost);
}

TEST(RetryLayer, TheBudgetEndsTheStormOfAServerThatFailsAlways) {  // T-07
  World world;
  for (int i = 0; i < 100; ++i) {
    world.server->script = {{lost()}, {lost()}, {lost()}};
    world.breakers->reset(world.loop.now());  // the budget alone must do
    world.tasks.spawn(world.ask("resources/read"));
    world.loop.advance(100ms);
  }
  EXPECT_LE(world.server->calls, 110);
  EXPECT_GE(world.refused("budget"), 80);
}

TEST(RetryLayer, TheFirstOnAConnectionThatWasEndingCostsNoReSend) {
  World world;
  world.server->script = {{stale()}, {lost()}, {lost()}};
  world.run();
  EXPECT_EQ(world.server->calls, 4);
  EXPECT_FALSE(world.fault);
  world.server->calls = 0;
  world.server->script = {{stale()}, {stale()}, {stale()}, {stale()}};
  world.run();
  EXPECT_EQ(world.server->calls, 4) << "only the first";
  EXPECT_EQ(world.fault, Fault::connection_lost);
}

TEST(RetryLayer, WhatMayNotBeRepeatedIsNotSentAgainAfterAConnectionThatWasEnding) {
  World world;
  world.server->script = {{stale()}};
  world.run("tools/call");
  EXPECT_EQ(world.server->calls, 1);
  EXPECT_EQ(world.fault, Fault::connection_lost);
}

TEST(RetryLayer, SwitchedOffItSendsOnce) {
  RetryOptions options;
  options.attempts = 0;
  World world(options);
  world.server->script = {{unsent()}};
  world.run();
  EXPECT_EQ(world.server->calls, 1);
  world.layer->set_options({});
  world.server->script = {{unsent()}};
  world.run();
  EXPECT_EQ(world.server->calls, 3) << "a reload switches it on";
}

TEST(RetryLayer, SwitchedOffItStillLearnsHowLongCallsTake) {  // hedges go by it
  RetryOptions options;
  options.attempts = 0;
  World world(options);
  for (int i = 0; i < 200; ++i) world.run();
  core::Call const call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":"resources/read"})")));
  EXPECT_TRUE(world.book->times.of(call).quantile(0.95));
}

TEST(RetryLayer, ACallThatIsDroppedWhileItWaitsIsNotSentAgain) {
  World world;
  world.server->script = {{Error(Fault::throttled, Blame::upstream, "").again_in(2s)}};
  world.tasks.spawn(world.ask("resources/read"));
  world.loop.advance(1s);
  world.tasks.cancel();
  world.loop.advance(10s);
  EXPECT_EQ(world.server->calls, 1);
}

}  // namespace
}  // namespace weir::resilience
