// Waiting for one another on one thread: Event, Semaphore, BoundedQueue. All are cancelled by destruction.
//
// Each borrows the Scheduler of its thread. None allocates except the queue's storage.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/scheduler.hpp"

namespace weir::base {

// Once set it stays set until reset(); everyone who waits goes on.
class Event {
 public:
  explicit Event(Scheduler& scheduler) noexcept : scheduler_(scheduler) {}
  bool is_set() const noexcept { return set_; }
  void set() noexcept {
    set_ = true;
    while (Waiter* const waiter = waiters_.pop_front()) scheduler_.make_ready(*waiter);
  }
  void reset() noexcept { set_ = false; }
  void enlist(Waiter& waiter) noexcept { waiters_.push_back(waiter); }  // for combinators

  auto wait() noexcept {
    struct Awaiter {
      Event& event;
      Waiter waiter;
      explicit Awaiter(Event& e) noexcept : event(e) {}
      bool await_ready() const noexcept { return event.set_; }
      void await_suspend(std::coroutine_handle<> self) noexcept {
        waiter.handle = self;
        event.waiters_.push_back(waiter);
      }
      void await_resume() const noexcept {}
    };
    return Awaiter(*this);
  }

 private:
  Scheduler& scheduler_;
  IntrusiveList<Waiter> waiters_;
  bool set_ = false;
};

// `count` places. A Permit is one of them; its destructor gives it back. First come, first served.
class Semaphore {
 public:
  class Permit {
   public:
    Permit() = default;
    explicit Permit(Semaphore& owner) noexcept : owner_(&owner) {}
    Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Permit() {
      if (owner_ != nullptr) owner_->give_back();
    }
    explicit operator bool() const noexcept { return owner_ != nullptr; }

   private:
    Semaphore* owner_ = nullptr;
  };

  Semaphore(Scheduler& scheduler, std::size_t count) noexcept : scheduler_(scheduler), free_(count) {}
  std::optional<Permit> try_acquire() noexcept {
    if (free_ == 0) return std::nullopt;
    --free_;
    return Permit(*this);
  }

  auto acquire() noexcept {
    struct Awaiter {
      Semaphore& owner;
      Place place;
      bool taken = false;
      explicit Awaiter(Semaphore& s) noexcept : owner(s) {}
      ~Awaiter() {
        if (place.granted && !taken) owner.give_back();  // cancelled after the hand-over: pass it on
      }
      bool await_ready() noexcept {
        if (owner.free_ == 0) return false;
        --owner.free_;
        return place.granted = true;
      }
      void await_suspend(std::coroutine_handle<> self) noexcept {
        place.handle = self;
        owner.waiting_.push_back(place);
      }
      Permit await_resume() noexcept {
        taken = true;
        return Permit(owner);
      }
    };
    return Awaiter(*this);
  }

 private:
  struct Place : Waiter {
    bool granted = false;
  };
  void give_back() noexcept {
    if (Place* const next = waiting_.pop_front()) {
      next->granted = true;  // handed over directly: a newcomer cannot slip in between
      scheduler_.make_ready(*next);
    } else {
      ++free_;
    }
  }
  Scheduler& scheduler_;
  IntrusiveList<Place> waiting_;
  std::size_t free_;
};

// At most `bound` elements; push says no when full. Any number of consumers.
template <class T>
class BoundedQueue {
 public:
  BoundedQueue(Scheduler& scheduler, std::size_t bound) : bound_(bound), filled_(scheduler) {}
  std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] bool push(T element) {
    if (closed_ || elements_.size() >= bound_) return false;
    elements_.push_back(std::move(element));
    filled_.set();
    return true;
  }
  void close() noexcept {  // consumers get what is left, then nothing
    closed_ = true;
    filled_.set();
  }
  bool closed() const noexcept { return closed_; }
  std::optional<T> try_pop() {
    if (elements_.empty()) return std::nullopt;
    T element = std::move(elements_.front());
    elements_.pop_front();
    if (elements_.empty() && !closed_) filled_.reset();
    return element;
  }
  // co_await filled(), then try_pop(); empty and closed() means the end.
  auto filled() noexcept { return filled_.wait(); }

 private:
  std::size_t bound_;
  std::deque<T> elements_;
  Event filled_;
  bool closed_ = false;
};

}  // namespace weir::base
