#include "fallback/fallback_layer.hpp"

#include <gtest/gtest.h>

#include <list>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"
#include "support/call_of.hpp"

namespace weir::fallback {
namespace {

using namespace std::chrono_literals;
using base::Blame;
using base::Error;
using base::Fault;
using core::Outcome;
using core::Substitute;
using Answer = base::Result<Outcome>;

Error failure(Fault fault, base::Retry retry = base::Retry::if_idempotent) {
  return Error(fault, Blame::upstream, "test", retry).about("docs");
}

// A server, and the layers before it: answers or fails after a time, at the call's deadline at the latest.
struct Server final : core::Handler {
  explicit Server(base::Scheduler& s) : scheduler(s) {}
  base::Task<Answer> handle(core::Call& call) override {
    ++calls;
    deadline = call.deadline;
    target = call.target;
    cacheable = call.cacheable;
    EXPECT_FALSE(call.given_up) << "whoever gets it is asked";
    auto const until = std::min(scheduler.now() + takes, call.deadline);
    bool const late = scheduler.now() + takes > call.deadline;
    if (until > scheduler.now()) co_await scheduler.sleep_until(until);
    if (late) co_return failure(Fault::timed_out);
    if (fails) co_return *fails;
    co_return core::from_result(reply);
  }
  base::Scheduler& scheduler;
  base::Duration takes{};
  std::optional<Error> fails;
  std::string reply = R"({"content":[{"type":"text","text":"fresh"}]})";
  int calls = 0;
  base::TimePoint deadline;
  std::string target;
  bool cacheable = false;
};

struct Shelf final : core::CopyShelf {
  std::optional<Outcome> copy_for(core::Call& call) override {
    ++asked;
    if (!has || !call.copy_wanted) return std::nullopt;
    call.facts.cache = {core::CacheUse::stale, "memory", false, false, 90s, -30s};
    return core::from_result(R"({"content":[{"type":"text","text":"old"}]})");
  }
  bool updates(core::Call const&) const override { return updating; }
  bool has = true;
  bool updating = false;
  int asked = 0;
};

struct Local final : LocalAnswers {
  explicit Local(base::Scheduler& s) : scheduler(s) {}
  base::Task<std::optional<Answer>> find(Step const& step, core::Call const&, Error const&,
                                         base::TimePoint until) override {
    tried.emplace_back(name_of(step.strategy));
    if (takes > base::Duration::zero())
      co_await scheduler.sleep_until(std::min(until, scheduler.now() + takes));
    if (std::find(has.begin(), has.end(), step.strategy) == has.end()) co_return std::nullopt;
    co_return Answer{core::from_result(R"({"content":[{"type":"text","text":"local"}]})"), 60s};
  }
  base::Scheduler& scheduler;
  base::Duration takes{};
  std::vector<Strategy> has;
  std::vector<std::string> tried;
};

struct World {
  World() {
    options->server = "docs";
    options->call = 5s;
    options->local = held;
  }
  void declare(Declared declared) { options->plan = FallbackPlan(declared); }
  void chain(std::vector<Step> steps) {
    Declared declared;
    declared.chain = std::move(steps);
    declare(std::move(declared));
  }
  struct Asked {
    std::unique_ptr<core::Call> call;
    std::optional<Answer> answer;
    base::Duration took{};
    std::string text() const {
      std::string out;
      if (answer && *answer) (*answer)->edits.append_to(out);
      return out;
    }
  };
  Asked& ask(std::string const& method = "tools/call", std::string const& params = R"({"name":"look"})") {
    auto& asked = all.emplace_back();
    asked.call =
        test::call_of(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + '}',
                      mcp::Revision::r2026_07_28, &sink);
    asked.call->principal = &principal;
    prepare(*asked.call);
    tasks.spawn(serve(asked));
    loop.advance(60s);
    return asked;
  }
  base::Task<void> serve(Asked& asked) {
    auto const begun = loop.now();
    asked.answer.emplace(co_await layer.handle(*asked.call));
    asked.took = loop.now() - begun;
  }
  double count(std::string const& strategy) { return metrics.server("docs").fallbacks.of(strategy).value(); }
  double missed(std::string const& strategy) {
    return metrics.server("docs").fallback_misses.of(strategy).value();
  }

  core::Principal const principal{"anonymous", "anonymous", {}};
  base::VirtualLoop loop;
  observe::Metrics metrics{{"0", "0", {"2026-07-28"}, 1000, [] { return observe::ProcessStats{}; }}};
  observe::Log log{{.level = observe::Level::error}, loop.clock(), {}};
  test::CollectingSink sink{loop};
  std::shared_ptr<Server> server = std::make_shared<Server>(loop);
  std::shared_ptr<Server> mirror = std::make_shared<Server>(loop);
  std::vector<std::string> withheld;  // tools of the mirror
  std::string asked_for;              // tenant
  Shelf shelf;
  std::shared_ptr<Local> held = std::make_shared<Local>(loop);
  Local& local = *held;
  std::shared_ptr<FallbackOptions> options = std::make_shared<FallbackOptions>();
  FallbackLayer layer{server,
                      {loop, shelf,
                       [this](std::string_view name, std::string_view tool,
                              std::string_view tenant) -> std::shared_ptr<core::Handler> {
                         asked_for = tenant;
                         if (std::find(withheld.begin(), withheld.end(), tool) != withheld.end())
                           return nullptr;
                         return name == "mirror" || name == "second" ? mirror : nullptr;
                       },
                       metrics.server("docs"), log},
                      options};
  std::function<void(core::Call&)> prepare = [](core::Call& call) {
    call.target = call.facts.tool = "look";
    call.facts.server = "docs";
    call.cacheable = true;
  };
  std::list<Asked> all;
  base::TaskGroup tasks{loop};
};

Step step(Strategy strategy, std::string server = {}, std::string tool = {}) {
  return {strategy, std::move(server), std::move(tool), {}};
}

TEST(FallbackLayer, AnAnswerOfTheServerIsLeftAlone) {
  World world;
  world.chain({step(Strategy::use_stale_cache)});
  auto const& asked = world.ask();
  EXPECT_NE(asked.text().find("fresh"), std::string::npos);
  EXPECT_EQ(asked.text().find("degraded"), std::string::npos);
  EXPECT_EQ(asked.call->facts.degraded.by, Substitute::none);
  EXPECT_EQ(world.shelf.asked, 0);
}

TEST(FallbackLayer, AStaleCopyStandsInAndSaysSo_F55_R091) {
  World world;
  world.chain({step(Strategy::use_stale_cache)});
  world.server->fails = failure(Fault::connection_lost);
  auto const& asked = world.ask();
  EXPECT_NE(asked.text().find(R"("text":"old")"), std::string::npos);
  EXPECT_NE(
      asked.text().find(R"({"source":"stale","reason":"connection_lost","ageSeconds":90,"server":"docs")"),
      std::string::npos)
      << asked.text();
  EXPECT_EQ(asked.call->facts.degraded.by, Substitute::stale);
  EXPECT_EQ(asked.call->facts.degraded.reason, "connection_lost");
  EXPECT_EQ(asked.call->facts.degraded.age, 90s);
  EXPECT_EQ(world.count("use_stale_cache"), 1);
  EXPECT_EQ(world.metrics.server("docs").degraded_answers.of("stale").value(), 1);
}

TEST(FallbackLayer, StepsAreTriedInOrderUntilOneHasSomething_R096) {
  World world;
  world.shelf.has = false;
  world.local.has = {Strategy::use_default};
  world.chain({step(Strategy::use_stale_cache), step(Strategy::use_local_backup), step(Strategy::use_default),
               step(Strategy::message)});
  world.server->fails = failure(Fault::unavailable);
  auto const& asked = world.ask();
  EXPECT_EQ(world.local.tried, (std::vector<std::string>{"use_local_backup", "use_default"}));
  EXPECT_EQ(asked.call->facts.degraded.by, Substitute::standard);
  EXPECT_EQ(world.missed("use_stale_cache"), 1);
  EXPECT_EQ(world.missed("use_local_backup"), 1);
  EXPECT_EQ(world.missed("use_default"), 0);
  EXPECT_EQ(world.count("use_default"), 1);
}

TEST(FallbackLayer, WithNothingToOfferTheFailureItselfIsTheAnswer_F47) {
  World world;
  world.shelf.has = false;
  world.chain({step(Strategy::use_stale_cache), step(Strategy::server, "mirror")});
  world.server->fails = failure(Fault::connect_failed);
  world.mirror->fails = failure(Fault::protocol);
  auto const& asked = world.ask();
  ASSERT_FALSE(*asked.answer);
  EXPECT_EQ(asked.answer->error().fault, Fault::connect_failed);
  EXPECT_EQ(asked.call->facts.degraded.by, Substitute::none);
}

TEST(FallbackLayer, NoStepOutlivesTheDeadline_T05_F47) {
  World world;
  world.shelf.has = false;
  world.local.takes = 3s;
  world.chain({step(Strategy::use_stale_cache), step(Strategy::server, "mirror"),
               step(Strategy::use_local_backup), step(Strategy::use_default)});
  world.server->takes = world.mirror->takes = 10min;
  auto const& asked = world.ask();
  EXPECT_FALSE(*asked.answer);
  EXPECT_EQ(world.mirror->calls, 1);
  EXPECT_LE(asked.took, 5s + 2 * FallbackLayer::kFileGrace);
  EXPECT_GE(asked.took, 5s);
}

TEST(FallbackLayer, StepsThatWaitForNothingAnswerAtTheDeadlineExactly_T05) {
  World world;
  world.shelf.has = false;
  world.local.has = {Strategy::use_default};
  world.chain(
      {step(Strategy::use_stale_cache), step(Strategy::use_local_backup), step(Strategy::use_default)});
  world.server->takes = 10min;
  EXPECT_EQ(world.ask().took, 5s);
}

TEST(FallbackLayer, OtherServersGetAnEqualPartOfWhatIsLeft) {
  World world;
  world.chain({step(Strategy::server, "mirror"), step(Strategy::server, "second")});
  world.server->takes = 10min;
  world.mirror->takes = 10min;
  auto const& asked = world.ask();
  EXPECT_EQ(world.mirror->calls, 2);
  EXPECT_EQ(asked.took, 5s);
  auto const begun = world.mirror->deadline - 5s;
  EXPECT_EQ(world.server->deadline - begun, base::Duration(5s) / 3);
  EXPECT_FALSE(*asked.answer);
}

TEST(FallbackLayer, AnotherServerMayKnowTheToolByAnotherName) {
  World world;
  world.chain({step(Strategy::server, "mirror", "find")});
  world.server->fails = failure(Fault::breaker_open, base::Retry::always);
  world.mirror->reply = R"({"content":[{"type":"text","text":"theirs"}]})";
  auto const& asked = world.ask();
  EXPECT_EQ(world.mirror->target, "find");
  EXPECT_NE(asked.text().find(R"("text":"theirs")"), std::string::npos);
  EXPECT_NE(asked.text().find(
                R"({"source":"server","reason":"breaker_open","server":"docs","answeredBy":"mirror")"),
            std::string::npos)
      << asked.text();
  EXPECT_EQ(asked.call->facts.degraded.server, "mirror");
}

TEST(FallbackLayer, WhatAnotherServerWithholdsDoesNotStandIn_T56) {
  World world;
  world.chain({step(Strategy::server, "mirror", "find"), step(Strategy::server, "mirror"),
               step(Strategy::use_local_backup)});
  world.server->fails = failure(Fault::breaker_open, base::Retry::always);
  world.local.has = {Strategy::use_local_backup};
  world.withheld = {"find"};  // under the name that the other one has for it
  auto const& asked = world.ask();
  EXPECT_EQ(world.mirror->calls, 1);
  EXPECT_EQ(world.mirror->target, "look");
  EXPECT_EQ(asked.call->facts.degraded.by, Substitute::server);
  world.withheld = {"find", "look"};
  EXPECT_EQ(world.ask().call->facts.degraded.by, Substitute::backup);
  EXPECT_EQ(world.mirror->calls, 1);
}

TEST(FallbackLayer, AnotherServersToolStandsInOnlyForWhomItIsAllowed) {
  auto const answered = [](std::vector<std::string> allowed, std::string const& method = "tools/call") {
    World world;
    world.chain({step(Strategy::server, "mirror", "find")});
    world.server->fails = failure(Fault::breaker_open, base::Retry::always);
    auto const before = world.prepare;
    world.prepare = [&, before](core::Call& call) {
      before(call);
      if (method != "tools/call") call.facts.tool.clear();
      std::vector<core::AccessRule> rules;
      rules.push_back({"*", std::move(allowed), {}, {}});
      call.access = std::make_shared<core::AccessRules const>(std::move(rules));
    };
    auto const params = method == "tools/call" ? R"({"name":"look"})" : R"({"uri":"file:///a"})";
    bool const good = world.ask(method, params).answer->has_value();
    EXPECT_EQ(world.mirror->calls, good ? 1 : 0);
    return good;
  };
  EXPECT_TRUE(answered({"docs.*", "mirror.find"}));
  EXPECT_FALSE(answered({"docs.*", "mirror.look"}));
  EXPECT_FALSE(answered({"docs.*"}));
  EXPECT_TRUE(answered({"docs.*", "mirror.find"}, "resources/read"));
  EXPECT_FALSE(answered({"docs.*"}, "resources/read"));
}

TEST(FallbackLayer, AnotherServerStandsInOnlyForTokensThatAreForItToo) {
  auto const answered = [](std::vector<std::string> endpoints, std::string const& method = "tools/call") {
    World world;
    world.chain({step(Strategy::server, "mirror")});
    world.server->fails = failure(Fault::breaker_open, base::Retry::always);
    core::Principal const principal{"sub:i|ann", "jwt",  {}, "digest",
                                    "ann",       "acme", {}, std::move(endpoints)};
    auto const before = world.prepare;
    world.prepare = [&, before](core::Call& call) {
      before(call);
      call.principal = &principal;
      if (method != "tools/call") call.facts.tool.clear();
    };
    auto const params = method == "tools/call" ? R"({"name":"look"})" : R"({"uri":"file:///a"})";
    bool const good = world.ask(method, params).answer->has_value();
    EXPECT_EQ(world.mirror->calls, good ? 1 : 0);
    EXPECT_EQ(world.asked_for, "acme") << "what is withheld is another question for each tenant";
    return good;
  };
  for (auto const* const method : {"tools/call", "resources/read"}) {
    EXPECT_TRUE(answered({}, method)) << "for the gateway";
    EXPECT_TRUE(answered({"docs", "mirror"}, method));
    EXPECT_FALSE(answered({"docs"}, method));
  }
}

TEST(FallbackLayer, AToolsErrorOfAnotherServerIsNoAnswer) {
  World world;
  world.chain({step(Strategy::server, "mirror")});
  world.server->fails = failure(Fault::connection_lost);
  world.mirror->reply = R"({"content":[],"isError":true})";
  EXPECT_FALSE(*world.ask().answer);
}

TEST(FallbackLayer, AQuestionOrATaskOfAnotherServerIsNoAnswer) {
  for (auto const* const reply :
       {R"({"resultType":"input_required","inputRequests":{}})", R"({"resultType":"task","taskId":"7"})"}) {
    World world;
    world.chain({step(Strategy::server, "mirror")});
    world.server->fails = failure(Fault::connect_failed, base::Retry::always);
    world.mirror->reply = reply;
    EXPECT_FALSE(*world.ask().answer) << reply;
    EXPECT_EQ(world.mirror->calls, 1) << reply;
  }
}

TEST(FallbackLayer, AnAnswerWithoutWhatTheToolPromisedIsNone) {
  World world;
  world.chain({step(Strategy::server, "mirror")});
  world.server->fails = failure(Fault::connect_failed, base::Retry::always);
  auto const plain = world.prepare;
  world.prepare = [plain](core::Call& call) {
    plain(call);
    call.structured_output = true;
  };
  EXPECT_FALSE(*world.ask().answer);
  world.mirror->reply = R"({"content":[],"structuredContent":{"a":1}})";
  EXPECT_TRUE(*world.ask().answer);
}

TEST(FallbackLayer, TasksAndCallsInTheMiddleOfTheirRoundsAreOfTheirOwnServerOnly) {
  World world;
  world.chain({step(Strategy::server, "mirror")});
  world.server->fails = failure(Fault::connect_failed, base::Retry::always);
  EXPECT_FALSE(*world.ask("tasks/get").answer);
  EXPECT_FALSE(*world.ask("tools/call", R"({"name":"look","requestState":"s"})").answer);
  EXPECT_EQ(world.mirror->calls, 0);
  EXPECT_TRUE(*world.ask("tools/call").answer);
  EXPECT_FALSE(world.mirror->cacheable);  // the other's own rules say so, or nobody does
}

TEST(FallbackLayer, WhatMayHaveBeenExecutedIsNotExecutedElsewhere_F53) {
  World world;
  world.chain({step(Strategy::server, "mirror")});
  world.prepare = [](core::Call& call) { call.target = "pay"; };
  world.server->fails = failure(Fault::connection_lost, base::Retry::never);
  EXPECT_FALSE(*world.ask().answer);
  EXPECT_EQ(world.mirror->calls, 0);
  world.server->fails = failure(Fault::connect_failed, base::Retry::always);
  EXPECT_TRUE(*world.ask().answer);
  EXPECT_EQ(world.mirror->calls, 1);
}

// What the router knows of a call to a server that never came up: no more than its name.
void give_up(World& world) {
  world.prepare = [](core::Call& call) {
    call.target = "look";
    call.facts.server = "docs";
    call.given_up = std::make_shared<Error const>(failure(Fault::unavailable, base::Retry::always));
  };
}

TEST(FallbackLayer, WhatTheRouterGaveUpIsAskedOfOthersOnly_R096) {
  World world;
  give_up(world);
  world.local.has = {Strategy::use_default};
  world.chain({step(Strategy::server, "mirror"), step(Strategy::use_default)});
  auto const& asked = world.ask();
  ASSERT_TRUE(*asked.answer);
  EXPECT_EQ(asked.call->facts.degraded.by, Substitute::server);
  EXPECT_EQ(asked.call->facts.degraded.reason, "unavailable");
  EXPECT_EQ(world.mirror->target, "look");
  world.withheld = {"look"};
  EXPECT_EQ(world.ask().call->facts.degraded.by, Substitute::standard);
  EXPECT_EQ(world.mirror->calls, 1);
  world.chain({});
  auto const& nothing = world.ask();
  ASSERT_FALSE(*nothing.answer);
  EXPECT_EQ(nothing.answer->error().fault, Fault::unavailable);
  EXPECT_EQ(world.server->calls, 0);
}

TEST(FallbackLayer, NothingStandsInForAnUpdateThatTheRouterGaveUp) {
  World world;
  give_up(world);
  world.shelf.updating = true;  // nobody but the operator knows
  world.chain({step(Strategy::server, "mirror"), step(Strategy::use_default)});
  EXPECT_FALSE(*world.ask().answer);
  EXPECT_EQ(world.mirror->calls, 0);
}

TEST(FallbackLayer, NothingStandsInForACallThatChangesSomething) {
  for (bool const by_rule : {true, false}) {
    World world;
    world.local.has = {Strategy::use_default};
    world.chain({step(Strategy::use_stale_cache), step(Strategy::use_default)});
    world.prepare = [by_rule](core::Call& call) { (by_rule ? call.updates : call.says_writes) = true; };
    world.server->fails = failure(Fault::timed_out);
    EXPECT_FALSE(*world.ask().answer);
  }
}

TEST(FallbackLayer, AuthorizationAndMistakesOfCallersNeverTurnIntoData_F46) {
  Error const refusals[] = {Error(Fault::unavailable, Blame::gateway, "HTTP 401").about("docs"),
                            Error(Fault::refused, Blame::upstream, "HTTP 400").about("docs"),
                            Error(Fault::denied, Blame::gateway, ""),
                            Error(Fault::invalid_input, Blame::client, ""),
                            Error(Fault::limited, Blame::gateway, "")};
  for (auto const& refusal : refusals) {
    World world;
    world.chain({step(Strategy::use_stale_cache)});
    world.server->fails = refusal;
    EXPECT_FALSE(*world.ask().answer) << refusal.detail;
    EXPECT_EQ(world.shelf.asked, 0);
  }
}

TEST(FallbackLayer, AnAnswerThatStandsInIsNotStoodInForAgain) {
  World world;
  world.chain({step(Strategy::use_stale_cache)});
  world.prepare = [&](core::Call& call) {
    call.answers_failure = true;
    call.deadline = world.loop.now() + 1s;
  };
  world.server->takes = 10min;
  auto const& asked = world.ask();
  EXPECT_EQ(world.shelf.asked, 0);
  EXPECT_EQ(asked.took, 1s) << "its deadline is not moved";
}

TEST(FallbackLayer, AToolMayHaveItsOwnTimeAndChain) {
  World world;
  world.chain({step(Strategy::use_stale_cache)});
  Declared none;
  none.chain.emplace();
  world.options->tools = {{"look*", 2s, FallbackPlan(none)}, {"*", 9s, std::nullopt}};
  world.server->takes = 10min;
  auto const& asked = world.ask();
  EXPECT_EQ(asked.took, 2s);
  EXPECT_FALSE(*asked.answer);
  EXPECT_TRUE(*world.ask("resources/read").answer) << "tools' rules are for tools";
}

}  // namespace
}  // namespace weir::fallback
