// The memory cache used by several threads at once: its caps are looked at while they work.
#include <atomic>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "cache/memory_cache_fixture.hpp"

namespace weir::cache {
namespace {

void work(MemoryCache& cache, std::uint64_t seed, int steps) {
  base::SeededRandom random(seed);
  auto const start = base::VirtualClock{}.now();
  for (int step = 0; step < steps; ++step) {
    auto const now = start + std::chrono::milliseconds(step);
    auto const key = random.below(2'000);
    ServerSlot const server{static_cast<std::uint16_t>(key % 3)};
    auto const what = random.below(100);
    if (what < 50) {
      if (auto const found = cache.find(digest_of(key), now)) {
        EXPECT_EQ(found.bytes().substr(0, 4), "body");
      }
    } else if (what < 95) {
      cache.put(digest_of(key), server, answer_of("body" + std::string(random.below(400), 'x')), now + 500ms,
                now);
    } else if (what < 97) {
      cache.erase(digest_of(key));
    } else if (what < 99) {
      cache.expire(now, 64);
    } else {
      cache.count({"git*", "", "", ""}, now);
    }
  }
}

struct MemoryCacheThreads : testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Shards, MemoryCacheThreads, testing::Values(1U, 8U));

// F-43, C-9
TEST_P(MemoryCacheThreads, NeverSeeMoreThanTheCapsAllow) {
  constexpr std::size_t kEntries = 300;
  constexpr std::uint64_t kBytes = 90'000;
  MemoryCache cache(options_of(kEntries, kAdaptivePolicy, kBytes, GetParam()), 3);
  cache.set_server_max(ServerSlot{1}, 40);
  std::atomic<int> working{4};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, &working, t] {
      work(cache, t + 1, 6'000);
      --working;
    });
  }
  std::size_t most_entries = 0, most_of_server = 0;
  std::uint64_t most_bytes = 0;
  while (working > 0) {
    most_entries = std::max(most_entries, cache.size());
    most_bytes = std::max(most_bytes, cache.bytes());
    most_of_server = std::max(most_of_server, cache.size_of(ServerSlot{1}));
    std::this_thread::yield();
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most_entries, kEntries);
  EXPECT_LE(most_bytes, kBytes);
  EXPECT_LE(most_of_server, 40U);
  EXPECT_GT(most_of_server, 30U);  // the caps were reached
  EXPECT_TRUE(most_entries > kEntries - 20 || most_bytes > kBytes - 2'000);
  EXPECT_TRUE(cache.consistent());
  EXPECT_LE(cache.count({}, base::VirtualClock{}.now()), kEntries);
  cache.clear();
  EXPECT_EQ(cache.bytes(), 0U);
  EXPECT_EQ(cache.size_of(ServerSlot{1}), 0U);
}

TEST(MemoryCacheThreads, GoOnWhileTheCacheIsReloaded) {
  MemoryCache cache(options_of(300, kAdaptivePolicy, 1'000'000), 3);
  std::atomic<int> working{3};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&cache, &working, t] {
      work(cache, t + 1, 3'000);
      --working;
    });
  }
  for (unsigned turn = 0; working > 0; ++turn) {
    auto const entries_max = 50 + turn % 7 * 40;
    auto const policy = turn % 3 == 0 ? kLruPolicy : kAdaptivePolicy;
    cache.set_options(options_of(entries_max, policy, 200'000 + turn % 5 * 10'000, 1U << turn % 6));
    EXPECT_LE(cache.size(), entries_max);
    cache.set_server_max(ServerSlot{1}, turn % 20);
    EXPECT_LE(cache.size_of(ServerSlot{1}), turn % 20);
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(cache.consistent());
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.bytes(), 0U);
}

}  // namespace
}  // namespace weir::cache
