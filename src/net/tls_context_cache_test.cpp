#include "net/tls_context_cache.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <list>
#include <unordered_map>

#include "base/random.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;
using base::Digest;
using base::TimePoint;

// Stands for a context: counts how many there are.
class Token {
 public:
  explicit Token(int& alive) : alive_(alive) { ++alive_; }
  ~Token() { --alive_; }
  Token(Token const&) = delete;
  Token& operator=(Token const&) = delete;

 private:
  int& alive_;
};

using Cache = TlsContextCache<Token>;
using Next = Cache::Next;

Digest digest_of(std::uint64_t key) {
  auto const mix = [](std::uint64_t x) {
    x = (x ^ x >> 30U) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27U) * 0x94d049bb133111ebULL;
    return x ^ x >> 31U;
  };
  return {mix(key + 1), mix(~key)};
}

struct Desk {  // asks as the shell does
  explicit Desk(ContextCacheOptions const& options = {}) : cache(options, 7) {}
  TimePoint now{std::chrono::hours{1000}};
  int alive = 0;
  Cache cache;

  Next ask(std::uint64_t key) {
    Cache::Leavers out;
    return cache.ask(digest_of(key), now, out).next;
  }
  Cache::Held finish(std::uint64_t key) {
    Cache::Leavers out;
    auto made = std::make_shared<Token const>(alive);
    cache.built(digest_of(key), made, now, out);
    return made;
  }
  void fail(std::uint64_t key) {
    cache.failed(digest_of(key), base::Error(base::Fault::config, base::Blame::gateway, "no certificate"),
                 now);
  }
  bool use(std::uint64_t key) {  // true: it was there
    Next const next = ask(key);
    if (next == Next::build) finish(key);
    return next == Next::use;
  }
};

using Trace = std::vector<std::uint64_t>;

Trace in_turn(std::size_t keys, std::size_t length) {
  Trace trace(length);
  for (std::size_t i = 0; i < length; ++i) trace[i] = i % keys;
  return trace;
}

// The n-th key is asked for 1 / n as often as the first.
Trace by_popularity(std::size_t keys, std::size_t length) {
  base::SeededRandom random(11);
  std::vector<double> sums(keys);
  double sum = 0;
  for (std::size_t i = 0; i < keys; ++i) sums[i] = sum += 1.0 / static_cast<double>(i + 1);
  Trace trace(length);
  for (auto& key : trace) {
    double const at = static_cast<double>(random.next() >> 11U) * 0x1.0p-53 * sum;
    key = static_cast<std::uint64_t>(std::lower_bound(sums.begin(), sums.end(), at) - sums.begin());
  }
  return trace;
}

double percent_of_hits(Trace const& trace, std::function<bool(std::uint64_t)> const& use) {
  std::size_t hits = 0;
  for (auto const key : trace) hits += use(key) ? 1U : 0U;
  return 100.0 * static_cast<double>(hits) / static_cast<double>(trace.size());
}

double ours(Trace const& trace, ContextCacheOptions const& options = {}) {
  Desk desk(options);
  double const percent = percent_of_hits(trace, [&](std::uint64_t key) {
    bool const hit = desk.use(key);
    EXPECT_LE(desk.cache.size(), options.entries_max);
    EXPECT_EQ(static_cast<std::size_t>(desk.alive), desk.cache.size());
    return hit;
  });
  EXPECT_EQ(desk.cache.counters().built, desk.cache.counters().misses);
  return percent;
}

// Yardsticks: what forgets everything when it is full, and the least recently used one.
double wiped(Trace const& trace) {
  std::unordered_map<std::uint64_t, bool> kept;
  return percent_of_hits(trace, [&](std::uint64_t key) {
    if (kept.count(key) != 0) return true;
    if (kept.size() >= 100) kept.clear();
    kept[key] = true;
    return false;
  });
}

double least_recent(Trace const& trace) {
  std::list<std::uint64_t> order;
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> kept;
  return percent_of_hits(trace, [&](std::uint64_t key) {
    if (auto const found = kept.find(key); found != kept.end()) {
      order.splice(order.begin(), order, found->second);
      return true;
    }
    if (kept.size() >= 100) {
      kept.erase(order.back());
      order.pop_back();
    }
    kept[key] = order.insert(order.begin(), key);
    return false;
  });
}

TEST(TlsContextCache, GoingRound101WithRoomFor100HitsNineteenTimesOutOfTwenty_R044_F25_T20) {
  Trace const trace = in_turn(101, 20'000);
  double const figure = ours(trace);
  std::printf("101 in turn: %.1f %% (LRU %.1f, wipe %.1f)\n", figure, least_recent(trace), wiped(trace));
  EXPECT_GE(figure, 95.0);
  EXPECT_EQ(least_recent(trace), 0.0);
  EXPECT_EQ(wiped(trace), 0.0);
}

TEST(TlsContextCache, OrdinaryTrafficIsServedBetterThanByLru_T20_C2) {
  struct Row {
    std::size_t keys;
    double least;
  };
  for (auto const& [keys, least] : {Row{150, 90.0}, Row{400, 70.0}}) {
    Trace const trace = by_popularity(keys, 20'000);
    double const figure = ours(trace);
    std::printf("Zipf over %zu: %.1f %% (LRU %.1f, wipe %.1f)\n", keys, figure, least_recent(trace),
                wiped(trace));
    EXPECT_GE(figure, least) << keys;
    EXPECT_GE(figure, least_recent(trace) - 1.0) << keys;
  }
}

TEST(TlsContextCache, LruStaysSelectableAndIsExactlyThat_C2) {
  ContextCacheOptions options;
  options.policy = ContextCacheOptions::Policy::lru;
  for (Trace const& trace : {in_turn(101, 2'000), by_popularity(150, 5'000)}) {
    EXPECT_DOUBLE_EQ(ours(trace, options), least_recent(trace));
  }
}

TEST(TlsContextCache, AtTheCapExactlyOneGoes_R040_R041) {
  Desk desk;
  for (std::uint64_t key = 0; key < 100; ++key) EXPECT_FALSE(desk.use(key));
  EXPECT_EQ(desk.cache.size(), 100U);
  EXPECT_EQ(desk.cache.counters().evicted, 0U);
  EXPECT_FALSE(desk.use(100));
  EXPECT_EQ(desk.cache.size(), 100U);
  EXPECT_EQ(desk.cache.counters().evicted, 1U);
  std::size_t left = 0;
  for (std::uint64_t key = 0; key < 100; ++key) left += desk.ask(key) == Next::use ? 1U : 0U;
  EXPECT_EQ(left, 99U);
}

TEST(TlsContextCache, AHitRefreshesRecency_R042) {
  ContextCacheOptions options;
  options.entries_max = 3;
  options.policy = ContextCacheOptions::Policy::lru;
  Desk desk(options);
  for (std::uint64_t const key : {1, 2, 3, 1, 4}) desk.use(key);
  EXPECT_EQ(desk.ask(1), Next::use);
  EXPECT_EQ(desk.ask(2), Next::build);
}

TEST(TlsContextCache, OneIsBuiltAgainAtTheEndOfItsLifeAndLeavesWithoutBeingAskedFor_R043) {
  ContextCacheOptions options;
  options.lifetime = 1h;
  Desk desk(options);
  desk.use(1);
  desk.now += 1h - 1ns;
  EXPECT_EQ(desk.ask(1), Next::use);
  desk.now += 1ns;
  EXPECT_EQ(desk.ask(1), Next::build);
  EXPECT_EQ(desk.cache.size(), 0U);
  desk.finish(1);
  EXPECT_EQ(desk.ask(1), Next::use);
  desk.now += 1h;
  Cache::Leavers out;
  desk.cache.expire(desk.now, out);
  EXPECT_EQ(out.size(), 1U);
  EXPECT_EQ(desk.cache.size(), 0U);
  EXPECT_EQ(desk.cache.counters().expired, 2U);
}

TEST(TlsContextCache, WhoAsksWhileOneIsBuiltWaitsForThatOne_F21) {
  Desk desk;
  EXPECT_EQ(desk.ask(1), Next::build);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(desk.ask(1), Next::wait);
  EXPECT_EQ(desk.ask(2), Next::build);
  desk.finish(1);
  EXPECT_EQ(desk.ask(1), Next::use);
  EXPECT_EQ(desk.cache.counters().built, 1U);
  EXPECT_EQ(desk.cache.building(), 1U);
}

TEST(TlsContextCache, NoMoreThanSoManyAreBuiltAtOnce_F21) {
  Desk desk;
  for (std::uint64_t key = 0; key < Cache::kBuildingMax; ++key) EXPECT_EQ(desk.ask(key), Next::build);
  EXPECT_EQ(desk.ask(Cache::kBuildingMax), Next::busy);
  desk.fail(0);
  EXPECT_EQ(desk.ask(Cache::kBuildingMax), Next::build);
}

TEST(TlsContextCache, WhatCannotBeBuiltCostsNobodyAPlaceAndIsNotTriedAgainAtOnce_F22) {
  Desk desk;
  for (std::uint64_t key = 0; key < 100; ++key) desk.use(key);
  EXPECT_EQ(desk.ask(666), Next::build);
  EXPECT_EQ(desk.cache.size(), 100U);  // nothing has left for one that is not there yet
  desk.fail(666);
  Cache::Leavers out;
  auto const told = desk.cache.ask(digest_of(666), desk.now, out);
  EXPECT_EQ(told.next, Next::broken);
  ASSERT_TRUE(told.why);
  EXPECT_EQ(told.why->detail, "no certificate");
  desk.now += 10s - 1ns;
  EXPECT_EQ(desk.ask(666), Next::broken);
  for (std::uint64_t key = 0; key < 100; ++key) EXPECT_EQ(desk.ask(key), Next::use) << key;
  desk.now += 1ns;
  EXPECT_EQ(desk.ask(666), Next::build);
  EXPECT_EQ(desk.cache.counters().evicted, 0U);
}

TEST(TlsContextCache, NoMoreThanSoManyBrokenOnesAreRemembered_F22) {
  Desk desk;
  for (std::uint64_t key = 0; key <= Cache::kBrokenMax; ++key) {
    EXPECT_EQ(desk.ask(key), Next::build);
    desk.fail(key);
  }
  EXPECT_EQ(desk.ask(1), Next::broken);
  EXPECT_EQ(desk.ask(0), Next::build);
}

TEST(TlsContextCache, OneThatLeavesLivesAsLongAsItIsInUse_F24) {
  ContextCacheOptions options;
  options.entries_max = 1;
  Desk desk(options);
  desk.use(1);
  Cache::Leavers none;
  auto held = desk.cache.ask(digest_of(1), desk.now, none).context;  // as a connection does
  ASSERT_TRUE(held);
  desk.use(2);
  EXPECT_EQ(desk.ask(1), Next::build);  // it has gone
  EXPECT_EQ(desk.alive, 2);
  held.reset();
  EXPECT_EQ(desk.alive, 1);
}

TEST(TlsContextCache, ALowerCapHoldsAtOnce_R040) {
  Desk desk;
  for (std::uint64_t key = 0; key < 100; ++key) desk.use(key);
  ContextCacheOptions options;
  options.entries_max = 10;
  {
    Cache::Leavers out;
    desk.cache.set_options(options, out);
    EXPECT_EQ(out.size(), 90U);
  }
  EXPECT_EQ(desk.alive, 10);
  desk.use(200);
  EXPECT_EQ(desk.cache.size(), 10U);
}

}  // namespace
}  // namespace weir::net
