#include "cache/memory_cache.hpp"

#include <malloc.h>

#include "cache/memory_cache_fixture.hpp"

namespace weir::cache {
namespace {

struct MemoryCachePolicies : testing::TestWithParam<MemoryCacheOptions::Policy> {};
INSTANTIATE_TEST_SUITE_P(Both, MemoryCachePolicies, testing::Values(kAdaptivePolicy, kLruPolicy));

// R-072, F-32: it has a bound, and the 101st costs one.
TEST_P(MemoryCachePolicies, HoldsAHundredAndThe101stEvictsOne) {
  CacheOnVirtualTime t(options_of(100, GetParam()));
  for (std::uint64_t key = 0; key < 100; ++key) EXPECT_TRUE(t.put(key));
  EXPECT_EQ(t.cache.size(), 100U);
  EXPECT_EQ(t.cache.counters().evicted_size, 0U);
  EXPECT_TRUE(t.put(100));
  EXPECT_EQ(t.cache.size(), 100U);
  EXPECT_EQ(t.cache.counters().evicted_size, 1U);
  EXPECT_TRUE(t.has(100));
  std::size_t held = 0;
  for (std::uint64_t key = 0; key <= 100; ++key) held += t.has(key) ? 1 : 0;
  EXPECT_EQ(held, 100U);
}

// F-32: it has an order.
TEST(MemoryCache, ForgetsTheLeastRecentlyUsedInLruMode) {
  CacheOnVirtualTime t(options_of(3, kLruPolicy));
  t.put(1), t.put(2), t.put(3);
  EXPECT_TRUE(t.has(1));
  t.put(4);
  EXPECT_FALSE(t.has(2));
  EXPECT_TRUE(t.has(1));
  EXPECT_TRUE(t.has(3));
  EXPECT_TRUE(t.has(4));
}

// R-002, F-32: what is over goes, asked for or not.
TEST_P(MemoryCachePolicies, FindsNothingThatIsOverAndFreesItWithoutBeingAsked) {
  CacheOnVirtualTime t(options_of(100, GetParam()));
  t.put(1);
  t.put(2);
  t.now += 300s - 1ns;
  EXPECT_TRUE(t.has(1));
  EXPECT_EQ(t.cache.expire(t.now, 1'000), 0U);
  t.now += 1ns;
  EXPECT_FALSE(t.has(1));
  EXPECT_EQ(t.cache.expire(t.now, 1'000), 1U);
  EXPECT_EQ(t.cache.size(), 0U);
  EXPECT_EQ(t.cache.bytes(), 0U);
  EXPECT_EQ(t.cache.counters().expired, 2U);
}

TEST(MemoryCache, SweepsWithinItsBudgetAndGoesOnWhereItStopped) {
  CacheOnVirtualTime t(options_of(10'000, kLruPolicy, 64'000'000, 4));
  for (std::uint64_t key = 0; key < 1'000; ++key) t.put(key);
  t.now += 301s;
  std::size_t gone = t.cache.expire(t.now, 100);
  EXPECT_LE(gone, 100U);
  for (int i = 0; i < 30; ++i) gone += t.cache.expire(t.now, 100);
  EXPECT_EQ(gone, 1'000U);
  EXPECT_EQ(t.cache.size(), 0U);
  EXPECT_EQ(t.cache.expire(t.now, 100), 0U);
}

TEST_P(MemoryCachePolicies, ReplacesInItsPlaceAndCountsTheBytesOfTheNewOne) {
  CacheOnVirtualTime t(options_of(10, GetParam()));
  t.put(1, std::string(100, 'a'));
  auto const small = t.cache.bytes();
  t.put(1, std::string(1'000, 'b'));
  EXPECT_EQ(t.cache.size(), 1U);
  EXPECT_GT(t.cache.bytes(), small + 800);
  EXPECT_EQ(t.cache.find(digest_of(1), t.now).bytes(), std::string(1'000, 'b'));
  t.put(1, std::string(100, 'c'));
  EXPECT_EQ(t.cache.bytes(), small);
  EXPECT_EQ(t.cache.counters().replaced, 2U);
  EXPECT_EQ(t.cache.counters().inserted, 1U);
  auto const held = t.cache.find(digest_of(1), t.now);
  EXPECT_TRUE(t.cache.erase(digest_of(1)));
  EXPECT_FALSE(t.cache.erase(digest_of(1)));
  EXPECT_EQ(t.cache.bytes(), 0U);
  EXPECT_EQ(held.bytes(), std::string(100, 'c'));  // who holds an answer keeps it
}

// F-43, C-9: a bound on bytes is one.
TEST_P(MemoryCachePolicies, HoldsTheBytesItMayAndNotOneMore) {
  auto const cost = CacheShard::cost_of(answer_of(std::string(1'000, 'x')));
  CacheOnVirtualTime t(options_of(100, GetParam(), cost * 8));
  for (std::uint64_t key = 0; key < 8; ++key) EXPECT_TRUE(t.put(key, std::string(1'000, 'x')));
  EXPECT_EQ(t.cache.size(), 8U);
  EXPECT_EQ(t.cache.bytes(), cost * 8);
  EXPECT_TRUE(t.put(8, "{}"));
  EXPECT_EQ(t.cache.size(), 8U);
  EXPECT_LE(t.cache.bytes(), cost * 8);
  EXPECT_TRUE(t.put(8, std::string(1'000, 'x')));  // replaced by one that needs room
  EXPECT_TRUE(t.has(8));
  EXPECT_LE(t.cache.bytes(), cost * 8);
}

TEST(MemoryCache, MakesRoomForBytesInOtherShardsToo) {
  auto const cost = CacheShard::cost_of(answer_of(std::string(1'000, 'x')));
  CacheOnVirtualTime t(options_of(1'000, kAdaptivePolicy, cost * 8, 32));
  for (std::uint64_t key = 0; key < 500; ++key) {
    EXPECT_TRUE(t.put(key, std::string(1'000, 'x')));
    EXPECT_LE(t.cache.bytes(), cost * 8);
    EXPECT_TRUE(t.has(key));
  }
  EXPECT_EQ(t.cache.size(), 8U);
}

TEST(MemoryCache, TakesAQuarterOfTheBytesForOneAnswerAndNotMore) {
  auto const cost = CacheShard::cost_of(answer_of(std::string(1'000, 'x')));
  CacheOnVirtualTime t(options_of(10, kAdaptivePolicy, cost * 4));
  EXPECT_TRUE(t.put(1, std::string(1'000, 'x')));
  EXPECT_TRUE(t.put(2, "{}"));
  EXPECT_FALSE(t.put(2, std::string(1'016, 'x')));
  EXPECT_FALSE(t.has(2));  // what it was to replace is no longer right
  EXPECT_TRUE(t.has(1));
  EXPECT_EQ(t.cache.counters().rejected, 1U);
}

TEST(MemoryCache, KeepsNothingThatIsEmptyOrOver) {
  CacheOnVirtualTime t(options_of(10, kAdaptivePolicy));
  EXPECT_FALSE(t.cache.put(digest_of(1), ServerSlot{1}, KeptAnswer{}, t.now + 1s, t.now));
  EXPECT_FALSE(t.put(1, "{}", ServerSlot{1}, 0s));
  EXPECT_TRUE(t.put(1, "{}", ServerSlot{1}, 1ms));
  CacheOnVirtualTime none(options_of(0, kAdaptivePolicy));
  EXPECT_FALSE(none.put(1));
  EXPECT_FALSE(none.has(1));
}

// F-43: a server's max_size is read, and exact across shards.
TEST_P(MemoryCachePolicies, HoldsAServerToItsOwnCap) {
  for (unsigned const shards : {1U, 8U}) {
    CacheOnVirtualTime t(options_of(1'000, GetParam(), 64'000'000, shards));
    auto const capped = t.cache.slot("context7");
    auto const other = t.cache.slot("github");
    t.cache.set_server_max(capped, 50);
    for (std::uint64_t key = 0; key < 50; ++key) t.put(key, "{}", capped);
    EXPECT_EQ(t.cache.size_of(capped), 50U);
    EXPECT_EQ(t.cache.counters().evicted_server_cap, 0U);
    EXPECT_TRUE(t.put(50, "{}", capped));
    EXPECT_TRUE(t.has(50));
    EXPECT_EQ(t.cache.size_of(capped), 50U);
    EXPECT_EQ(t.cache.counters().evicted_server_cap, 1U);
    for (std::uint64_t key = 100; key < 300; ++key) t.put(key, "{}", other);
    EXPECT_EQ(t.cache.size_of(other), 200U);
    EXPECT_EQ(t.cache.size_of(capped), 50U);
    t.cache.set_server_max(other, 20);  // lowered while it has more
    EXPECT_EQ(t.cache.size_of(other), 20U);
    t.cache.set_server_max(capped, 0);
    EXPECT_EQ(t.cache.size(), 20U);
    EXPECT_FALSE(t.put(50, "{}", capped));
    t.cache.set_server_max(capped, CacheBudget::kNoCap);
    for (std::uint64_t key = 0; key < 60; ++key) EXPECT_TRUE(t.put(key, "{}", capped));
    EXPECT_EQ(t.cache.size_of(capped), 60U);
  }
}

TEST(MemoryCache, ForgetsTheLeastRecentlyUsedOfACappedServer) {
  CacheOnVirtualTime t(options_of(100, kLruPolicy));
  t.cache.set_server_max(ServerSlot{1}, 2);
  t.put(1), t.put(9, "{}", ServerSlot{2}), t.put(2);
  EXPECT_TRUE(t.has(1));
  t.put(3);
  EXPECT_FALSE(t.has(2));
  EXPECT_TRUE(t.has(1));
  EXPECT_TRUE(t.has(9));
}

TEST(MemoryCache, GivesOneSlotToANameAndSharesOneWhenThereAreTooMany) {
  MemoryCache cache(options_of(10, kLruPolicy), 1);
  auto const first = cache.slot("server 0");
  for (std::size_t i = 0; i < MemoryCache::kServersMax - 1; ++i) {
    EXPECT_NE(cache.slot("server " + std::to_string(i)), ServerSlot{0});
  }
  EXPECT_EQ(cache.slot("server 0"), first);
  EXPECT_EQ(cache.slot("one too many"), ServerSlot{0});
  EXPECT_EQ(cache.slot("another"), ServerSlot{0});
}

TEST(MemoryCache, CountsWhatIsSelectedAndNotOver) {
  CacheOnVirtualTime t(options_of(20'000, kAdaptivePolicy));
  for (std::uint64_t key = 0; key < 1'000; ++key) {
    auto const answer = answer_of("{}", key % 4 == 0 ? "github" : "files");
    t.cache.put(digest_of(key), ServerSlot{1}, answer, t.now + (key < 500 ? 10s : 20s), t.now);
  }
  EXPECT_EQ(t.cache.count({}, t.now), 1'000U);
  EXPECT_EQ(t.cache.count({"git*", "", "", ""}, t.now), 250U);
  t.now += 10s;
  EXPECT_EQ(t.cache.count({"git*", "", "", ""}, t.now), 125U);
  t.cache.clear();
  EXPECT_EQ(t.cache.count({}, t.now), 0U);
  EXPECT_EQ(t.cache.size() + t.cache.bytes() + t.cache.size_of(ServerSlot{1}), 0U);
}

TEST_P(MemoryCachePolicies, ShrinksAndGrowsAtOnceWhenItIsReloaded) {
  CacheOnVirtualTime t(options_of(20'000, GetParam()));
  for (std::uint64_t key = 0; key < 10'000; ++key) t.put(key);
  EXPECT_EQ(t.cache.size(), 10'000U);
  t.cache.set_options(options_of(100, GetParam()));
  EXPECT_EQ(t.cache.size(), 100U);
  EXPECT_EQ(t.cache.count({}, t.now), 100U);
  EXPECT_TRUE(t.cache.consistent());
  auto const cost = t.cache.bytes() / 100;
  t.cache.set_options(options_of(100, GetParam(), cost * 10));
  EXPECT_EQ(t.cache.size(), 10U);
  t.cache.set_options(options_of(8'192, GetParam()));
  for (std::uint64_t key = 0; key < 5'000; ++key) EXPECT_TRUE(t.put(key));
  EXPECT_GE(t.cache.size(), 5'000U);
  EXPECT_EQ(t.cache.size_of(ServerSlot{1}), t.cache.size());
  t.cache.set_options(options_of(8'192, GetParam() == kLruPolicy ? kAdaptivePolicy : kLruPolicy));
  EXPECT_GE(t.cache.size(), 5'000U);
  EXPECT_TRUE(t.cache.consistent());
}

std::size_t heap_in_use() {
  auto const info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMeasurable = false;
#else
constexpr bool kMeasurable = true;
#endif

TEST(MemoryCache, CostsNothingForRoomThatNobodyUses) {
  auto const before = heap_in_use();
  CacheOnVirtualTime t(options_of(10'000'000, kAdaptivePolicy));
  if (kMeasurable) {
    EXPECT_LE(heap_in_use() - before, 200'000U);
  }
  for (std::uint64_t key = 0; key < 100'000; ++key) t.put(key);
  t.cache.clear();
  if (kMeasurable) {
    EXPECT_LE(heap_in_use() - before, 1'000'000U);
  }
  EXPECT_EQ(t.cache.size(), 0U);
}

// T-29. Everything the heap gave, less the digests, the labels' text and the bodies. Bodies of all lengths,
// so that the allocator's rounding counts with its mean. Sanitizers change what a block costs: not measured
// there.
TEST(MemoryCache, NeedsAtMost64BytesBesideKeyAndBody_T29) {
  if (!kMeasurable) GTEST_SKIP() << "the sanitizer's allocator has costs of its own";
  constexpr std::uint64_t kEntries = 1'000'000;
  auto const measure = [&](std::string const& who) {
    auto const before = heap_in_use();
    CacheOnVirtualTime t(options_of(kEntries * 21 / 20, kAdaptivePolicy, 10'000'000'000));
    std::size_t payload = 0;
    store::Labels labels{"github", "search_issues", "", who};
    std::string const text(160, 'x');
    for (std::uint64_t key = 0; key < kEntries; ++key) {
      auto const body = std::string_view(text).substr(0, 32 + key % 128);
      t.cache.find(digest_of(key), t.now);
      EXPECT_TRUE(
          t.cache.put(digest_of(key), ServerSlot{1}, KeptAnswer::make({}, labels, body), t.now + 1h, t.now));
      payload +=
          sizeof(base::Digest) + labels.server.size() + labels.operation.size() + who.size() + body.size();
    }
    EXPECT_EQ(t.cache.size(), kEntries);
    auto const used = heap_in_use() - before;
    EXPECT_LE(used, t.cache.bytes() + t.cache.bytes() / 20);  // what is counted is what there is
    return static_cast<double>(used - payload) / static_cast<double>(kEntries);
  };
  double const owned = measure("0123456789abcdef0123456789abcdef");
  double const everybodys = measure("");
  std::printf("bookkeeping, bytes an entry: %.1f with an owner, %.1f without\n", owned, everybodys);
  EXPECT_LE(owned, 64.0);
  EXPECT_LE(everybodys, 80.0);
}

}  // namespace
}  // namespace weir::cache
