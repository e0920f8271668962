#include <map>

#include "cache/cache_world_test.hpp"

// What is still kept of the answer to a call whose server has failed (R-097, C-3).
namespace weir::cache {
namespace {

using base::Blame;
using base::Error;
using base::Fault;
using core::CacheUse;

Answer down(unsigned, core::Call&) {
  return Error(Fault::timed_out, Blame::upstream, "no answer within the deadline").about("docs");
}

struct MapStore final : store::Store {
  std::uint64_t sequence() const noexcept override { return 0; }
  base::Task<std::optional<store::Found>> get(base::Scheduler&, store::StoreKey key) override {
    ++asked;
    auto const found = kept.find(key.text());
    if (found == kept.end()) co_return std::nullopt;
    co_return store::Found{found->second, outdated};
  }
  void put(store::StoreKey key, store::StoredAnswer answer) override { kept[key.text()] = std::move(answer); }
  void invalidate(store::Selection, bool) override { outdated = true; }
  base::Task<std::optional<std::uint64_t>> count(base::Scheduler&, store::Selection) override {
    co_return std::nullopt;
  }
  store::StoreStatus status() const override { return {}; }
  void set_limits(store::StoreLimits) override {}
  void hear(store::StoreObserver*) override {}
  void stop(base::Duration) override {}
  std::map<std::string, store::StoredAnswer> kept;
  bool outdated = false;
  int asked = 0;
};

struct StaleWorld : CacheWorld {
  explicit StaleWorld(store::Store* store = nullptr) : CacheWorld(tools_rules(), store) {
    copy_wanted = true;
  }
  // Asks once the server is down.
  Caller& after(base::Duration wait, std::string const& who = "anonymous") {
    origin->reply = down;
    run(wait);
    auto& caller = look_up(R"({"q":"a"})", who);
    run();
    EXPECT_TRUE(caller.failed());
    return caller;
  }
  std::string copy_of(Caller& caller) {
    auto const copy = near.copy_for(*caller.call);
    if (!copy) return {};
    std::string text;
    copy->edits.append_to(text);
    return text;
  }
};

TEST(StaleCopy, IsHandedOutWithItsAgeAndCountsAsAStaleHit_F55) {
  StaleWorld world;
  world.look_up();
  world.run();
  auto& late = world.after(90s);
  auto const copy = world.copy_of(late);
  EXPECT_NE(copy.find(R"("n":1)"), std::string::npos) << copy;
  EXPECT_NE(copy.find(R"("status":"stale")"), std::string::npos) << copy;
  EXPECT_EQ(late.use(), CacheUse::stale);
  EXPECT_EQ(late.call->facts.cache.age, 90s);
  EXPECT_EQ(world.server().cache_misses.value(), 2);
  EXPECT_EQ(world.server().cache_stale_hits.value(), 1);
  EXPECT_EQ(world.copy_of(late), "") << "asked once, given once";
}

TEST(StaleCopy, IsNeverAnotherCallers_T22) {
  StaleWorld world;
  world.look_up(R"({"q":"a"})", "key:a");
  world.run();
  EXPECT_EQ(world.copy_of(world.after(90s, "key:b")), "");
  EXPECT_NE(world.copy_of(world.after(0s, "key:a")), "");
}

TEST(StaleCopy, EndsAtTheOperatorsLimit_C3) {
  for (auto const& [most, wait, given] :
       {std::tuple{70s, 69s, true}, std::tuple{70s, 70s, false}, std::tuple{100s, 70s, true}}) {
    auto rules = CacheWorld::tools_rules();
    rules.stale_max = most;
    StaleWorld world;
    world.rules = rules;
    world.near.set_policy(world.policy());
    world.look_up();
    world.run();
    EXPECT_EQ(!world.copy_of(world.after(wait)).empty(), given) << most.count() << " " << wait.count();
  }
}

TEST(StaleCopy, OfTheStoreIsTakenWhenMemoryHasNone) {
  MapStore store;
  StaleWorld world(&store);
  world.look_up();
  world.run();
  ASSERT_EQ(store.kept.size(), 1U);
  auto& late = world.after(400s);  // longer than the stay in memory
  while (world.cache.expire(world.loop.now(), 100) > 0) {
  }
  EXPECT_NE(world.copy_of(late).find(R"("n":1)"), std::string::npos);
  EXPECT_EQ(late.call->facts.cache.tier, "store");
  EXPECT_EQ(late.call->facts.cache.age, 400s);
}

TEST(StaleCopy, OfTheStoreIsNotUsedOncePurged) {
  MapStore store;
  StaleWorld world(&store);
  world.look_up();
  world.run();
  auto& late = world.after(400s);
  while (world.cache.expire(world.loop.now(), 100) > 0) {
  }
  world.cache.invalidate({"docs", "", "", ""}, true, Cause::manual);  // before it is asked for
  EXPECT_EQ(world.copy_of(late), "");
}

TEST(StaleCopy, IsUsedThoughItWasInvalidated_F36) {
  MapStore store;
  StaleWorld world(&store);
  world.look_up();
  world.run();
  world.cache.invalidate({"docs", "", "", ""}, false, Cause::manual);
  EXPECT_NE(world.copy_of(world.after(1s)), "");
}

TEST(StaleCopy, IsNotForThoseWhoWantNone) {
  StaleWorld world;
  world.look_up();
  world.run();
  world.fresh_only = true;
  EXPECT_EQ(world.copy_of(world.after(90s)), "");
  world.fresh_only = false;
  world.copy_wanted = false;
  EXPECT_EQ(world.copy_of(world.after(0s)), "");
}

TEST(StaleCopy, IsForThoseTooWhoWaitedForAnothersFetch) {
  MapStore store;
  StaleWorld world(&store);
  world.look_up();
  world.run(400s);
  while (world.cache.expire(world.loop.now(), 100) > 0) {
  }
  world.origin->takes = 10s;
  world.origin->reply = down;
  auto& leader = world.look_up();
  auto& follower = world.look_up();
  world.run(30s);
  ASSERT_TRUE(leader.failed() && follower.failed());
  EXPECT_NE(world.copy_of(leader), "");
  EXPECT_NE(world.copy_of(follower), "");
}

}  // namespace
}  // namespace weir::cache
