// CacheShard: one lock's worth of the memory cache: entries, their order, and what is kept of each.
//
// Part of MemoryCache, which holds `lock` around every call. What leaves goes into a Graveyard and is freed
// by the caller after the lock. Counts against the shared budget; its own cap on entries is its share of the
// cache's.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/entry_slab.hpp"
#include "base/eviction_order.hpp"
#include "base/frequency_sketch.hpp"
#include "base/policy_duel.hpp"
#include "cache/cache_budget.hpp"
#include "cache/kept_answer.hpp"
#include "cache/server_queues.hpp"

namespace weir::cache {

using base::EntrySlab;
using base::EvictionOrder;
using base::FrequencySketch;
using base::PolicyDuel;
using base::Segment;

struct MemoryCacheCounters {
  std::uint64_t hits = 0, misses = 0;
  std::uint64_t inserted = 0, replaced = 0;
  std::uint64_t rejected = 0;            // not put away: too large, over, or no room by its caps
  std::uint64_t evicted_size = 0;        // made room for others
  std::uint64_t evicted_server_cap = 0;  // made room for others of the same server
  std::uint64_t expired = 0;

  void add(MemoryCacheCounters const& other) noexcept;
};

// Keeps what has left until nobody holds a lock.
class Graveyard {
 public:
  void take(KeptAnswer&& answer) {
    if (used_ < few_.size())
      few_[used_++] = std::move(answer);
    else
      more_.push_back(std::move(answer));
  }

 private:
  std::array<KeptAnswer, 4> few_;
  std::size_t used_ = 0;
  std::vector<KeptAnswer> more_;
};

class CacheShard {
 public:
  // Counted for an entry beside KeptAnswer::footprint(): its place, its slots and counters.
  static constexpr std::uint64_t kEntryBytes = 48;
  static std::uint64_t cost_of(KeptAnswer const& answer) noexcept { return answer.footprint() + kEntryBytes; }

  enum class Put { done, refused, no_place_of_server, no_bytes };
  enum class Why { size, server_cap, expired, erased };
  struct Moving {
    base::Digest digest;
    KeptAnswer answer;
    ServerSlot server;
    base::TimePoint leaves;
  };

  CacheShard(CacheBudget& budget, std::uint64_t seed);
  ~CacheShard();
  CacheShard(CacheShard const&) = delete;
  CacheShard& operator=(CacheShard const&) = delete;

  alignas(64) std::mutex lock;

  KeptAnswer find(base::Digest const& digest, base::TimePoint now, Graveyard& dead);
  Put put(base::Digest const& digest, ServerSlot server, KeptAnswer const& answer, base::TimePoint leaves,
          Graveyard& dead);
  void reject(base::Digest const& digest, Graveyard& dead);  // and what stood there goes as well
  bool erase(base::Digest const& digest, Graveyard& dead);

  bool evict(Graveyard& dead);  // one; false: there is none
  bool evict_of(ServerSlot server, base::Digest const& newcomer, Graveyard& dead);  // one of a capped server

  std::size_t size() const noexcept { return slab_.size(); }
  Place end() const noexcept { return slab_.end(); }
  // Visits a place; true: it was over and has gone.
  bool expire(Place place, base::TimePoint now, Graveyard& dead);
  KeptAnswer peek(Place place, base::TimePoint now) const;  // nothing if it is free or over

  void set_capacity(std::size_t entries) noexcept { capacity_ = entries; }
  std::size_t capacity() const noexcept { return capacity_; }
  void set_adaptive(bool adaptive);
  void set_capped(ServerSlot server, bool capped);

  std::vector<Moving> move_out();  // everything; still counted in the budget
  void move_in(Moving&& entry);    // counted already
  void clear(Graveyard& dead);

  MemoryCacheCounters const& counters() const noexcept { return counters_; }
  bool consistent() const noexcept { return order_.consistent(); }

 private:
  KeptAnswer detach(Place place) noexcept;
  void remove(Place place, Why why, Graveyard& dead);
  Put insert(base::Digest const& digest, ServerSlot server, KeptAnswer const& answer, base::TimePoint leaves,
             Graveyard& dead);
  void attach(base::Digest const& digest, ServerSlot server, KeptAnswer answer, base::TimePoint leaves);
  ServerSlot server_of(Place place) const noexcept { return ServerSlot{slab_[place].server()}; }
  void used(Place place);
  void count_use(base::Digest const& digest);

  CacheBudget& budget_;
  EntrySlab slab_;
  EvictionOrder order_;
  FrequencySketch sketch_;
  ServerQueues queues_;
  std::unique_ptr<PolicyDuel> duel_;  // null: LRU
  std::uint64_t seed_;
  std::size_t capacity_ = 0;
  MemoryCacheCounters counters_;
};

}  // namespace weir::cache
