#include "base/frequency_sketch.hpp"

#include <algorithm>
#include <bit>

namespace weir::base {
namespace {

constexpr std::size_t kSmall = 8192;  // entries up to which room does not matter
constexpr std::size_t kSampleFactor = 10;

std::size_t words_for(std::size_t entries) noexcept {
  std::size_t const wanted = entries <= kSmall ? 2 * entries : std::max(2 * kSmall, entries / 2);
  return std::bit_ceil(std::max<std::size_t>(wanted, 64));
}

// Where the counter of a row is: rows have two words of a block each, so thirty-two counters.
struct Spot {
  std::size_t word;
  unsigned shift;
  Spot(std::size_t block, std::uint64_t hash, unsigned row) noexcept {
    auto const choice = static_cast<unsigned>(hash >> (32U + row * 8U)) & 31U;
    word = block + row * 2U + (choice >> 4U);
    shift = (choice & 15U) * 4U;
  }
};

}  // namespace

std::uint64_t FrequencySketch::hash_of(Digest const& digest) const noexcept {
  std::uint64_t const mixed = (digest.low + seed_) * 0x9e3779b97f4a7c15ULL;
  return mixed ^ mixed >> 32U ^ digest.high;
}

void FrequencySketch::fit(std::size_t entries) {
  entries_ = std::max<std::size_t>(entries, 16);
  std::size_t const wanted = words_for(entries_);
  if (words_.empty()) words_.resize(wanted);
  while (words_.size() < wanted) {  // each block becomes two with the same counters
    std::size_t const before = words_.size();
    words_.resize(before * 2);
    std::copy_n(words_.begin(), before, words_.begin() + static_cast<std::ptrdiff_t>(before));
  }
}

void FrequencySketch::add(Digest const& digest) noexcept {
  if (words_.empty()) return;
  auto const hash = hash_of(digest);
  std::size_t const block = (hash & (words_.size() / kBlockWords - 1)) * kBlockWords;
  bool added = false;
  for (unsigned row = 0; row < 4; ++row) {
    Spot const spot(block, hash, row);
    if ((words_[spot.word] >> spot.shift & kMost) == kMost) continue;
    words_[spot.word] += 1ULL << spot.shift;
    added = true;
  }
  if (added && ++additions_ >= kSampleFactor * entries_) halve();
}

unsigned FrequencySketch::estimate(Digest const& digest) const noexcept {
  if (words_.empty()) return 0;
  auto const hash = hash_of(digest);
  std::size_t const block = (hash & (words_.size() / kBlockWords - 1)) * kBlockWords;
  unsigned least = kMost;
  for (unsigned row = 0; row < 4; ++row) {
    Spot const spot(block, hash, row);
    least = std::min(least, static_cast<unsigned>(words_[spot.word] >> spot.shift & kMost));
  }
  return least;
}

void FrequencySketch::halve() noexcept {
  for (std::uint64_t& word : words_) word = word >> 1U & 0x7777777777777777ULL;
  additions_ /= 2;
}

void FrequencySketch::clear() noexcept {
  std::vector<std::uint64_t>{}.swap(words_);
  additions_ = 0;
}

}  // namespace weir::base
