#include "cache/fetch_layer.hpp"

#include "cache/cache_world_test.hpp"

namespace weir::cache {
namespace {

using core::CacheUse;

base::Error lost() {
  return {base::Fault::connection_lost, base::Blame::upstream, "the server was killed",
          base::Retry::if_idempotent};
}

TEST(FetchLayer, TenThousandCallersOfAColdEntryAreOneCall_T19) {
  CacheWorld world;
  world.origin->takes = 1s;
  for (int i = 0; i < 10'000; ++i) world.look_up("{}", "anonymous", i % 2 == 0 ? nullptr : &world.far);
  world.run(1s);
  EXPECT_EQ(world.origin->calls, 1U);
  for (auto const& caller : world.callers) {
    ASSERT_TRUE(caller.answer && *caller.answer);
    ASSERT_NE(caller.result().find(R"("n":1)"), std::string::npos);
  }
  EXPECT_EQ(world.server().cache_coalesced.value(), 9'999);
  EXPECT_EQ(world.home->in_flight(), 0U);
}

TEST(FetchLayer, TheDeathOfTheFirstFetchMakesOneOfThoseWhoWaitFetch_T19) {
  CacheWorld world;
  world.origin->takes = 1s;
  world.origin->reply = [](unsigned number, core::Call&) -> Answer {
    if (number == 1) return lost();
    return core::from_result(R"({"n":2})");
  };
  for (int i = 0; i < 10'000; ++i) world.look_up("{}");
  world.run(2s);
  EXPECT_EQ(world.origin->calls, 2U);
  int failed = 0;
  for (auto const& caller : world.callers) failed += caller.failed() ? 1 : 0;
  EXPECT_EQ(failed, 1);  // the one whose fetch it was
}

TEST(FetchLayer, TriesNoMoreThanTwiceForThoseWhoWait) {
  CacheWorld world;
  world.origin->takes = 1s;
  world.origin->reply = [](unsigned, core::Call&) -> Answer { return lost(); };
  for (int i = 0; i < 100; ++i) world.look_up("{}");
  world.run(10s);
  EXPECT_EQ(world.origin->calls, 2U);
  for (auto const& caller : world.callers) EXPECT_TRUE(caller.failed());
}

TEST(FetchLayer, GoesOnWithoutTheCallerWhoBeganIt_T19) {
  CacheWorld world;
  world.origin->takes = 1s;
  world.look_up("{}");
  auto& other = world.look_up("{}");
  world.run(500ms);
  world.drop(0);
  world.run(500ms);
  EXPECT_EQ(world.origin->calls, 1U);
  EXPECT_TRUE(other.answer && *other.answer);
}

TEST(FetchLayer, EndsTheFetchWhenNobodyWaitsAnyMore) {
  CacheWorld world;
  world.origin->takes = 1s;
  world.look_up("{}");
  world.look_up("{}");
  world.run(500ms);
  EXPECT_EQ(world.origin->inside, 1);
  world.drop(0);
  world.run();
  EXPECT_EQ(world.origin->inside, 1);
  world.drop(1);
  world.run();
  EXPECT_EQ(world.origin->inside, 0);
  EXPECT_EQ(world.home->in_flight(), 0U);
}

TEST(FetchLayer, GivesEachCallerItsOwnTime) {
  CacheWorld world;
  world.origin->takes = 8s;
  world.look_up("{}");
  world.run(4s);
  auto& late = world.look_up("{}");
  world.run(4s);
  EXPECT_TRUE(late.answer && *late.answer);  // 4 s of its own 5 s
  world.look_up(R"({"q":2})");
  world.run(1s);
  auto& too_late = world.look_up(R"({"q":2})");
  world.run(5s);
  ASSERT_TRUE(too_late.failed());
  EXPECT_EQ(too_late.answer->error().fault, base::Fault::timed_out);
}

TEST(FetchLayer, SharesAnAnswerThatIsNotKept) {
  CacheWorld world;
  world.origin->takes = 1s;
  world.origin->reply = [](unsigned, core::Call&) -> Answer {
    return core::from_result(R"({"content":[],"isError":true})");
  };
  for (int i = 0; i < 5; ++i) world.look_up("{}");
  world.run(1s);
  EXPECT_EQ(world.origin->calls, 1U);
  for (auto const& caller : world.callers) EXPECT_NE(caller.result().find("isError"), std::string::npos);
}

TEST(FetchLayer, GivesAQuestionToTheCallerWhoseCallItIsOnly_P090) {
  CacheWorld world;
  world.origin->takes = 1s;
  world.origin->reply = [](unsigned number, core::Call&) -> Answer {
    return core::from_result(R"({"resultType":"input_required","inputRequests":{},"requestState":")" +
                             std::to_string(number) + R"("})");
  };
  for (int i = 0; i < 3; ++i) world.look_up("{}");
  world.run(3s);
  EXPECT_EQ(world.origin->calls, 3U);
  std::set<std::string> states;
  for (auto const& caller : world.callers) states.insert(caller.result());
  EXPECT_EQ(states.size(), 3U);
  EXPECT_EQ(world.cache.table().size(), 0U);
}

TEST(FetchLayer, PassesProgressToTheCallerWhoBeganIt) {
  CacheWorld world;
  world.origin->takes = 1s;
  struct Told {
    static base::Task<void> tell(core::Call& call) {
      for (int i = 0; i < 3; ++i) co_await call.client->notify("note " + std::to_string(i));
    }
  };
  base::TaskGroup telling(world.loop);
  world.origin->before_answer = [&](core::Call& call) { telling.spawn(Told::tell(call)); };
  world.look_up("{}");
  world.look_up("{}");
  world.run(2s);
  EXPECT_EQ(world.sink.seen, (std::vector<std::string>{"note 0", "note 1", "note 2"}));
}

TEST(FetchLayer, ProgressMovesTheDeadlineOfTheCallerWhoBeganIt_R110) {
  CacheWorld world;
  world.origin->reply = [](unsigned, core::Call&) -> Answer {
    return base::Error(base::Fault::connection_lost, base::Blame::upstream, "test");
  };
  auto moved = base::TimePoint{};
  world.origin->before_answer = [&](core::Call& call) { moved = call.deadline += 20s; };
  auto& caller = world.look_up("{}");
  world.run();
  EXPECT_TRUE(caller.failed());
  EXPECT_EQ(caller.call->deadline, moved);
}

TEST(FetchLayer, LetsNobodyJoinAFetchThatBeganBeforeAnUpdate_F35) {
  CacheWorld world;
  world.origin->takes = 1s;
  world.look_up("{}");
  world.run(500ms);
  world.cache.invalidate({"docs", "", "", ""}, false, Cause::update);
  auto& after = world.look_up("{}");
  world.run(2s);
  EXPECT_EQ(world.origin->calls, 2U);
  EXPECT_NE(after.result().find(R"("n":2)"), std::string::npos);
  auto& later = world.look_up("{}");
  world.run();
  EXPECT_NE(later.result().find(R"("n":2)"), std::string::npos);
}

// The slow fetch lands after the one that began after the update, and must not hide it.
TEST(FetchLayer, KeepsNothingOldForNewCallers_F35) {
  CacheWorld world;
  world.origin->takes = 3s;
  world.look_up("{}");
  world.run(1s);
  world.cache.invalidate({"docs", "", "", ""}, false, Cause::update);
  world.origin->takes = 0s;
  auto& fresh = world.look_up("{}");
  world.run(3s);
  EXPECT_NE(fresh.result().find(R"("n":2)"), std::string::npos);
  auto& later = world.look_up("{}");
  world.run();
  EXPECT_EQ(later.result().find(R"("n":1)"), std::string::npos);
}

TEST(FetchLayer, RefusesWhoIsOneTooMany) {
  CacheWorld world;
  FetchLayer small(world.origin, world.loop, world.random, world.cache, world.server(), {5s, 2});
  world.origin->takes = 1s;
  CacheLayer front(std::shared_ptr<core::Handler>(&small, [](core::Handler*) {}), world.loop, world.random,
                   world.cache, world.server(), world.policy());
  for (int i = 0; i < 3; ++i) world.look_up("{}", "anonymous", &front);
  world.run(1s);
  EXPECT_TRUE(*world.callers.front().answer);
  ASSERT_TRUE(world.callers.back().failed());
  EXPECT_EQ(world.callers.back().answer->error().fault, base::Fault::busy);
}

}  // namespace
}  // namespace weir::cache
