// IoLoop: the Scheduler of one worker thread over epoll: sockets, pipes, deadlines, posts from other threads.
//
// run() is called by the thread that then owns everything made on this loop. Only post() and stop() may be
// called from other threads; they take no lock. A turn is: what was posted, what is ready, then one
// epoll_wait that lasts until the next deadline at most. Events only make coroutines ready, they never run
// one; so nothing that an event of this turn refers to can die before all of them are delivered.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/scheduler.hpp"

namespace weir::net {

namespace internal {
class FdWatch;
}

class IoLoop final : public base::Scheduler {
 public:
  explicit IoLoop(base::Clock const& clock);
  ~IoLoop() override;  // after everything that was made on it; work still posted is dropped

  void run();   // until stop(), which also counts when it came first; may be called again
  void stop();  // any thread
  void post(std::function<void()> work) override;  // any thread, in order

 protected:
  void wake() noexcept override {}  // every turn ends with what is ready
  void wake_by(base::TimePoint due) noexcept override;

 private:
  friend class internal::FdWatch;
  static constexpr int kEventsPerTurn = 256;
  struct Post;

  void ring() noexcept;  // ends the epoll_wait in progress, or the next one
  Post* take_posts() noexcept;
  void run_posts();
  void wait_for_events();
  int patience_ms() const noexcept;

  int epoll_;
  int bell_;  // an eventfd
  std::uint32_t turn_ = 0;
  base::TimePoint next_due_ = base::TimePoint::max();
  base::IntrusiveList<internal::FdWatch> paused_;  // had their share of this turn
  std::atomic<Post*> posts_{nullptr};              // the latest first
  std::atomic<bool> stop_{false};
};

}  // namespace weir::net
