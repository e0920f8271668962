// TimerWheel: many deadlines, O(1) to set and to drop, in order of time to the millisecond.
//
// A brain: it never asks for the time. One thread, or the lock of the table that owns it. Seven levels of 64
// slots at 1 ms cover 139 years. A deadline never fires early; it fires at the first advance() at or after
// it, rounded up to the next whole millisecond. Dropping a deadline is unlink() on its node; a node that dies
// leaves by itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/intrusive_list.hpp"

namespace weir::base {

class TimerNode : public ListHook {
 public:
  std::uint64_t due_tick() const noexcept { return due_; }

 private:
  friend class TimerWheel;
  std::uint64_t due_ = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start) : start_(start) {}

  void insert(TimerNode& node, TimePoint due) noexcept;  // re-inserting moves it

  // Calls fire(node) for each deadline at or before `now`, unlinked first; `fire` may insert and unlink
  // nodes.
  template <class Fire>
  void advance(TimePoint now, Fire fire) {
    std::uint64_t const target = floor_tick(now);
    IntrusiveList<TimerNode> due;
    for (;;) {
      collect(target, due);
      TimerNode* const node = due.pop_front();
      if (node == nullptr) return;
      fire(*node);
    }
  }

  // A time at or before the earliest deadline; nothing fires sooner. Empty when there is no deadline.
  std::optional<TimePoint> next_due() const noexcept;

 private:
  static constexpr int kLevels = 7;
  static constexpr int kSlotBits = 6;
  static constexpr unsigned kSlots = 1U << kSlotBits;

  std::uint64_t floor_tick(TimePoint at) const noexcept;
  void place(TimerNode& node) noexcept;
  std::optional<std::uint64_t> next_tick() const noexcept;
  void collect(std::uint64_t target, IntrusiveList<TimerNode>& due);

  TimePoint start_;
  std::uint64_t current_ = 0;
  std::array<std::uint64_t, kLevels> occupied_{};
  std::array<std::array<IntrusiveList<TimerNode>, kSlots>, kLevels> slots_;
};

}  // namespace weir::base
