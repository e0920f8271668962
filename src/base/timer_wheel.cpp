#include "base/timer_wheel.hpp"

#include <bit>

namespace weir::base {
namespace {
constexpr Duration kTick = std::chrono::milliseconds{1};
constexpr std::uint64_t kTickMax = (std::uint64_t{1} << (6 * 7)) - 1;
}  // namespace

std::uint64_t TimerWheel::floor_tick(TimePoint at) const noexcept {
  return at <= start_ ? 0 : static_cast<std::uint64_t>((at - start_) / kTick);
}

void TimerWheel::insert(TimerNode& node, TimePoint due) noexcept {
  std::uint64_t tick = 0;
  if (due > start_) {
    Duration const after = due - start_;
    tick = static_cast<std::uint64_t>(after / kTick) + (after % kTick == Duration::zero() ? 0U : 1U);
  }
  node.due_ = tick > kTickMax ? kTickMax : tick;
  place(node);
}

// The level is where the due tick first differs from the present one, so every node of a level shares all
// higher digits with the present and moves down exactly once per level.
void TimerWheel::place(TimerNode& node) noexcept {
  std::uint64_t const tick = node.due_ <= current_ ? current_ : node.due_;
  std::uint64_t const differs = tick ^ current_;
  int const level = differs == 0 ? 0 : (63 - std::countl_zero(differs)) / kSlotBits;
  auto const slot = static_cast<unsigned>(tick >> (level * kSlotBits)) % kSlots;
  auto const l = static_cast<std::size_t>(level);
  slots_[l][slot].push_back(node);
  occupied_[l] |= std::uint64_t{1} << slot;
}

std::optional<std::uint64_t> TimerWheel::next_tick() const noexcept {
  for (int level = 0; level < kLevels; ++level) {
    int const shift = level * kSlotBits;
    auto const position = static_cast<unsigned>(current_ >> shift) % kSlots;
    std::uint64_t const from = level == 0 ? position : position + 1;  // higher levels hold the future only
    if (from >= kSlots) continue;
    std::uint64_t const ahead = occupied_[static_cast<std::size_t>(level)] & (~std::uint64_t{0} << from);
    if (ahead == 0) continue;
    std::uint64_t const base = (current_ >> (shift + kSlotBits)) << (shift + kSlotBits);
    return base | (static_cast<std::uint64_t>(std::countr_zero(ahead)) << shift);
  }
  return std::nullopt;
}

std::optional<TimePoint> TimerWheel::next_due() const noexcept {
  auto const tick = next_tick();
  if (!tick) return std::nullopt;
  return start_ + kTick * static_cast<Duration::rep>(*tick);
}

void TimerWheel::collect(std::uint64_t target, IntrusiveList<TimerNode>& due) {
  while (due.empty()) {
    auto const next = next_tick();
    if (!next || *next > target) {
      if (target > current_) current_ = target;
      return;
    }
    current_ = *next;
    for (int level = kLevels - 1; level > 0; --level) {
      int const shift = level * kSlotBits;
      if ((current_ & ((std::uint64_t{1} << shift) - 1)) != 0) continue;
      auto const slot = static_cast<unsigned>(current_ >> shift) % kSlots;
      auto const l = static_cast<std::size_t>(level);
      if ((occupied_[l] >> slot & 1U) == 0) continue;
      occupied_[l] &= ~(std::uint64_t{1} << slot);
      IntrusiveList<TimerNode> moving;
      moving.take_all(slots_[l][slot]);
      while (TimerNode* const node = moving.pop_front()) place(*node);
    }
    auto const slot = static_cast<unsigned>(current_) % kSlots;
    occupied_[0] &= ~(std::uint64_t{1} << slot);
    due.take_all(slots_[0][slot]);
  }
}

}  // namespace weir::base
