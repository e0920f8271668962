// MemoryCache: the first tier: answers in memory, by digest, within caps that hold at every instant.
//
// One per process; any thread. Sharded; the locks are short, and nothing is freed, matched or told under one.
// Caps on entries, on bytes and on the entries of each server are exact for any number of threads (C-9,
// F-43). Bytes are counted as KeptAnswer::footprint() and CacheShard::kEntryBytes for each entry. Up to
// kOneShard entries there is one shard, so that the policy is exact: LRU, or adaptive
// (base/eviction_order.hpp, base/policy_duel.hpp). In a larger cache each shard has its share of the entries;
// keys are spread evenly, so the first evictions come a little before all shares are full. An entry is never
// found once it is over; expire() frees those that nobody asks for. Limits: kServersMax names, a quarter of
// the bytes for one answer.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "cache/cache_shard.hpp"

namespace weir::cache {

struct MemoryCacheOptions {
  enum class Policy { adaptive, lru };
  std::size_t entries_max = 100;
  std::uint64_t bytes_max = 64'000'000;
  Policy policy = Policy::adaptive;
  unsigned shards = 0;  // 0: by size; a power of two up to MemoryCache::kShardsMax
};

class MemoryCache {
 public:
  static constexpr unsigned kShardsMax = 32;
  static constexpr std::size_t kOneShard = 4096;
  static constexpr std::size_t kServersMax = CacheBudget::kServersMax;
  static constexpr std::size_t kEntriesMax = kShardsMax * EntrySlab::kPlacesMax;  // more is taken for this

  // `seed` is random, so that nobody can choose keys that share counters.
  MemoryCache(MemoryCacheOptions const& options, std::uint64_t seed);

  // The same for a name as long as the cache lives. The names beyond the limit share one.
  ServerSlot slot(std::string_view server);
  // In effect when this returns. CacheBudget::kNoCap and above: only the cache's own cap.
  void set_server_max(ServerSlot server, std::size_t entries_max);

  // A use of the key, whether it is there or not. Nothing at `leaves` or after it.
  KeptAnswer find(base::Digest const& digest, base::TimePoint now);
  // In place of what was there. False: not kept, because it is empty, over, too large or its server may have
  // none; what was there has gone all the same.
  bool put(base::Digest const& digest, ServerSlot server, KeptAnswer const& answer, base::TimePoint leaves,
           base::TimePoint now);
  bool erase(base::Digest const& digest);

  // Looks at `budget` places at most, from where the last call stopped, and frees what is over.
  std::size_t expire(base::TimePoint now, std::size_t budget);
  // Entries that are selected and not over. Walks in short sections; what moves meanwhile may be missed.
  std::uint64_t count(store::Selection const& what, base::TimePoint now) const;

  void set_options(MemoryCacheOptions const& options);  // caps hold when this returns
  void clear();

  std::size_t size() const noexcept { return budget_.entries(); }
  std::uint64_t bytes() const noexcept { return budget_.bytes(); }
  std::size_t size_of(ServerSlot server) const noexcept { return budget_.held_by(server); }
  MemoryCacheCounters counters() const;
  bool consistent() const;  // for tests

 private:
  struct Held {  // a shard and its lock; the lock goes first, then what has left is freed
    CacheShard* shard = nullptr;
    std::unique_lock<std::mutex> lock;
  };
  Held hold(base::Digest const& digest) const;
  bool evict_elsewhere(CacheShard::Put what, ServerSlot server, base::Digest const& newcomer);
  void apply_capacities(std::size_t entries_max, unsigned count);
  void reshape(std::size_t entries_max, unsigned count);
  unsigned active() const noexcept { return active_.load(std::memory_order_acquire); }

  CacheBudget budget_;
  std::array<std::unique_ptr<CacheShard>, kShardsMax> shards_;
  std::atomic<unsigned> active_{1};     // shards in use; changed with all locks held
  std::atomic<unsigned> elsewhere_{0};  // where the next search for room begins
  std::mutex reload_lock_;              // taken before any shard's
  mutable std::mutex names_lock_;
  std::map<std::string, ServerSlot, std::less<>> names_;
  std::mutex sweep_lock_;  // taken before any shard's
  unsigned sweep_shard_ = 0;
  Place sweep_place_ = 1;
};

}  // namespace weir::cache
