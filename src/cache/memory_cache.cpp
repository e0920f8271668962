#include "cache/memory_cache.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#include "base/assert.hpp"

namespace weir::cache {
namespace {

constexpr int kAttemptsMax = 64;    // to make room in other shards, against other threads who take it
constexpr Place kSection = 256;     // places walked in one go
constexpr std::size_t kBatch = 64;  // evictions in one go

unsigned shards_for(MemoryCacheOptions const& options) noexcept {
  if (options.shards != 0) return std::bit_floor(std::min(options.shards, MemoryCache::kShardsMax));
  if (options.entries_max <= MemoryCache::kOneShard) return 1;
  std::size_t const by_size = options.entries_max / (MemoryCache::kOneShard / 2);
  return static_cast<unsigned>(std::bit_floor(std::min<std::size_t>(by_size, MemoryCache::kShardsMax)));
}

std::size_t index_of(base::Digest const& digest, unsigned count) noexcept {
  return (digest.high >> 32U) * count >> 32U;
}

}  // namespace

MemoryCache::MemoryCache(MemoryCacheOptions const& options, std::uint64_t seed) {
  for (auto& shard : shards_) {
    shard = std::make_unique<CacheShard>(budget_, seed);
    seed = (seed ^ seed >> 29U) * 0xbf58476d1ce4e5b9ULL + 1;
  }
  set_options(options);
}

ServerSlot MemoryCache::slot(std::string_view server) {
  std::lock_guard const guard(names_lock_);
  if (auto const found = names_.find(server); found != names_.end()) return found->second;
  if (names_.size() + 1 >= kServersMax) return ServerSlot{0};  // everybody else
  auto const slot = static_cast<ServerSlot>(names_.size() + 1);
  names_.emplace(server, slot);
  return slot;
}

// Looks again under the lock: the cache may have been given more shards meanwhile.
MemoryCache::Held MemoryCache::hold(base::Digest const& digest) const {
  for (;;) {
    unsigned const count = active();
    CacheShard& shard = *shards_[index_of(digest, count)];
    Held held{&shard, std::unique_lock(shard.lock)};
    if (active() == count) return held;
  }
}

KeptAnswer MemoryCache::find(base::Digest const& digest, base::TimePoint now) {
  Graveyard dead;
  Held const held = hold(digest);
  return held.shard->find(digest, now, dead);
}

bool MemoryCache::put(base::Digest const& digest, ServerSlot server, KeptAnswer const& answer,
                      base::TimePoint leaves, base::TimePoint now) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    Graveyard dead;
    auto outcome = CacheShard::Put::refused;
    {
      Held const held = hold(digest);
      bool const wanted = answer && leaves > now && CacheShard::cost_of(answer) <= budget_.bytes_max() / 4;
      if (wanted) outcome = held.shard->put(digest, server, answer, leaves, dead);
      if (outcome == CacheShard::Put::done) return true;
      if (outcome == CacheShard::Put::refused) {
        held.shard->reject(digest, dead);
        return false;
      }
    }
    if (!evict_elsewhere(outcome, server, digest)) break;
  }
  Graveyard dead;
  Held const held = hold(digest);
  held.shard->reject(digest, dead);
  return false;
}

// One entry of another shard leaves. No two locks at once. False: there is none anywhere.
bool MemoryCache::evict_elsewhere(CacheShard::Put what, ServerSlot server, base::Digest const& newcomer) {
  unsigned const start = elsewhere_.fetch_add(1, std::memory_order_relaxed);
  for (unsigned i = 0; i < kShardsMax; ++i) {
    CacheShard& shard = *shards_[(start + i) % kShardsMax];
    Graveyard dead;
    std::lock_guard const guard(shard.lock);
    bool const gone =
        what == CacheShard::Put::no_bytes ? shard.evict(dead) : shard.evict_of(server, newcomer, dead);
    if (gone) return true;
  }
  return false;
}

bool MemoryCache::erase(base::Digest const& digest) {
  Graveyard dead;
  Held const held = hold(digest);
  return held.shard->erase(digest, dead);
}

std::size_t MemoryCache::expire(base::TimePoint now, std::size_t budget) {
  std::lock_guard const sweeping(sweep_lock_);
  std::size_t gone = 0;
  for (unsigned turned = 0; budget > 0 && turned <= kShardsMax;) {
    Graveyard dead;
    CacheShard& shard = *shards_[sweep_shard_];
    std::lock_guard const guard(shard.lock);
    auto const stop = static_cast<Place>(
        std::min<std::uint64_t>(sweep_place_ + std::min<std::size_t>(budget, kSection), shard.end()));
    for (; sweep_place_ < stop; ++sweep_place_, --budget)
      gone += shard.expire(sweep_place_, now, dead) ? 1 : 0;
    if (sweep_place_ < shard.end()) continue;
    sweep_place_ = 1;
    sweep_shard_ = (sweep_shard_ + 1) % kShardsMax;
    ++turned;
  }
  return gone;
}

std::uint64_t MemoryCache::count(store::Selection const& what, base::TimePoint now) const {
  std::uint64_t selected = 0;
  std::vector<KeptAnswer> seen;
  for (auto const& shard : shards_) {
    for (Place at = 1;;) {
      bool more = false;
      {
        std::lock_guard const guard(shard->lock);
        Place const stop = std::min(at + kSection, shard->end());
        for (; at < stop; ++at) {
          if (KeptAnswer answer = shard->peek(at, now)) seen.push_back(std::move(answer));
        }
        more = at < shard->end();
      }
      for (KeptAnswer const& answer : seen)
        selected += what.everything() || what.matches(answer.labels()) ? 1 : 0;
      seen.clear();
      if (!more) break;
    }
  }
  return selected;
}

void MemoryCache::set_server_max(ServerSlot server, std::size_t entries_max) {
  std::lock_guard const reloading(reload_lock_);
  bool const capped = entries_max < CacheBudget::kNoCap;
  budget_.set_server_max(server, capped ? static_cast<std::uint32_t>(entries_max) : CacheBudget::kNoCap);
  for (auto const& shard : shards_) {
    std::lock_guard const guard(shard->lock);
    shard->set_capped(server, capped);
  }
  while (budget_.held_by(server) > budget_.server_max(server)) {
    if (!evict_elsewhere(CacheShard::Put::no_place_of_server, server, {})) break;
  }
}

void MemoryCache::set_options(MemoryCacheOptions const& options) {
  std::lock_guard const reloading(reload_lock_);
  auto const entries_max = std::min(options.entries_max, kEntriesMax);
  unsigned const count = shards_for(options);
  budget_.set_bytes_max(options.bytes_max);
  for (auto const& shard : shards_) {
    std::lock_guard const guard(shard->lock);
    shard->set_adaptive(options.policy == MemoryCacheOptions::Policy::adaptive);
  }
  if (count != active())
    reshape(entries_max, count);
  else
    apply_capacities(entries_max, count);
  while (budget_.bytes() > options.bytes_max) {
    if (!evict_elsewhere(CacheShard::Put::no_bytes, ServerSlot{}, {})) break;
  }
}

// The remainder goes to the first shards, one entry each. Shards that are over their share shrink in batches.
void MemoryCache::apply_capacities(std::size_t entries_max, unsigned count) {
  for (unsigned i = 0; i < kShardsMax; ++i) {
    CacheShard& shard = *shards_[i];
    std::size_t const share = i < count ? entries_max / count + (i < entries_max % count ? 1 : 0) : 0;
    for (bool more = true; more;) {
      Graveyard dead;
      std::lock_guard const guard(shard.lock);
      shard.set_capacity(std::min(share, EntrySlab::kPlacesMax));
      for (std::size_t n = 0; n < kBatch && shard.size() > shard.capacity(); ++n) shard.evict(dead);
      more = shard.size() > shard.capacity();
    }
  }
}

// Another number of shards: all entries move house, with every lock held, in the order of their warmth.
void MemoryCache::reshape(std::size_t entries_max, unsigned count) {
  {
    std::vector<std::unique_lock<std::mutex>> locks;
    for (auto const& shard : shards_) locks.emplace_back(shard->lock);
    std::vector<CacheShard::Moving> entries;
    for (auto const& shard : shards_) {
      for (auto& entry : shard->move_out()) entries.push_back(std::move(entry));
    }
    active_.store(count, std::memory_order_release);
    for (auto& entry : entries) shards_[index_of(entry.digest, count)]->move_in(std::move(entry));
  }
  apply_capacities(entries_max, count);
}

void MemoryCache::clear() {
  for (auto const& shard : shards_) {
    Graveyard dead;
    std::lock_guard const guard(shard->lock);
    shard->clear(dead);
  }
}

MemoryCacheCounters MemoryCache::counters() const {
  MemoryCacheCounters sum;
  for (auto const& shard : shards_) {
    std::lock_guard const guard(shard->lock);
    sum.add(shard->counters());
  }
  return sum;
}

bool MemoryCache::consistent() const {
  return std::all_of(shards_.begin(), shards_.end(), [](auto const& shard) {
    std::lock_guard const guard(shard->lock);
    return shard->consistent();
  });
}

}  // namespace weir::cache
