// Gate: how many of a thing the process has at once: calls at work, connections, subscriptions.
//
// One per process and thing; any thread, no lock. Never more than `most` Passes live at a time; a lowered
// limit holds for newcomers. Whoever holds a Pass counts; the gate outlives its passes.
#pragma once

#include <atomic>
#include <optional>
#include <utility>

namespace weir::base {

class Gate {
 public:
  class Pass {  // one place; given back when it dies
   public:
    explicit Pass(Gate& gate) noexcept : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->inside_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    Gate* gate_;
  };

  explicit Gate(unsigned most) noexcept : most_(most) {}
  std::optional<Pass> enter() noexcept {
    if (inside_.fetch_add(1, std::memory_order_relaxed) >= most_.load(std::memory_order_relaxed)) {
      inside_.fetch_sub(1, std::memory_order_relaxed);
      return std::nullopt;
    }
    return Pass(*this);
  }
  void set_most(unsigned most) noexcept { most_ = most; }
  unsigned inside() const noexcept { return inside_.load(std::memory_order_relaxed); }

 private:
  std::atomic<unsigned> inside_{0};
  std::atomic<unsigned> most_;
};

}  // namespace weir::base
