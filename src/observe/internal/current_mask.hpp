// CurrentMask: the mask of the moment, which a reload replaces while all workers write lines.
//
// Owned by the log; any thread. Using it takes no lock. A mask that was replaced is destroyed at once if
// nobody is using one, otherwise with a later replace() or tidy() that finds nobody, or with the log.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "observe/log_line.hpp"

namespace weir::observe {

class CurrentMask {
 public:
  explicit CurrentMask(Mask first) { replace(std::move(first)); }

  // For the time of rendering one line.
  class Use {
   public:
    explicit Use(CurrentMask& of) noexcept : of_(of) {
      of_.uses_.fetch_add(1);  // before the mask is read: replace() looks in the opposite order
      mask_ = of_.now_.load();
    }
    Use(Use const&) = delete;
    Use& operator=(Use const&) = delete;
    ~Use() { of_.uses_.fetch_sub(1); }
    Mask const& operator*() const noexcept { return *mask_; }

   private:
    CurrentMask& of_;
    Mask const* mask_;
  };

  void replace(Mask mask) {
    std::lock_guard const guard(replacing_);
    kept_.push_back(std::make_unique<Mask const>(std::move(mask)));
    now_.store(kept_.back().get());
    drop_replaced();
  }
  void tidy() {
    std::lock_guard const guard(replacing_);
    drop_replaced();
  }

 private:
  void drop_replaced() {
    if (uses_.load() == 0) kept_.erase(kept_.begin(), kept_.end() - 1);
  }

  std::atomic<Mask const*> now_{nullptr};
  std::atomic<int> uses_{0};
  std::mutex replacing_;
  std::vector<std::unique_ptr<Mask const>> kept_;  // the current one last
};

}  // namespace weir::observe
