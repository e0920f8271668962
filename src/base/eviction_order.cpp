#include "base/eviction_order.hpp"

#include <algorithm>

namespace weir::base {
namespace {

constexpr std::size_t kMovesMax = 8;  // from the window at once, when its share has shrunk
constexpr unsigned kWarm = 6;
constexpr std::uint64_t kLuck = 128;
// A candidate has just been counted, a victim not since its last round: among keys that are used about
// equally often, one more means nothing.
constexpr unsigned kLead = 4;

}  // namespace

std::size_t EvictionOrder::window_target(std::size_t entries) const noexcept {
  return std::max<std::size_t>(1, entries * share_ / kWhole);
}

EvictionOrder::List& EvictionOrder::list_of(Segment segment) noexcept {
  if (segment == Segment::window) return window_;
  return segment == Segment::probation ? probation_ : protected_;
}

void EvictionOrder::push(Segment segment, Place place) noexcept {
  List& list = list_of(segment);
  SlabEntry& entry = slab_[place];
  entry.set_segment(segment);
  entry.set_previous(kNoPlace);
  entry.set_next(list.first);
  (list.first != kNoPlace ? void(slab_[list.first].set_previous(place)) : void(list.last = place));
  list.first = place;
  ++list.size;
}

void EvictionOrder::unlink(Place place) noexcept {
  SlabEntry const& entry = slab_[place];
  List& list = list_of(entry.segment());
  Place const before = entry.previous();
  Place const after = entry.next();
  (before != kNoPlace ? void(slab_[before].set_next(after)) : void(list.first = after));
  (after != kNoPlace ? void(slab_[after].set_previous(before)) : void(list.last = before));
  --list.size;
}

void EvictionOrder::add(Place place) noexcept {
  push(Segment::window, place);
  settle(total());
}

// Used again: the youngest of its list; protected if it was on probation. While the window is growing, what
// is used in the main part moves over, so that a switch to LRU forgets nothing that is in use.
void EvictionOrder::used(Place place) noexcept {
  Segment segment = slab_[place].segment();
  if (segment != Segment::window && window_.size < window_target(total())) {
    segment = Segment::window;
  } else if (segment == Segment::probation) {
    segment = Segment::protect;
  }
  unlink(place);
  push(segment, place);
  std::size_t const main = probation_.size + protected_.size;
  if (protected_.size * 5 <= main * 4) return;
  Place const oldest = protected_.last;
  unlink(oldest);
  push(Segment::probation, oldest);
}

void EvictionOrder::remove(Place place) noexcept { unlink(place); }

void EvictionOrder::settle(std::size_t entries) noexcept {
  std::size_t const target = window_target(entries);
  for (std::size_t moved = 0; moved < kMovesMax && window_.size > target; ++moved) {
    Place const oldest = window_.last;
    unlink(oldest);
    push(Segment::probation, oldest);
  }
}

// The newcomer is not in yet, but has its place in the window reckoned with.
Place EvictionOrder::pick(FrequencySketch const& sketch) noexcept {
  std::size_t const target = window_target(total());
  settle(total());
  Place const victim = coldest_of_main();
  if (victim == kNoPlace) return window_.last;
  if (window_.size < target || window_.last == kNoPlace) return victim;
  Place const candidate = window_.last;
  if (!lets_in(candidate, victim, sketch)) return candidate;
  unlink(candidate);
  push(Segment::probation, candidate);
  return victim;
}

bool EvictionOrder::lets_in(Place candidate, Place victim, FrequencySketch const& sketch) noexcept {
  unsigned const asked = sketch.estimate(slab_[candidate].digest());
  if (asked > sketch.estimate(slab_[victim].digest()) + asked / kLead) return true;
  random_ ^= random_ << 13U;
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  return asked >= kWarm && random_ % kLuck == 0;
}

bool EvictionOrder::consistent() const noexcept {
  struct Part {
    List const& list;
    Segment segment;
  };
  for (auto const& [list, segment] : {Part{window_, Segment::window}, Part{probation_, Segment::probation},
                                      Part{protected_, Segment::protect}}) {
    std::size_t count = 0;
    Place before = kNoPlace;
    for (Place at = list.first; at != kNoPlace; before = at, at = slab_[at].next(), ++count) {
      if (count >= list.size || slab_[at].segment() != segment || slab_[at].previous() != before)
        return false;
    }
    if (count != list.size || before != list.last) return false;
  }
  return total() == slab_.size();
}

}  // namespace weir::base
