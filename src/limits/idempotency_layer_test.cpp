#include "limits/idempotency_layer.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"

namespace weir::limits {
namespace {

using namespace std::chrono_literals;

struct Server final : core::Handler {
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    ++executed;
    if (routed) call.facts.server = "notes";
    call.facts.tool = tool;
    if (takes > 0ms) co_await scheduler->sleep_for(takes);
    if (error) co_return *error;
    call.facts.degraded = degraded;
    co_return core::from_result(R"({"n":)" + std::to_string(executed) + R"(,"resultType":")" + result_type +
                                "\"}");
  }
  base::Scheduler* scheduler = nullptr;
  base::Duration takes{};
  bool routed = true;
  std::string tool;
  std::optional<base::Error> error;
  core::DegradedFacts degraded;
  std::string result_type = "complete";
  int executed = 0;
};

struct World {
  World()
      : server(std::make_shared<Server>()), here(server, loop, table), elsewhere(server, other_loop, table) {
    server->scheduler = &loop;
  }
  struct Answer {
    std::string text;
    std::optional<base::Error> error;
    bool came = false;
    std::vector<std::string> scopes_needed;
  };
  base::Task<void> ask(IdempotencyLayer& layer, base::Scheduler& scheduler, Answer& answer, std::string key,
                       std::string params) {
    core::Principal who{"sub:a", "jwt", {}};
    who.subject = "a";
    core::Call call(std::move(
        *mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}")));
    call.principal = &who;
    call.idempotency_key = std::move(key);
    call.access = access;
    call.started = scheduler.now();
    auto const outcome = co_await layer.handle(call);
    answer.came = true;
    answer.scopes_needed = call.facts.scopes_needed;
    if (!outcome) {
      answer.error = outcome.error();
      co_return;
    }
    outcome->edits.append_to(answer.text);
  }
  Answer& ask(std::string key = "k", std::string params = R"({"name":"add"})") {
    auto& answer = answers.emplace_back();
    tasks.spawn(ask(here, loop, answer, std::move(key), std::move(params)));
    loop.run();
    return answer;
  }
  base::VirtualLoop loop, other_loop;
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  IdempotencyTable table{{}, 7, metrics.gateway()};
  std::shared_ptr<Server> server;
  std::shared_ptr<core::AccessRules const> access;
  std::string method = "tools/call";
  IdempotencyLayer here, elsewhere;
  std::deque<Answer> answers;
  base::TaskGroup tasks{loop}, other_tasks{other_loop};
};

TEST(IdempotencyLayer, ARepetitionGetsTheSameBytesAndIsNoSecondExecution) {  // R-016
  World world;
  auto const& first = world.ask();
  auto const& again = world.ask();
  EXPECT_EQ(world.server->executed, 1);
  EXPECT_FALSE(first.text.empty());
  EXPECT_EQ(first.text, again.text);
}

TEST(IdempotencyLayer, CallsWithoutAKeyOrThatOnlyReadAreNobodysRepetition) {
  World world;
  world.ask("");
  world.ask("");
  EXPECT_EQ(world.server->executed, 2);
  world.method = "resources/read";
  world.ask();
  world.ask();
  EXPECT_EQ(world.server->executed, 4);
  EXPECT_EQ(world.table.size(), 0U);
}

TEST(IdempotencyLayer, MetaDiffersFromTryToTryAndDoesNotCount) {
  World world;
  auto const& first = world.ask("k", R"({"_meta":{"progressToken":1},"name":"add","arguments":{"a":1}})");
  auto const& again = world.ask("k", R"({"_meta":{"progressToken":22},"name":"add","arguments":{"a":1}})");
  auto const& other = world.ask("k", R"({"_meta":{"progressToken":1},"name":"add","arguments":{"a":2}})");
  EXPECT_EQ(first.text, again.text);
  ASSERT_TRUE(other.error);
  EXPECT_EQ(other.error->fault, base::Fault::invalid_input);
  EXPECT_EQ(other.error->blame, base::Blame::client);
  EXPECT_FALSE(other.error->hint.empty());
  EXPECT_EQ(world.server->executed, 1);
}

TEST(IdempotencyLayer, WhatStandsInForACallThatWasNeverSentIsNotItsEnd) {  // R-016
  World world;
  world.server->degraded = {core::Substitute::standard, base::name_of(base::Fault::breaker_open), {}, {}};
  world.ask();
  world.server->degraded = {};
  world.ask();
  EXPECT_EQ(world.server->executed, 2);
  world.ask();
  EXPECT_EQ(world.server->executed, 2);
}

TEST(IdempotencyLayer, WhatStandsInForACallOfUnknownFateIsItsEnd) {  // R-016
  using base::Fault;
  World world;
  world.server->degraded = {core::Substitute::backup, base::name_of(Fault::timed_out), {}, {}};
  world.ask("late");
  world.ask("late");
  EXPECT_EQ(world.server->executed, 1);
  world.server->degraded = {core::Substitute::server, base::name_of(Fault::connect_failed), {}, "mirror"};
  world.ask("elsewhere");
  world.ask("elsewhere");
  EXPECT_EQ(world.server->executed, 2);
}

TEST(IdempotencyLayer, AKeyOverTheLimitIsRefused) {
  World world;
  EXPECT_FALSE(world.ask(std::string(256, 'k')).error);
  auto const& refused = world.ask(std::string(257, 'k'));
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->fault, base::Fault::invalid_input);
  EXPECT_EQ(world.server->executed, 1);
}

TEST(IdempotencyLayer, WhoeverRepeatsWhileItRunsWaitsOnAnyWorker) {
  World world;
  world.server->takes = 2s;
  auto const& first = world.ask();
  auto const& here = world.ask();
  World::Answer there;
  world.other_tasks.spawn(world.ask(world.elsewhere, world.other_loop, there, "k", R"({"name":"add"})"));
  world.other_loop.advance(1s);
  EXPECT_FALSE(there.came);
  world.loop.advance(2s);
  EXPECT_TRUE(first.came);
  EXPECT_EQ(here.text, first.text);
  world.other_loop.run();
  EXPECT_EQ(there.text, first.text);
  EXPECT_EQ(world.server->executed, 1);
}

TEST(IdempotencyLayer, WaitingForAnothersEndHasAnEnd) {
  World world;
  world.server->takes = 1h;
  world.ask();
  auto const& waits = world.ask();
  world.loop.advance(10min - 1ms);
  EXPECT_FALSE(waits.came);
  world.loop.advance(1ms);
  ASSERT_TRUE(waits.error);
  EXPECT_EQ(waits.error->fault, base::Fault::timed_out);
}

TEST(IdempotencyLayer, AFailureThatProvesThatNothingHappenedIsForgotten) {
  for (auto const& error :
       {base::Error(base::Fault::connect_failed, base::Blame::upstream, "", base::Retry::always),
        base::Error(base::Fault::busy, base::Blame::gateway, "", base::Retry::always),
        base::Error(base::Fault::breaker_open, base::Blame::gateway, ""),
        base::Error(base::Fault::denied, base::Blame::gateway, ""),
        base::Error(base::Fault::throttled, base::Blame::upstream, "").again_in(1s)}) {
    World world;
    world.server->error = error;
    EXPECT_TRUE(world.ask().error);
    world.server->error.reset();
    EXPECT_FALSE(world.ask().error) << base::name_of(error.fault);
    EXPECT_EQ(world.server->executed, 2) << base::name_of(error.fault);
  }
}

TEST(IdempotencyLayer, WhenNobodyKnowsWhatHappenedARepetitionIsToldSoAndNotExecuted) {  // ruling 9
  for (auto const fault : {base::Fault::timed_out, base::Fault::connection_lost, base::Fault::protocol,
                           base::Fault::unavailable, base::Fault::internal}) {
    World world;
    world.server->error = base::Error(fault, base::Blame::upstream, "", base::Retry::if_idempotent);
    world.ask();
    world.server->error.reset();
    auto const& again = world.ask();
    ASSERT_TRUE(again.error) << base::name_of(fault);
    EXPECT_EQ(again.error->fault, fault);
    EXPECT_EQ(world.server->executed, 1);
  }
}

TEST(IdempotencyLayer, AClientThatGaveUpOnTheWayToTheServerLeavesDoubtAndBeforeThatNone) {
  World world;
  world.server->takes = 1s;
  auto const drop = [&world] {
    World::Answer lost;
    base::TaskGroup given_up(world.loop);
    given_up.spawn(world.ask(world.here, world.loop, lost, "k", R"({"name":"add"})"));
    world.loop.advance(500ms);
    given_up.cancel();
  };
  world.server->routed = false;
  drop();
  world.server->routed = true;
  drop();
  EXPECT_EQ(world.server->executed, 2) << "the first one had not found its server";
  auto const& again = world.ask();
  ASSERT_TRUE(again.error);
  EXPECT_EQ(again.error->fault, base::Fault::connection_lost);
  EXPECT_EQ(again.error->server, "notes");
  EXPECT_EQ(world.server->executed, 2);
}

TEST(IdempotencyLayer, WhoWaitsForOneThatComesToNothingExecutes) {
  World world;
  world.server->takes = 1s;
  world.server->error =
      base::Error(base::Fault::connect_failed, base::Blame::upstream, "", base::Retry::always);
  auto const& first = world.ask();
  auto const& second = world.ask();
  world.loop.advance(1s);
  EXPECT_TRUE(first.error);
  EXPECT_FALSE(second.came);
  world.server->error.reset();
  world.loop.advance(1s);
  EXPECT_FALSE(second.error);
  EXPECT_EQ(world.server->executed, 2);
}

TEST(IdempotencyLayer, AQuestionToTheClientIsNoEnd) {
  World world;
  world.server->result_type = "input_required";
  world.ask();
  world.server->result_type = "complete";
  world.ask();
  EXPECT_EQ(world.server->executed, 2);
  world.ask();
  EXPECT_EQ(world.server->executed, 2);
}

TEST(IdempotencyLayer, OneThatIsDroppedWhileItWaitsLeavesNothingBehind) {
  World world;
  world.server->takes = 1s;
  auto const& first = world.ask();
  {
    World::Answer lost;
    base::TaskGroup given_up(world.loop);
    given_up.spawn(world.ask(world.here, world.loop, lost, "k", R"({"name":"add"})"));
    world.loop.run();
  }
  world.loop.advance(1s);
  EXPECT_TRUE(first.came);
}

// The table stands before the router: what it kept is for who may still use the tool (and asks with a token
// that may).
TEST(IdempotencyLayer, ARepetitionNeedsTheRightsThatTheCallNeeds) {  // R-016
  World world;
  world.server->tool = "delete";
  auto const rule = [](std::vector<std::string> scopes) {
    return std::make_shared<core::AccessRules const>(std::vector<core::AccessRule>{
        {.who = "*", .allow = {"notes.delete"}, .deny = {}, .scopes = std::move(scopes)}});
  };
  world.access = rule({});
  EXPECT_FALSE(world.ask().text.empty());
  world.access = rule({"write"});
  auto const& lacking = world.ask();
  ASSERT_TRUE(lacking.error);
  EXPECT_EQ(lacking.error->fault, base::Fault::denied);
  EXPECT_EQ(lacking.scopes_needed, std::vector<std::string>{"write"});
  world.access = std::make_shared<core::AccessRules const>(
      std::vector<core::AccessRule>{{.who = "*", .allow = {"other.*"}, .deny = {}, .scopes = {}}});
  auto const& denied = world.ask();
  ASSERT_TRUE(denied.error);
  EXPECT_EQ(denied.error->fault, base::Fault::denied);
  world.access = rule({});
  EXPECT_FALSE(world.ask().text.empty()) << "nothing is lost by it";
  EXPECT_EQ(world.server->executed, 1);
}

}  // namespace
}  // namespace weir::limits
