// PolicyDuel: which share of the window would have had the most hits lately.
//
// Brain; belongs to a shard and its lock. Small shadows of the shard, keys without answers, live with fixed
// shares from 1 % to everything, which is LRU. Each sees the same uses; of a large shard, those of a sample
// of the keys that fits into kShadowEntries. Uses are counted in rounds and forgotten slowly; a share that is
// clearly ahead wins the shard. So the shard stays close to the best of the shadows, whatever the traffic,
// and never falls behind LRU for long. Limit: four shadows of kShadowEntries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/entry_slab.hpp"
#include "base/eviction_order.hpp"
#include "base/frequency_sketch.hpp"

namespace weir::base {

class PolicyDuel {
 public:
  static constexpr std::size_t kShadowEntries = 1024;
  static constexpr std::array<std::size_t, 4> kShares = {10, 200, 600, EvictionOrder::kWhole};

  explicit PolicyDuel(std::uint64_t seed);

  // A use of a key, hit or miss, by a shard of so many entries. True: share() has changed.
  bool use(Digest const& digest, std::size_t entries, FrequencySketch const& sketch);
  std::size_t share() const noexcept { return kShares[leader_]; }
  void clear() noexcept;

 private:
  struct Shadow {
    EntrySlab slab;
    EvictionOrder order;
    double score = 0;
    std::uint32_t hits = 0;  // in this round
    Shadow(std::uint64_t seed, std::size_t share) noexcept : slab(seed), order(slab, seed) {
      order.set_window(share);
    }
    void use(Digest const& digest, std::size_t entries_max, FrequencySketch const& sketch);
    void keep_sampled(std::uint64_t mask);
    void forget() noexcept {
      order.clear();
      slab.clear();
    }
  };
  bool finish_round() noexcept;

  std::array<Shadow, kShares.size()> shadows_;
  std::size_t leader_ = 1;
  std::uint64_t mask_ = 0;  // of the bits that a sampled key has none of
  unsigned shift_ = 0;
  bool large_ = false;
  std::size_t uses_ = 0;
};

}  // namespace weir::base
