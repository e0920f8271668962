// ServerQueues: the entries of each server that has a cap of its own, least recently used last.
//
// Belongs to a shard and its lock. Costs nothing where no server has a cap; otherwise eight bytes a place,
// beside the slab. Holds places only; what they are is the slab's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/entry_slab.hpp"
#include "cache/cache_budget.hpp"

namespace weir::cache {

using base::kNoPlace;
using base::Place;

class ServerQueues {
 public:
  bool has(ServerSlot slot) const noexcept {
    auto const i = static_cast<std::size_t>(slot);
    return i < queues_.size() && queues_[i].open;
  }
  void open(ServerSlot slot);
  void close(ServerSlot slot) noexcept {
    if (has(slot)) queues_[static_cast<std::size_t>(slot)] = {};
  }
  void push(ServerSlot slot, Place place);  // as the youngest
  void remove(ServerSlot slot, Place place) noexcept;
  void used(ServerSlot slot, Place place) {
    remove(slot, place);
    push(slot, place);
  }
  Place oldest(ServerSlot slot) const noexcept {
    return has(slot) ? queues_[static_cast<std::size_t>(slot)].last : kNoPlace;
  }
  void clear() noexcept;  // the queues stay open

 private:
  struct Link {
    Place previous = kNoPlace, next = kNoPlace;
  };
  struct Queue {
    Place first = kNoPlace, last = kNoPlace;
    bool open = false;
  };
  std::vector<Queue> queues_;
  std::vector<Link> links_;
};

}  // namespace weir::cache
