// SideThread: one thread for work that would hold up a loop for milliseconds: parsing certificates, reading
// files.
//
// Owned by the gateway; give() from any thread. Work runs in order and must not wait for anything but a disk.
// At most kWaitingMax wait, more are refused. The destructor waits for the work in hand and drops the rest,
// so whoever gives work must not count on its end.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace weir::net {

class SideThread {
 public:
  static constexpr std::size_t kWaitingMax = 1024;

  SideThread();
  ~SideThread();
  SideThread(SideThread const&) = delete;
  SideThread& operator=(SideThread const&) = delete;

  [[nodiscard]] bool give(std::function<void()> work);  // false: too much is waiting

 private:
  void run();

  std::mutex lock_;
  std::condition_variable news_;
  std::deque<std::function<void()>> waiting_;
  bool ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace weir::net
