// IoLoop: the Scheduler of one worker thread, over Boost.Asio: sockets, pipes, kernel timer, posts from other
// threads.
//
// run() is called by the thread that then owns everything made on this loop. Only post() and stop() may be
// called from other threads. One kernel timer serves the whole timer wheel. Asio itself is visible in
// src/net/internal only.
#pragma once

#include <functional>
#include <memory>

#include "base/scheduler.hpp"

namespace weir::net {

namespace internal {
struct AsioLoop;
}

class IoLoop final : public base::Scheduler {
 public:
  explicit IoLoop(base::Clock const& clock);
  ~IoLoop() override;

  void run();                                      // until stop(); may be called again
  void stop();                                     // any thread
  void post(std::function<void()> work) override;  // any thread

  internal::AsioLoop& asio() noexcept { return *asio_; }
  void run_pending() { run_ready(); }  // for this folder: call at the end of every Asio handler

 protected:
  void wake() noexcept override {}  // every way into this thread ends in run_pending()
  void wake_by(base::TimePoint due) noexcept override;

 private:
  void on_timer();
  std::unique_ptr<internal::AsioLoop> asio_;
  base::TimePoint armed_ = base::TimePoint::max();
};

}  // namespace weir::net
