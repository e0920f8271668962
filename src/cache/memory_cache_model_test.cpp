// Random operations on the memory cache, compared with a model that is too simple to be wrong.
#include <list>
#include <map>

#include "base/random.hpp"
#include "cache/memory_cache_fixture.hpp"

namespace weir::cache {
namespace {

// LRU with a cap, times and caps of servers, all of it by walking a list.
class NaiveLru {
 public:
  struct Held {
    std::uint64_t key;
    std::string bytes;
    ServerSlot server;
    base::TimePoint leaves;
  };
  std::size_t entries_max;
  std::map<ServerSlot, std::size_t> server_max;
  std::list<Held> order;  // youngest first

  std::optional<std::string> find(std::uint64_t key, base::TimePoint now) {
    auto const at = place(key);
    if (at == order.end()) return std::nullopt;
    if (at->leaves <= now) {
      order.erase(at);
      return std::nullopt;
    }
    order.splice(order.begin(), order, at);
    return at->bytes;
  }
  void put(Held const& held) {
    erase(held.key);
    if (auto const cap = server_max.find(held.server); cap != server_max.end()) {
      if (count_of(held.server) >= cap->second) {
        auto at = order.end();
        while ((--at)->server != held.server) {
        }
        order.erase(at);
      }
    }
    if (order.size() == entries_max) order.pop_back();
    order.push_front(held);
  }
  void erase(std::uint64_t key) {
    if (auto const at = place(key); at != order.end()) order.erase(at);
  }
  std::size_t count_of(ServerSlot server) const {
    return static_cast<std::size_t>(
        std::count_if(order.begin(), order.end(), [&](Held const& h) { return h.server == server; }));
  }

 private:
  std::list<Held>::iterator place(std::uint64_t key) {
    return std::find_if(order.begin(), order.end(), [&](Held const& h) { return h.key == key; });
  }
};

TEST(MemoryCacheModel, LruModeDoesWhatTheNaiveModelDoes) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    base::SeededRandom random(seed);
    CacheOnVirtualTime t(options_of(20, kLruPolicy));
    NaiveLru model;
    model.entries_max = 20;
    model.server_max[ServerSlot{1}] = 5;
    t.cache.set_server_max(ServerSlot{1}, 5);
    for (int step = 0; step < 8'000; ++step) {
      auto const key = random.below(40);
      ServerSlot const server{static_cast<std::uint16_t>(key % 4)};
      auto const what = random.below(100);
      if (what < 50) {
        auto const found = t.cache.find(digest_of(key), t.now);
        auto const expected = model.find(key, t.now);
        ASSERT_EQ(static_cast<bool>(found), expected.has_value()) << "seed " << seed << " step " << step;
        if (found) {
          ASSERT_EQ(found.bytes(), *expected);
        }
      } else if (what < 90) {
        std::string const bytes = std::to_string(step);
        auto const life = std::chrono::milliseconds(1 + random.below(400));
        ASSERT_TRUE(t.put(key, bytes, server, life));
        model.put({key, bytes, server, t.now + life});
      } else if (what < 95) {
        t.cache.erase(digest_of(key));
        model.erase(key);
      } else if (what < 97) {
        t.cache.expire(t.now, 1'000);
        model.order.remove_if([&](NaiveLru::Held const& h) { return h.leaves <= t.now; });
      } else {
        t.now += std::chrono::milliseconds(random.below(20));
      }
      ASSERT_EQ(t.cache.size(), model.order.size()) << "seed " << seed << " step " << step;
      ASSERT_EQ(t.cache.size_of(ServerSlot{1}), model.count_of(ServerSlot{1}));
    }
  }
}

// The adaptive mode has no simple model; what must be true of any cache is checked after each step.
TEST(MemoryCacheModel, AdaptiveModeKeepsItsInvariantsAfterEveryStep) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    base::SeededRandom random(seed);
    std::size_t entries_max = 60;
    std::uint64_t bytes_max = 12'000;
    unsigned const shards = seed % 2 == 0 ? 4 : 1;
    CacheOnVirtualTime t(options_of(entries_max, kAdaptivePolicy, bytes_max, shards));
    std::size_t server_max = 7;
    t.cache.set_server_max(ServerSlot{2}, server_max);
    std::map<std::uint64_t, std::string> last;  // what was put last under each key
    std::uint64_t finds = 0;
    for (int step = 0; step < 6'000; ++step) {
      auto const key = random.below(10) < 7 ? random.below(50) : random.below(400);
      ServerSlot const server{static_cast<std::uint16_t>(key % 3)};
      auto const what = random.below(1'000);
      if (what < 600) {
        ++finds;
        if (auto const found = t.cache.find(digest_of(key), t.now)) {
          ASSERT_EQ(found.bytes(), last[key]);
        }
      } else if (what < 960) {
        last[key] = std::to_string(step) + std::string(random.below(300), ' ');
        t.put(key, last[key], server, std::chrono::milliseconds(1 + random.below(2'000)));
      } else if (what < 980) {
        t.cache.expire(t.now, random.below(50));
      } else if (what < 995) {
        t.now += std::chrono::milliseconds(random.below(30));
      } else {
        entries_max = random.below(80);
        bytes_max = 4'000 + random.below(16'000);
        t.cache.set_options(options_of(entries_max, kAdaptivePolicy, bytes_max, 1U << random.below(6)));
        server_max = random.below(12);
        t.cache.set_server_max(ServerSlot{2}, server_max);
      }
      ASSERT_LE(t.cache.size(), entries_max);
      ASSERT_LE(t.cache.bytes(), bytes_max);
      ASSERT_LE(t.cache.size_of(ServerSlot{2}), server_max);
      ASSERT_TRUE(t.cache.consistent()) << "seed " << seed << " step " << step;
      ASSERT_EQ(
          t.cache.size_of(ServerSlot{0}) + t.cache.size_of(ServerSlot{1}) + t.cache.size_of(ServerSlot{2}),
          t.cache.size());
    }
    auto const counted = t.cache.counters();
    EXPECT_EQ(counted.hits + counted.misses, finds);
  }
}

}  // namespace
}  // namespace weir::cache
