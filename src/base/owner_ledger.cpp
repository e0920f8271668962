#include "base/owner_ledger.hpp"

#include <memory>

#include "base/hash.hpp"

namespace weir::base {

std::uint32_t OwnerLedger::shard_of(std::string_view principal) const noexcept {
  return static_cast<std::uint32_t>(hash64(principal, seed_) % kShards);
}

OwnerLedger::Owner* OwnerLedger::acquire(std::string_view principal, std::size_t entries_max) {
  std::uint32_t const index = shard_of(principal);
  Shard& shard = shards_[index];
  std::lock_guard const guard(shard.lock);
  auto const found = shard.owners.find(principal);
  if (found != shard.owners.end()) {
    if (found->second->entries >= entries_max) return nullptr;
    ++found->second->entries;
    return found->second;
  }
  if (entries_max == 0) return nullptr;
  auto owner = std::make_unique<Owner>(Owner{std::string(principal), 1, index});
  shard.owners.emplace(owner->name, owner.get());
  return owner.release();
}

void OwnerLedger::release(Owner* owner) noexcept {
  std::unique_ptr<Owner> last;
  Shard& shard = shards_[owner->shard];
  std::lock_guard const guard(shard.lock);
  if (--owner->entries > 0) return;
  shard.owners.erase(owner->name);
  last.reset(owner);
}

std::size_t OwnerLedger::entries_of(std::string_view principal) const {
  Shard const& shard = shards_[shard_of(principal)];
  std::lock_guard const guard(shard.lock);
  auto const found = shard.owners.find(principal);
  return found == shard.owners.end() ? 0 : found->second->entries;
}

std::size_t OwnerLedger::principals() const {
  std::size_t count = 0;
  for (Shard const& shard : shards_) {
    std::lock_guard const guard(shard.lock);
    count += shard.owners.size();
  }
  return count;
}

}  // namespace weir::base
