// OwnerLedger: how many entries of one table, or places of one gate, each principal holds, exact for any
// number of threads.
//
// Owned by a bounded table or a gate; any thread. A principal is known from its first entry to its last, so
// memory is bounded by the entries of the table. No lock is held when a call returns and none is taken inside
// another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir::base {

class OwnerLedger {
 public:
  // Stands for one principal; its address is valid as long as it holds an entry.
  struct Owner {
    std::string name;
    std::size_t entries = 0;
    std::uint32_t shard = 0;
  };

  explicit OwnerLedger(std::uint64_t seed) : seed_(seed) {}

  // Counts one more entry; null when `principal` already holds `entries_max`. Each success is paired with a
  // release().
  Owner* acquire(std::string_view principal, std::size_t entries_max);
  void release(Owner* owner) noexcept;

  std::size_t entries_of(std::string_view principal) const;
  std::size_t principals() const;

 private:
  static constexpr std::size_t kShards = 8;
  struct alignas(64) Shard {
    mutable std::mutex lock;
    std::unordered_map<std::string_view, Owner*> owners;  // the key views the owner's own name
  };

  std::uint32_t shard_of(std::string_view principal) const noexcept;
  std::uint64_t seed_;
  std::array<Shard, kShards> shards_;
};

}  // namespace weir::base
