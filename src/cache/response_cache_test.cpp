#include "cache/response_cache.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "cache/cache_world_test.hpp"

namespace weir::cache {
namespace {

bool long_run() {
  char const* const tier = std::getenv("WEIR_TEST_TIER");
  return tier != nullptr && std::string_view(tier) == "long";
}

// A second tier that is told what to say, and remembers what it was told.
struct ToldStore final : store::Store {
  std::uint64_t sequence() const noexcept override { return marks.latest(); }
  base::Task<std::optional<store::Found>> get(base::Scheduler& here, store::StoreKey key) override {
    ++gets;
    if (slow > base::Duration::zero()) co_await here.sleep_for(slow);
    auto const found = kept.find(base::hex_of(key.digest));
    if (found == kept.end()) co_return std::nullopt;
    auto const verdict = marks.judge(key.labels, found->second.born);
    if (verdict == store::Verdict::gone) co_return std::nullopt;
    co_return store::Found{found->second, verdict == store::Verdict::outdated};
  }
  void put(store::StoreKey key, store::StoredAnswer answer) override {
    labels.push_back(key.labels);
    kept[base::hex_of(key.digest)] = std::move(answer);
  }
  void invalidate(store::Selection what, bool gone) override { marks.add(std::move(what), gone); }
  base::Task<std::optional<std::uint64_t>> count(base::Scheduler&, store::Selection) override { co_return 0; }
  store::StoreStatus status() const override { return {}; }
  void set_limits(store::StoreLimits) override {}
  void hear(store::StoreObserver* who) override { observer = who; }
  void stop(base::Duration) override {}

  std::map<std::string, store::StoredAnswer> kept;
  std::vector<store::Labels> labels;
  store::MarkBook marks;
  store::StoreObserver* observer = nullptr;
  base::Duration slow{};
  int gets = 0;
};

CacheOrder order_of(std::uint64_t number, std::string const& server = "docs") {
  CacheOrder order;
  order.own = {number * 0x9e3779b97f4a7c15U, number};
  order.labels = {server, "look_up", "", "a1"};
  return order;
}

// T-25. Nothing is visited: the table is as large afterwards as before, and every entry is found outdated.
TEST(ResponseCache, InvalidatesAServerWithAMillionEntriesWithoutTouchingOne_T25) {
  std::uint64_t const entries = long_run() ? 1'000'000 : 100'000;
  CacheWorld world;
  world.cache.set_options({true, 1h, {entries, 4'000'000'000, {}, 0}});
  AnswerFacts facts;
  facts.fetched = world.loop.now();
  facts.fresh_for = facts.kept_for = 1h;
  auto const answer = KeptAnswer::make(facts, order_of(0).labels, R"({"jsonrpc":"2.0","id":0,"result":{}})");
  for (std::uint64_t i = 0; i < entries; ++i) {
    world.cache.keep(order_of(i), KeptAnswer::make(facts, order_of(0).labels, answer.bytes()), false,
                     world.loop.now());
  }
  auto const held = world.cache.table().size();
  EXPECT_GT(held, entries * 9 / 10);
  base::SystemClock const clock;
  auto const begun = clock.now();
  world.cache.invalidate({"docs", "", "", ""}, false, Cause::update);
  auto const took = clock.now() - begun;
  RecordProperty("invalidation_ns", static_cast<int>(took.count()));
  std::printf("    %llu entries invalidated in %lld ns\n", static_cast<unsigned long long>(held),
              static_cast<long long>(took.count()));
  EXPECT_EQ(world.cache.table().size(), held);
  std::uint64_t outdated = 0;
  for (std::uint64_t i = 0; i < entries; ++i) {
    auto const copy = world.cache.look(order_of(i), world.loop.now());
    outdated += copy && copy->outdated ? 1 : 0;
  }
  EXPECT_EQ(outdated, held);
}

TEST(ResponseCache, AsksTheStoreBeforeTheServerAndFillsMemory_F37) {
  ToldStore second;
  CacheWorld world(CacheWorld::tools_rules(), &second);
  world.look_up();
  world.run();
  EXPECT_EQ(second.kept.size(), 1U);
  world.cache.set_options({true, 300s, {}});
  world.cache.set_options({false, 300s, {}});  // memory is forgotten
  world.cache.set_options({true, 300s, {}});
  auto& from_store = world.look_up();
  world.run();
  EXPECT_EQ(from_store.call->facts.cache.tier, "store");
  auto& from_memory = world.look_up();
  world.run();
  EXPECT_EQ(from_memory.call->facts.cache.tier, "memory");
  EXPECT_EQ(world.origin->calls, 1U);
  EXPECT_EQ(second.gets, 2);
}

TEST(ResponseCache, GivesAnAnswerFromTheStoreNoMoreTimeThanItHasLeft_T26) {
  ToldStore second;
  auto rules = CacheWorld::tools_rules();
  rules.stale_while_revalidate = 0s;
  CacheWorld world(rules, &second);
  world.look_up();
  world.run(40s);
  world.cache.set_options({false, 300s, {}});
  world.cache.set_options({true, 300s, {}});
  auto& later = world.look_up();
  world.run();
  EXPECT_EQ(later.call->facts.cache.age, 40s);
  world.run(27s);
  auto& over = world.look_up();
  world.run();
  EXPECT_EQ(over.use(), core::CacheUse::miss);
}

TEST(ResponseCache, InvalidatesBothTiers_F36) {
  ToldStore second;
  CacheWorld world(CacheWorld::tools_rules(), &second);
  world.look_up();
  world.run();
  world.write();
  world.run();
  auto& after = world.look_up();
  world.run();
  EXPECT_EQ(after.use(), core::CacheUse::miss);
  EXPECT_EQ(world.origin->calls, 3U);
}

// Another node's update reaches this node's memory through the store.
TEST(ResponseCache, HearsOfInvalidationsAtOtherNodes_T25) {
  ToldStore second;
  CacheWorld world(CacheWorld::tools_rules(), &second);
  world.look_up();
  world.run();
  second.invalidate({"docs", "", "", ""}, false);
  second.observer->invalidated({"docs", "", "", ""}, false);
  auto& after = world.look_up();
  world.run();
  EXPECT_EQ(after.use(), core::CacheUse::miss);
  EXPECT_EQ(world.metrics.gateway().cache.invalidations.of("remote").value(), 1);
  second.observer->invalidations_missed();
  world.look_up();
  world.run();
  EXPECT_EQ(second.gets, 3);  // memory was not believed; the store was
}

// An update between the look into the store and its answer must not be missed.
TEST(ResponseCache, BelievesNoSlowStore_F35) {
  ToldStore second;
  CacheWorld world(CacheWorld::tools_rules(), &second);
  world.look_up();
  world.run();
  world.cache.set_options({false, 300s, {}});
  world.cache.set_options({true, 300s, {}});
  second.slow = 10ms;
  world.look_up();
  world.run(5ms);
  world.cache.invalidate({"docs", "", "", ""}, false, Cause::update);
  world.run(50ms);
  auto& after = world.look_up();
  world.run(50ms);
  EXPECT_EQ(after.use(), core::CacheUse::miss);
}

TEST(ResponseCache, DoesWithoutMemoryWhenItIsSwitchedOff_R073) {
  ToldStore second;
  CacheWorld world(CacheWorld::tools_rules(), &second);
  world.cache.set_options({false, 300s, {}});
  world.look_up();
  world.run();
  auto& again = world.look_up();
  world.run();
  EXPECT_EQ(again.call->facts.cache.tier, "store");
  EXPECT_EQ(world.cache.table().size(), 0U);
  EXPECT_EQ(world.cache.table().counters().hits + world.cache.table().counters().misses, 0U);
}

TEST(ResponseCache, BoundsTheEntriesOfEachServer_R081) {
  CacheWorld world;
  world.cache.set_server_max("docs", 3);
  for (std::uint64_t i = 0; i < 10; ++i) {
    AnswerFacts facts;
    facts.fetched = world.loop.now();
    facts.fresh_for = facts.kept_for = 1h;
    auto const order = order_of(i, i % 2 == 0 ? "docs" : "other");
    world.cache.keep(order, KeptAnswer::make(facts, order.labels, "{}"), false, world.loop.now());
  }
  EXPECT_EQ(world.cache.in_memory({"docs", "", "", ""}), 3U);
  EXPECT_EQ(world.cache.in_memory({"other", "", "", ""}), 5U);
  world.cache.set_server_max("docs", 0);
  EXPECT_EQ(world.cache.in_memory({"docs", "look*", "", "a1"}), 3U);
  EXPECT_EQ(world.cache.in_memory({"docs", "", "", "b2"}), 0U);
}

}  // namespace
}  // namespace weir::cache
