#include "base/policy_duel.hpp"

#include <algorithm>

namespace weir::base {
namespace {

constexpr std::size_t kMovesMax = 8;
constexpr double kMemory = 0.9;    // of a score, from round to round: about twenty times the cache's size
constexpr double kClearly = 1.02;  // a change costs hits, so it must be worth while
constexpr std::size_t kLarge = 4096;

// Of a large shard fewer entries tell as much.
std::size_t shadow_max(std::size_t entries) noexcept {
  return entries <= kLarge ? PolicyDuel::kShadowEntries : PolicyDuel::kShadowEntries / 4;
}

std::size_t round_of(std::size_t entries) noexcept { return std::max<std::size_t>(200, entries * 2); }

}  // namespace

PolicyDuel::PolicyDuel(std::uint64_t seed)
    : shadows_{Shadow(seed, kShares[0]), Shadow(seed + 1, kShares[1]), Shadow(seed + 2, kShares[2]),
               Shadow(seed + 3, kShares[3])} {}

void PolicyDuel::Shadow::use(Digest const& digest, std::size_t entries_max, FrequencySketch const& sketch) {
  if (Place const found = slab.find(digest); found != kNoPlace) {
    order.used(found);
    ++hits;
    return;
  }
  for (std::size_t moved = 0; moved < kMovesMax && slab.size() >= entries_max; ++moved) {
    Place const out = order.pick(sketch);
    order.remove(out);
    slab.erase(out);
  }
  order.add(slab.insert(digest));
}

void PolicyDuel::Shadow::keep_sampled(std::uint64_t mask) {
  for (Place place = 1; place < slab.end(); ++place) {
    if (slab[place].segment() == Segment::free || (slab[place].digest().high & mask) == 0) continue;
    order.remove(place);
    slab.erase(place);
  }
}

bool PolicyDuel::use(Digest const& digest, std::size_t entries, FrequencySketch const& sketch) {
  if (entries > kLarge && !large_) {  // the shadows need a quarter of their room from now on
    large_ = true;
    for (Shadow& shadow : shadows_) shadow.forget();
  } else if (entries < kLarge / 2) {
    large_ = false;
  }
  while (entries >> shift_ > shadow_max(entries)) {
    mask_ = (1ULL << ++shift_) - 1;
    for (Shadow& shadow : shadows_) shadow.keep_sampled(mask_);
  }
  while (shift_ > 0 && entries >> shift_ < shadow_max(entries) / 4) mask_ = (1ULL << --shift_) - 1;
  if ((digest.high & mask_) != 0) return false;

  std::size_t const entries_max = std::max<std::size_t>(1, entries >> shift_);
  for (Shadow& shadow : shadows_) shadow.use(digest, entries_max, sketch);
  return ++uses_ >= round_of(entries_max) && finish_round();
}

bool PolicyDuel::finish_round() noexcept {
  uses_ = 0;
  std::size_t best = leader_;
  for (Shadow& shadow : shadows_) {
    shadow.score = shadow.score * kMemory + shadow.hits;
    shadow.hits = 0;
  }
  double const to_beat = shadows_[leader_].score * kClearly;
  for (std::size_t i = 0; i < shadows_.size(); ++i) {
    if (shadows_[i].score > std::max(to_beat, shadows_[best].score)) best = i;
  }
  bool const changed = best != leader_;
  leader_ = best;
  return changed;
}

void PolicyDuel::clear() noexcept {
  for (Shadow& shadow : shadows_) {
    shadow.forget();
    shadow.score = 0;
  }
}

}  // namespace weir::base
