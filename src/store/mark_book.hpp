// MarkBook: which answers must not be used any more, without touching a single one of them (F-35).
//
// An invalidation is a Mark: a selection and a number of a growing sequence. An answer is born with the
// number of the last mark that was known before its fetch began, so what was fetched before an invalidation
// can never pass for what came after it, however late it is put away. Making a mark takes effect at once and
// costs the same for one entry or a million. One book for each sequence: the process has its own, and a store
// that outlives it has one (store.hpp). Any thread; short lock, none where nothing was invalidated since an
// answer was born. Limit: kMarksMax; when there are more, the oldest become one mark on everything, which
// invalidates too much and never too little.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

#include "store/selection.hpp"

namespace weir::store {

struct Mark {
  Selection what;
  std::uint64_t number = 0;
  bool gone = false;  // not even good as a stale answer
};

enum class Verdict {
  current,   // not invalidated since it was born
  outdated,  // invalidated: good as a stale answer only
  gone,      // thrown away
};

class MarkBook {
 public:
  static constexpr std::size_t kMarksMax = 1024;
  static constexpr std::uint64_t kUnnumbered = std::numeric_limits<std::uint64_t>::max();

  // The number that a fetch which begins now is born with.
  std::uint64_t latest() const noexcept { return latest_.load(std::memory_order_acquire); }

  // A new mark, in effect when this returns. Its number.
  std::uint64_t add(Selection what, bool gone);

  // A new number without a mark: what is born from now on can be told from what was born before.
  std::uint64_t advance();

  // A mark that was numbered elsewhere, in any order.
  void put(Mark mark);

  // A mark whose number somebody else will give: until then everything it selects is invalidated, whenever it
  // was born. The ticket names it for settle().
  std::uint64_t add_unnumbered(Selection what, bool gone);
  void settle(std::uint64_t ticket, std::uint64_t number);  // 0: it will never have one; it is forgotten

  // `born` may be raised to latest(), as it was before the call, where the verdict is `current`.
  Verdict judge(Labels const& labels, std::uint64_t born) const;
  // True: judge() would say `current` whatever the labels. No lock.
  bool untouched_since(std::uint64_t born) const noexcept {
    return born == latest() && unnumbered_.load(std::memory_order_acquire) == 0;
  }

  std::vector<Mark> marks() const;  // for status and for stores, oldest first

 private:
  struct Pending {
    std::uint64_t ticket;
    Mark mark;
  };
  void insert(Mark mark);

  mutable std::mutex lock_;
  std::vector<Mark> marks_;  // by number
  std::vector<Pending> pending_;
  std::uint64_t tickets_ = 0;
  std::atomic<std::uint64_t> latest_{0};
  std::atomic<std::size_t> unnumbered_{0};
};

}  // namespace weir::store
