#include "cache/cache_layer.hpp"

#include "cache/cache_world_test.hpp"

namespace weir::cache {
namespace {

using core::CacheUse;

TEST(CacheLayer, AsksTheServerOnceForEqualCalls_R080) {
  CacheWorld world;
  auto& first = world.look_up();
  auto& second = world.look_up(R"({ "q" : "a" })");
  world.run();
  EXPECT_EQ(world.origin->calls, 1U);
  EXPECT_EQ(first.use(), CacheUse::miss);
  EXPECT_EQ(second.use(), CacheUse::hit);
  EXPECT_NE(second.result().find(R"("n":1)"), std::string::npos);
  EXPECT_EQ(world.server().cache_hits.value(), 1);
  EXPECT_EQ(world.server().cache_misses.value(), 1);
}

TEST(CacheLayer, AsksForEachDifferentQuestion_P093) {
  CacheWorld world;
  world.look_up(R"({"q":"a"})");
  world.look_up(R"({"q":"b"})");
  world.run();
  EXPECT_EQ(world.origin->calls, 2U);
}

TEST(CacheLayer, LetsOtherCallsPass_F40) {
  CacheWorld world;
  auto& one = world.ask("tools/call", "other", R"({"name":"other"})");
  world.ask("tools/call", "other", R"({"name":"other"})");
  world.run();
  EXPECT_EQ(world.origin->calls, 2U);
  EXPECT_EQ(one.use(), CacheUse::none);
  EXPECT_EQ(world.server().cache_misses.value(), 0);
}

TEST(CacheLayer, NeverGivesOneCallersAnswerToAnother_T22) {
  CacheWorld world;
  world.origin->reply = [](unsigned, core::Call& call) -> Answer {
    return core::from_result(R"({"whose":")" + call.principal->id + R"("})");
  };
  for (int round = 0; round < 3; ++round) {
    for (auto const* const who : {"key:a", "key:b", "anonymous"}) {
      auto& caller = world.look_up(R"({"q":"a"})", who);
      world.run();
      EXPECT_NE(caller.result().find("\"whose\":\"" + std::string(who) + '"'), std::string::npos);
    }
  }
  EXPECT_EQ(world.origin->calls, 3U);
}

TEST(CacheLayer, SharesWhatTheOperatorCallsPublic) {
  auto rules = CacheWorld::tools_rules();
  rules.operations[0].shared = true;
  CacheWorld world(rules);
  world.look_up(R"({"q":"a"})", "key:a");
  world.run();
  world.look_up(R"({"q":"a"})", "key:b");
  world.run();
  EXPECT_EQ(world.origin->calls, 1U);
}

TEST(CacheLayer, SharesWhatTheServerCallsPublicAndNothingElse) {
  CacheWorld world;
  world.origin->reply = [](unsigned number, core::Call& call) -> Answer {
    bool const open = call.target == "a:open";
    return core::from_result(std::string(R"({"resultType":"complete","ttlMs":60000,"cacheScope":")") +
                             (open ? "public" : "private") + R"(","n":)" + std::to_string(number) + '}');
  };
  for (auto const* const who : {"key:a", "key:b"}) {
    world.read("a:open", who);
    world.run();
    world.read("a:closed", who);
    world.run();
  }
  EXPECT_EQ(world.origin->seen, (std::vector<std::string>{"key:a", "key:a", "key:b"}));
}

TEST(CacheLayer, AsksAgainWhenTheTimeIsOver_R071) {
  auto rules = CacheWorld::tools_rules();
  rules.stale_while_revalidate = 0s;
  CacheWorld world(rules);
  world.look_up();
  world.run(53s);  // jitter: 54 to 66 s
  EXPECT_EQ(world.look_up().use(), CacheUse::hit);
  world.run(14s);
  auto& later = world.look_up();
  world.run();
  EXPECT_EQ(later.use(), CacheUse::miss);
  EXPECT_EQ(world.origin->calls, 2U);
}

TEST(CacheLayer, StaysInMemoryNoLongerThanConfigured_R071) {
  auto rules = CacheWorld::tools_rules();
  rules.ttl = 1h;
  CacheWorld world(rules);
  world.look_up();
  world.run(299s);
  EXPECT_EQ(world.look_up().use(), CacheUse::hit);
  world.run(1s);
  auto& later = world.look_up();
  world.run();
  EXPECT_EQ(later.use(), CacheUse::miss);
}

TEST(CacheLayer, ServesAStaleCopyWhileItFetchesANewOne) {
  auto rules = CacheWorld::tools_rules();
  rules.stale_while_revalidate = 30s;
  CacheWorld world(rules);
  world.origin->takes = 1s;
  world.look_up();
  world.run(70s);
  auto& stale = world.look_up();
  auto& another = world.look_up();
  world.run();
  EXPECT_EQ(stale.use(), CacheUse::stale);
  EXPECT_EQ(another.use(), CacheUse::stale);
  EXPECT_NE(stale.result().find(R"("status":"stale")"), std::string::npos);
  world.run(2s);
  EXPECT_EQ(world.origin->calls, 2U);
  auto& renewed = world.look_up();
  world.run();
  EXPECT_EQ(renewed.use(), CacheUse::hit);
  EXPECT_NE(renewed.result().find(R"("n":2)"), std::string::npos);
  EXPECT_EQ(world.server().cache_stale_hits.value(), 2);
  EXPECT_EQ(world.server().cache_misses.value(), 3);
  EXPECT_EQ(world.server().cache_hits.value(), 1);
}

TEST(CacheLayer, ARenewalHasATimeOfItsOwnFromTheBeginningAndMayBeRepeated) {
  auto rules = CacheWorld::tools_rules();
  rules.stale_while_revalidate = 30s;
  CacheWorld world(rules);
  world.look_up();
  world.run(70s);
  bool looked = false;
  world.origin->before_answer = [&](core::Call& call) {
    looked = true;
    EXPECT_TRUE(call.background);
    EXPECT_TRUE(call.cacheable);
    EXPECT_EQ(call.extend_by, FetchOptions{}.call);
    EXPECT_EQ(call.deadline, world.loop.now() + FetchOptions{}.call);
  };
  world.look_up();
  world.run();
  EXPECT_TRUE(looked);
}

TEST(CacheLayer, DoesNotRenewWhileTheProcessHasTooMuchToDo) {
  auto rules = CacheWorld::tools_rules();
  rules.stale_while_revalidate = 30s;
  CacheWorld world(rules);
  bool overrun = true;
  CacheLayer front(world.home, world.loop, world.random, world.cache, world.server(), world.policy(),
                   [&overrun] { return overrun; });
  world.look_up(R"({"q":"a"})", "anonymous", &front);
  world.run(70s);
  world.look_up(R"({"q":"a"})", "anonymous", &front);
  world.run();
  EXPECT_EQ(world.origin->calls, 1U) << "the stale one is served all the same";
  EXPECT_EQ(world.server().calls_shed.of("overload").value(), 1);
  overrun = false;
  world.look_up(R"({"q":"a"})", "anonymous", &front);
  world.run();
  EXPECT_EQ(world.origin->calls, 2U);
}

TEST(CacheLayer, RenewsABusyEntryBeforeItEndsWithoutMakingAnybodyWait_T21) {
  CacheWorld world;
  world.origin->takes = 1s;
  world.look_up();
  world.run(1s);
  for (int i = 0; i < 30'000; ++i) {  // five minutes, a hundred callers a second
    auto& caller = world.look_up();
    world.run(10ms);
    ASSERT_EQ(caller.use(), CacheUse::hit) << i;
    world.callers.pop_back();
    world.groups.pop_back();
  }
  EXPECT_GE(world.origin->calls, 5U);
  EXPECT_LE(world.origin->calls, 8U);  // at most 1.2 for each period of 60 s, give or take the jitter
}

TEST(CacheLayer, NoticesAnUpdateWhenItEndsWell_R083) {
  CacheWorld world;
  world.look_up();
  world.run();
  world.write();
  world.run();
  auto& after = world.look_up();
  world.run();
  EXPECT_EQ(after.use(), CacheUse::miss);
  EXPECT_EQ(world.metrics.gateway().cache.invalidations.of("update").value(), 1);
}

TEST(CacheLayer, NoticesAnUpdateOfWhichNobodyKnowsTheEnd_F36) {
  for (auto const retry : {base::Retry::never, base::Retry::if_idempotent}) {
    CacheWorld world;
    world.look_up();
    world.run();
    world.origin->reply = [retry](unsigned, core::Call&) -> Answer {
      return base::Error(base::Fault::connection_lost, base::Blame::upstream, "reset", retry);
    };
    world.write();
    world.run();
    world.look_up();
    world.run();
    EXPECT_EQ(world.origin->calls, 3U);
  }
}

TEST(CacheLayer, NoticesAnUpdateWhoseCallerLeft_F36) {
  CacheWorld world;
  world.look_up();
  world.run();
  world.origin->takes = 1s;
  world.write();
  world.run(500ms);
  world.drop(1);
  world.look_up();
  world.run(2s);
  EXPECT_EQ(world.origin->calls, 3U);
}

// It may have been executed only after its caller gave up.
TEST(CacheLayer, InvalidatesOnceMoreWhereNobodyKnowsTheEndOfAnUpdate_F36) {
  CacheWorld world;
  auto const answer = world.origin->reply;
  world.origin->reply = [](unsigned, core::Call&) -> Answer {
    return base::Error(base::Fault::timed_out, base::Blame::upstream, "late", base::Retry::if_idempotent);
  };
  world.write();
  world.run();
  world.origin->reply = answer;
  world.look_up();
  world.run(29s);
  EXPECT_EQ(world.look_up().use(), CacheUse::hit);
  world.run(1s);
  auto& after = world.look_up();
  world.run();
  EXPECT_EQ(after.use(), CacheUse::miss);
}

TEST(CacheLayer, DoesNotAskAFailingServerForEachStaleCopy) {
  auto rules = CacheWorld::tools_rules();
  rules.stale_while_revalidate = 60s;
  CacheWorld world(rules);
  world.look_up();
  world.run(70s);
  world.origin->reply = [](unsigned, core::Call&) -> Answer {
    return base::Error(base::Fault::connect_failed, base::Blame::upstream, "refused", base::Retry::always);
  };
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(world.look_up().use(), CacheUse::stale);
    world.run(1ms);
  }
  EXPECT_EQ(world.origin->calls, 2U);  // a second has not passed
  world.run(1s);
  world.look_up();
  world.run();
  EXPECT_EQ(world.origin->calls, 3U);
}

TEST(CacheLayer, KeepsWhatAnUpdateThatWasNeverSentCannotHaveChanged) {
  CacheWorld world;
  world.look_up();
  world.run();
  world.origin->reply = [](unsigned, core::Call&) -> Answer {
    return base::Error(base::Fault::connect_failed, base::Blame::upstream, "refused", base::Retry::always);
  };
  world.write();
  world.run();
  EXPECT_EQ(world.look_up().use(), CacheUse::hit);
}

TEST(CacheLayer, InvalidatesOneResource) {
  auto rules = CacheWorld::tools_rules();
  rules.ttl = 100s;
  CacheWorld world(rules);
  world.origin->reply = [](unsigned, core::Call&) -> Answer {
    return core::from_result(R"({"contents":[]})");
  };
  world.read("a:1");
  world.read("a:2");
  world.run();
  world.cache.invalidate({"docs", "", "a:1", ""}, false, Cause::notify);
  auto& changed = world.read("a:1");
  auto& other = world.read("a:2");
  world.run();
  EXPECT_EQ(changed.use(), CacheUse::miss);
  EXPECT_EQ(other.use(), CacheUse::hit);
}

TEST(CacheLayer, RemembersForAMomentThatAResourceIsNotThere) {
  CacheWorld world;
  world.origin->reply = [](unsigned, core::Call&) -> Answer { return core::from_error(-32002, "not found"); };
  world.read("a:1");
  world.run();
  auto& again = world.read("a:1");
  world.run();
  EXPECT_EQ(world.origin->calls, 1U);
  EXPECT_NE(again.result().find("-32002"), std::string::npos);
  world.run(5s);
  world.read("a:1");
  world.run();
  EXPECT_EQ(world.origin->calls, 2U);
}

TEST(CacheLayer, RemembersNoOtherError_F40) {
  CacheWorld world;
  world.origin->reply = [](unsigned number, core::Call&) -> Answer {
    if (number % 2 == 0) return core::from_result(R"({"content":[],"isError":true})");
    return core::from_error(-32603, "broken");
  };
  for (int i = 0; i < 4; ++i) {
    world.look_up();
    world.run();
  }
  EXPECT_EQ(world.origin->calls, 4U);
  EXPECT_EQ(world.cache.table().size(), 0U);
}

TEST(CacheLayer, FetchesForAClientThatWantsNoCopyAndKeepsTheAnswer) {
  CacheWorld world;
  world.look_up();
  world.run();
  world.fresh_only = true;
  auto& wanted = world.look_up();
  world.run();
  EXPECT_EQ(wanted.use(), CacheUse::bypass);
  world.fresh_only = false;
  auto& after = world.look_up();
  world.run();
  EXPECT_NE(after.result().find(R"("n":2)"), std::string::npos);
}

}  // namespace
}  // namespace weir::cache
