#include "base/entry_slab.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace weir::base {

void SlabEntry::set_body(void* body) noexcept {
  auto const address = reinterpret_cast<std::uintptr_t>(body);
  WEIR_ASSERT(address >> 48U == 0);
  words_[4] = static_cast<std::uint32_t>(address);
  words_[5] = (words_[5] & 0xffff0000U) | static_cast<std::uint32_t>(address >> 32U);
}

TimePoint SlabEntry::leaves() const noexcept {
  std::uint64_t const ms = wide(words_[6] >> 24U << 8U | words_[7] >> 24U, words_[8]);
  constexpr std::uint64_t kMost = 1ULL << 43U;  // what nanoseconds can say
  return TimePoint(std::chrono::milliseconds(static_cast<std::int64_t>(std::min(ms, kMost))));
}

void SlabEntry::set_leaves(TimePoint when) noexcept {
  auto const ms = std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch()).count();
  auto const kept = static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0));  // fits: nanoseconds did
  words_[6] = (words_[6] & 0xffffffU) | static_cast<std::uint32_t>(kept >> 40U) << 24U;
  words_[7] = (words_[7] & 0xffffffU) | static_cast<std::uint32_t>(kept >> 32U & 0xffU) << 24U;
  words_[8] = static_cast<std::uint32_t>(kept);
}

Place EntrySlab::find(Digest const& digest) const noexcept {
  if (size_ == 0) return kNoPlace;
  auto const hash = hash_of(digest);
  auto const tag = tag_of(hash);
  std::size_t at = home_of(hash);
  for (std::size_t tried = 0; tried < groups_.size(); ++tried, at = after(at)) {
    Group const& group = groups_[at];
    for (std::uint32_t const slot : group.slots) {
      if ((slot & 0xff000000U) != tag || slot == 0) continue;
      Place const place = slot & 0xffffffU;
      if (place != kNoPlace && (*this)[place].digest() == digest) return place;
    }
    if (group.passed_on == 0) break;
  }
  return kNoPlace;
}

Place EntrySlab::insert(Digest const& digest) {
  WEIR_ASSERT(size_ < kPlacesMax);
  if ((size_ + 1) * 9 > groups_.size() * kSlots * 8) grow();  // eight ninths full at most
  Place place = free_;
  if (place != kNoPlace) {
    free_ = (*this)[place].next();
  } else {
    if (end_ / kChunk >= chunks_.size()) chunks_.push_back(std::make_unique<SlabEntry[]>(kChunk));
    place = end_++;
  }
  (*this)[place].set_digest(digest);
  link(hash_of(digest), place);
  ++size_;
  return place;
}

void EntrySlab::link(std::uint64_t hash, Place place) noexcept {
  for (std::size_t at = home_of(hash);; at = after(at)) {
    for (std::uint32_t& slot : groups_[at].slots) {
      if (slot != 0) continue;
      slot = tag_of(hash) | place;
      return;
    }
    ++groups_[at].passed_on;
  }
}

void EntrySlab::erase(Place place) {
  if (size_ == 1) return clear();
  SlabEntry& entry = (*this)[place];
  auto const hash = hash_of(entry.digest());
  auto const sought = tag_of(hash) | place;
  for (std::size_t at = home_of(hash);; at = after(at)) {
    auto* const found = std::find(std::begin(groups_[at].slots), std::end(groups_[at].slots), sought);
    if (found != std::end(groups_[at].slots)) {
      *found = 0;
      break;
    }
    --groups_[at].passed_on;
  }
  entry = SlabEntry{};
  entry.set_next(free_);
  free_ = place;
  --size_;
}

void EntrySlab::grow() {
  std::size_t const wanted = groups_.size() < 64 ? std::max<std::size_t>(4, groups_.size() * 2)
                                                 : groups_.size() + groups_.size() / 4;
  std::vector<Group>(wanted).swap(groups_);
  for (Place place = 1; place < end_; ++place) {
    SlabEntry const& entry = (*this)[place];
    if (entry.segment() != Segment::free) link(hash_of(entry.digest()), place);
  }
}

void EntrySlab::clear() noexcept {
  if (end_ > kChunk) {
    std::vector<Group>{}.swap(groups_);
    std::vector<std::unique_ptr<SlabEntry[]>>{}.swap(chunks_);
  } else {  // a cache of few entries does not give its room back over and over
    std::fill(groups_.begin(), groups_.end(), Group{});
    for (Place place = 1; place < end_; ++place) (*this)[place] = SlabEntry{};
  }
  size_ = 0;
  end_ = 1;
  free_ = kNoPlace;
}

}  // namespace weir::base
