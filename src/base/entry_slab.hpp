// EntrySlab: the entries of one shard and the table that finds them by digest, in as few bytes as they need.
//
// Belongs to a shard (or a shadow) and to its lock. An entry is 36 bytes and has a small number, its place,
// for as long as it lives; lists link places. Grows by chunks of 256 entries and by a quarter of the table,
// so room for millions costs nothing while it is empty; when the last entry goes, all of it is given back.
// The table has groups of one cache line: fifteen slots with eight bits of the digest and the place, and how
// many entries had to move on to the next group. A look-up touches one line and one entry, as a rule, and so
// does an erasure. Limit: kPlacesMax entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"

namespace weir::base {

using Place = std::uint32_t;  // 0: none
constexpr Place kNoPlace = 0;

enum class Segment : std::uint8_t { free, window, probation, protect };

// Packed by hand: two digests of 64 bits, a pointer of 48, two places of 24, a time of 48, 12 bits of server
// and 2 of segment. User space has 47 bits of addresses, unless a process asks for more.
class SlabEntry {
 public:
  Digest digest() const noexcept { return {wide(words_[0], words_[1]), wide(words_[2], words_[3])}; }
  void set_digest(Digest const& d) noexcept {
    split(d.high, words_[0], words_[1]);
    split(d.low, words_[2], words_[3]);
  }
  void* body() const noexcept { return reinterpret_cast<void*>(wide(words_[5] & 0xffffU, words_[4])); }
  void set_body(void* body) noexcept;
  std::uint16_t server() const noexcept { return static_cast<std::uint16_t>(words_[5] >> 16U & 0xfffU); }
  void set_server(std::uint16_t s) noexcept { words_[5] = (words_[5] & 0xf000ffffU) | (s & 0xfffU) << 16U; }
  Segment segment() const noexcept { return static_cast<Segment>(words_[5] >> 28U); }
  void set_segment(Segment s) noexcept {
    words_[5] = (words_[5] & 0x0fffffffU) | static_cast<std::uint32_t>(s) << 28U;
  }
  Place previous() const noexcept { return words_[6] & 0xffffffU; }
  void set_previous(Place p) noexcept { words_[6] = (words_[6] & 0xff000000U) | p; }
  Place next() const noexcept { return words_[7] & 0xffffffU; }
  void set_next(Place p) noexcept { words_[7] = (words_[7] & 0xff000000U) | p; }
  // In whole milliseconds, rounded down: nothing stays longer than was said.
  TimePoint leaves() const noexcept;
  void set_leaves(TimePoint when) noexcept;

 private:
  static std::uint64_t wide(std::uint32_t high, std::uint32_t low) noexcept {
    return static_cast<std::uint64_t>(high) << 32U | low;
  }
  static void split(std::uint64_t value, std::uint32_t& high, std::uint32_t& low) noexcept {
    high = static_cast<std::uint32_t>(value >> 32U);
    low = static_cast<std::uint32_t>(value);
  }
  std::uint32_t words_[9] = {};
};
static_assert(sizeof(SlabEntry) == 36);

class EntrySlab {
 public:
  static constexpr std::size_t kPlacesMax = (1U << 24U) - 1;

  explicit EntrySlab(std::uint64_t seed) noexcept : seed_(seed) {}

  Place find(Digest const& digest) const noexcept;
  Place insert(Digest const& digest);  // which is not there; fewer than kPlacesMax are
  void erase(Place place);
  void clear() noexcept;  // bodies are the caller's

  SlabEntry& operator[](Place place) noexcept { return chunks_[place / kChunk][place % kChunk]; }
  SlabEntry const& operator[](Place place) const noexcept { return chunks_[place / kChunk][place % kChunk]; }
  std::size_t size() const noexcept { return size_; }
  Place end() const noexcept { return end_; }  // places that were ever used are below it

 private:
  static constexpr std::size_t kChunk = 256;
  static constexpr unsigned kSlots = 15;
  struct alignas(64) Group {
    std::uint32_t slots[kSlots] = {};  // eight bits of the digest and a place; 0: free
    std::uint32_t passed_on = 0;       // entries at home here that live further on
  };

  std::uint64_t hash_of(Digest const& digest) const noexcept { return digest.low ^ seed_; }
  std::size_t home_of(std::uint64_t hash) const noexcept { return (hash >> 32U) * groups_.size() >> 32U; }
  static std::uint32_t tag_of(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash) << 24U; }
  std::size_t after(std::size_t group) const noexcept { return group + 1 == groups_.size() ? 0 : group + 1; }
  void link(std::uint64_t hash, Place place) noexcept;
  void grow();

  std::uint64_t seed_;
  std::vector<std::unique_ptr<SlabEntry[]>> chunks_;
  std::vector<Group> groups_;
  std::size_t size_ = 0;
  Place end_ = 1;
  Place free_ = kNoPlace;  // free places, linked by next()
};

}  // namespace weir::base
