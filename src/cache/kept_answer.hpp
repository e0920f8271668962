// KeptAnswer: one answer in memory, never changed, shared by counting in one allocation.
//
// A counted reference; an empty one holds nothing. Copying is one atomic addition; any thread. The block is a
// header of 28 bytes, the labels as packed text, and the bytes. To be that small the header rounds, always so
// that nothing is good for longer than was said: times to whole milliseconds, lifetimes above nine minutes to
// 1/262,144 of themselves, costs above one second upwards to 1/512. Limits: kBytesMax for an answer (make()
// gives an empty one for more); 2^40 - 1 for `born`, above which an answer passes for older than it is; nine
// hours for `cost`; 16 million references to one answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "store/selection.hpp"

namespace weir::cache {

struct AnswerFacts {
  base::TimePoint fetched;
  base::Duration fresh_for{};  // from `fetched`
  base::Duration kept_for{};   // from `fetched`; good as a stale answer until then
  base::Duration cost{};       // what the fetch took
  std::uint64_t born = 0;      // MarkBook::latest() before the fetch
  std::uint32_t meta_at = 0;   // a place in the bytes; 0: none
  bool negative = false;       // a remembered "not found"
  bool from_store = false;     // came from the second tier
};

class KeptAnswer {
 public:
  static constexpr std::size_t kBytesMax = (1U << 24U) - 1;

  KeptAnswer() = default;
  KeptAnswer(KeptAnswer const& other) noexcept : block_(other.block_) { hold(); }
  KeptAnswer(KeptAnswer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  KeptAnswer& operator=(KeptAnswer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~KeptAnswer() {
    if (block_ != nullptr) let_go();
  }

  static KeptAnswer make(AnswerFacts const& facts, store::Labels const& labels, std::string_view bytes);

  // None of these may be asked of an empty reference.
  std::string_view bytes() const noexcept;
  AnswerFacts facts() const noexcept;
  store::Labels labels() const;
  std::uint64_t born() const noexcept;
  void raise_born(std::uint64_t born) const noexcept;  // never lowers it
  std::size_t footprint() const noexcept;              // of the block in the heap, allocator's share included

  explicit operator bool() const noexcept { return block_ != nullptr; }
  friend bool operator==(KeptAnswer const&, KeptAnswer const&) = default;  // the same block

  // For tables that keep references in fewer bits. What release() gave must go to adopt() once.
  static KeptAnswer adopt(void* block) noexcept {
    KeptAnswer answer;
    answer.block_ = static_cast<Block*>(block);
    return answer;
  }
  void* release() noexcept { return std::exchange(block_, nullptr); }

 private:
  struct Block;
  void hold() const noexcept;
  void let_go() noexcept;

  Block* block_ = nullptr;
};

}  // namespace weir::cache
