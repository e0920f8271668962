// EvictionOrder: who leaves when room is needed: W-TinyLFU with a window of any size.
//
// Brain; belongs to a shard (or a shadow) and its lock. Newcomers enter a window, least recently used out.
// What falls out of the window meets the coldest of the main part (a fifth on probation, the rest protected
// by having been used again), and the one that was asked for less often leaves. With a share of kWhole the
// window is everything and the order is exactly LRU. Shares follow the entries that are there, not a cap, so
// they also hold where bytes are the limit. Warm losers are let in once in a while, at random, so that nobody
// can keep a known set of keys out by making others look popular.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/entry_slab.hpp"
#include "base/frequency_sketch.hpp"

namespace weir::base {

class EvictionOrder {
 public:
  static constexpr std::size_t kWhole = 1000;  // shares are in thousandths

  EvictionOrder(EntrySlab& slab, std::uint64_t seed) noexcept : slab_(slab), random_(seed | 1U) {}

  void set_window(std::size_t share) noexcept { share_ = share; }
  std::size_t window_share() const noexcept { return share_; }

  void add(Place place) noexcept;
  void used(Place place) noexcept;
  void remove(Place place) noexcept;
  void clear() noexcept { window_ = probation_ = protected_ = {}; }

  // Whose turn it is; there is at least one entry, and the caller removes it.
  Place pick(FrequencySketch const& sketch) noexcept;

  // From the coldest to the warmest as far as lists can tell, for moving house.
  template <class Visit>
  void for_each_from_cold(Visit visit) const {
    for (List const* const list : {&probation_, &window_, &protected_}) {
      for (Place at = list->last; at != kNoPlace; at = slab_[at].previous()) visit(at);
    }
  }
  bool consistent() const noexcept;  // for tests: lists, counts and segments agree

 private:
  struct List {
    Place first = kNoPlace;  // the youngest
    Place last = kNoPlace;
    std::size_t size = 0;
  };
  std::size_t total() const noexcept { return window_.size + probation_.size + protected_.size; }
  std::size_t window_target(std::size_t entries) const noexcept;
  List& list_of(Segment segment) noexcept;
  void push(Segment segment, Place place) noexcept;
  void unlink(Place place) noexcept;
  void settle(std::size_t entries) noexcept;
  Place coldest_of_main() const noexcept {
    return probation_.last != kNoPlace ? probation_.last : protected_.last;
  }
  bool lets_in(Place candidate, Place victim, FrequencySketch const& sketch) noexcept;

  EntrySlab& slab_;
  std::uint64_t random_;
  std::size_t share_ = kWhole;
  List window_;
  List probation_;
  List protected_;
};

}  // namespace weir::base
