// CallGate: how many calls the process works on at once. One per process; any thread.
//
// Never more than `most` Passes live at a time; a lowered limit holds for newcomers.
#pragma once

#include <atomic>
#include <optional>
#include <utility>

namespace weir::edge {

class CallGate {
 public:
  class Pass {  // one place; given back when it dies
   public:
    explicit Pass(CallGate& gate) noexcept : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->inside_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    CallGate* gate_;
  };

  explicit CallGate(unsigned most) noexcept : most_(most) {}
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

}  // namespace weir::edge
