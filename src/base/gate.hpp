// Gate: how many of a thing the process has at once: calls at work, connections, subscriptions.
//
// One per process and thing; any thread. Never more than `most` Passes live at a time; a lowered limit holds
// for newcomers. Whoever holds a Pass counts; the gate outlives its passes. A gate with shares also lets no
// principal hold more than `most_of_one`, exactly, for those who enter with a name; it knows a principal from
// its first pass to its last, so it never knows more than `most`. Without a name no lock is taken, with one a
// short one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/owner_ledger.hpp"

namespace weir::base {

class Gate {
 public:
  class Pass {  // one place; given back when it dies
   public:
    explicit Pass(Gate& gate) noexcept : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), owner_(other.owner_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ == nullptr) return;
      if (owner_ != nullptr) gate_->shares_->ledger.release(owner_);
      gate_->inside_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    friend class Gate;
    Gate* gate_;
    OwnerLedger::Owner* owner_ = nullptr;  // whose share it is of; null: nobody's
  };

  explicit Gate(unsigned most) noexcept : most_(most) {}
  // `seed` is random, as for any table.
  Gate(unsigned most, unsigned most_of_one, std::uint64_t seed)
      : most_(most), shares_(std::make_unique<Shares>(most_of_one, seed)) {}

  std::optional<Pass> enter() noexcept {
    if (inside_.fetch_add(1, std::memory_order_relaxed) >= most_.load(std::memory_order_relaxed)) {
      inside_.fetch_sub(1, std::memory_order_relaxed);
      return std::nullopt;
    }
    return Pass(*this);
  }
  // Within the share of that principal too, where there are shares.
  std::optional<Pass> enter(std::string_view principal) {
    auto pass = enter();
    if (!pass || !shares_) return pass;
    pass->owner_ = shares_->ledger.acquire(principal, shares_->most_of_one);
    if (pass->owner_ == nullptr) pass.reset();
    return pass;
  }
  void set_most(unsigned most) noexcept { most_ = most; }
  unsigned inside() const noexcept { return inside_.load(std::memory_order_relaxed); }
  std::size_t principals() const { return shares_ ? shares_->ledger.principals() : 0; }  // with a share taken

 private:
  struct Shares {
    Shares(unsigned most, std::uint64_t seed) : most_of_one(most), ledger(seed) {}
    unsigned const most_of_one;
    OwnerLedger ledger;
  };
  std::atomic<unsigned> inside_{0};
  std::atomic<unsigned> most_;
  std::unique_ptr<Shares> const shares_;  // null: who comes first may have all
};

}  // namespace weir::base
