#include "net/side_thread.hpp"

namespace weir::net {

SideThread::SideThread() : thread_([this] { run(); }) {}

SideThread::~SideThread() {
  {
    std::lock_guard const guard(lock_);
    ending_ = true;
  }
  news_.notify_one();
  thread_.join();
}

bool SideThread::give(std::function<void()> work) {
  {
    std::lock_guard const guard(lock_);
    if (waiting_.size() >= kWaitingMax) return false;
    waiting_.push_back(std::move(work));
  }
  news_.notify_one();
  return true;
}

void SideThread::run() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock guard(lock_);
      news_.wait(guard, [this] { return ending_ || !waiting_.empty(); });
      if (ending_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

}  // namespace weir::net
