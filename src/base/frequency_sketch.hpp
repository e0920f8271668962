// FrequencySketch: about how often a key was asked for lately, for keys that are in the cache and keys that
// are not.
//
// Belongs to a shard and its lock. Four counters of four bits for a key, all in one cache line; the least of
// them is the estimate, which is never too low. After ten uses an entry of the cache everything is halved, so
// that what was popular is forgotten. Four to eight bytes an entry of a large cache, sixteen and more of a
// small one; grows with fit() and keeps what it knows. The seed hides which keys share counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/digest.hpp"

namespace weir::base {

class FrequencySketch {
 public:
  static constexpr unsigned kMost = 15;

  explicit FrequencySketch(std::uint64_t seed) noexcept : seed_(seed) {}

  void fit(std::size_t entries);  // for a cache of so many
  void add(Digest const& digest) noexcept;
  unsigned estimate(Digest const& digest) const noexcept;
  void clear() noexcept;

 private:
  static constexpr std::size_t kBlockWords = 8;
  std::uint64_t hash_of(Digest const& digest) const noexcept;
  void halve() noexcept;

  std::uint64_t seed_;
  std::vector<std::uint64_t> words_;
  std::size_t entries_ = 0;
  std::size_t additions_ = 0;
};

}  // namespace weir::base
