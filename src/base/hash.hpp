// Keyed 64-bit hashes for tables in memory (XXH3).
//
// The seed is drawn at random per table, so that a peer who chooses keys cannot choose collisions. Not
// collision resistant: a table compares the key itself. Nothing made here leaves the process or names a
// secret.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

namespace weir::base {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) noexcept;

struct TableHash {
  std::uint64_t operator()(std::string_view key, std::uint64_t seed) const noexcept {
    return hash64(key, seed);
  }
  template <std::integral Number>
  std::uint64_t operator()(Number key, std::uint64_t seed) const noexcept {
    return hash64({reinterpret_cast<char const*>(&key), sizeof key}, seed);
  }
};

}  // namespace weir::base
