// What the tests of the memory cache share: digests, answers and a cache on virtual time.
//
// Test code. One thread unless a test says otherwise.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "cache/memory_cache.hpp"

namespace weir::cache {

using namespace std::chrono_literals;

inline base::Digest digest_of(std::uint64_t key) {
  std::string_view const bytes(reinterpret_cast<char const*>(&key), sizeof key);
  return {base::hash64(bytes, 11), base::hash64(bytes, 22)};
}

inline MemoryCacheOptions options_of(std::size_t entries_max, MemoryCacheOptions::Policy policy,
                                     std::uint64_t bytes_max = 64'000'000, unsigned shards = 0) {
  MemoryCacheOptions options;
  options.entries_max = entries_max;
  options.bytes_max = bytes_max;
  options.policy = policy;
  options.shards = shards;
  return options;
}

constexpr auto kLruPolicy = MemoryCacheOptions::Policy::lru;
constexpr auto kAdaptivePolicy = MemoryCacheOptions::Policy::adaptive;

inline KeptAnswer answer_of(std::string const& bytes, std::string const& server = "github") {
  return KeptAnswer::make({}, {server, "search", "", ""}, bytes);
}

struct CacheOnVirtualTime {
  base::TimePoint now = base::VirtualClock{}.now();
  MemoryCache cache;

  explicit CacheOnVirtualTime(MemoryCacheOptions const& options) : cache(options, 42) {}
  bool put(std::uint64_t key, std::string const& bytes = "{}", ServerSlot server = ServerSlot{1},
           base::Duration life = 300s) {
    return cache.put(digest_of(key), server, answer_of(bytes), now + life, now);
  }
  bool has(std::uint64_t key) { return static_cast<bool>(cache.find(digest_of(key), now)); }
};

}  // namespace weir::cache
