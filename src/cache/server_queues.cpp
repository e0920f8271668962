#include "cache/server_queues.hpp"

#include <algorithm>

namespace weir::cache {

void ServerQueues::open(ServerSlot slot) {
  auto const i = static_cast<std::size_t>(slot);
  if (i >= queues_.size()) queues_.resize(i + 1);
  queues_[i].open = true;
}

void ServerQueues::push(ServerSlot slot, Place place) {
  if (place >= links_.size()) links_.resize(std::max<std::size_t>(place + 1, links_.size() * 5 / 4));
  Queue& queue = queues_[static_cast<std::size_t>(slot)];
  links_[place] = {kNoPlace, queue.first};
  (queue.first != kNoPlace ? links_[queue.first].previous : queue.last) = place;
  queue.first = place;
}

void ServerQueues::remove(ServerSlot slot, Place place) noexcept {
  Queue& queue = queues_[static_cast<std::size_t>(slot)];
  Link const link = links_[place];
  (link.previous != kNoPlace ? links_[link.previous].next : queue.first) = link.next;
  (link.next != kNoPlace ? links_[link.next].previous : queue.last) = link.previous;
}

void ServerQueues::clear() noexcept {
  std::vector<Link>{}.swap(links_);
  for (Queue& queue : queues_) queue.first = queue.last = kNoPlace;
}

}  // namespace weir::cache
