// LogSink: hands bytes to a file descriptor, however slowly it takes them.
//
// One thread, which may wait here. A pipe is opened once more for ourselves without blocking, so that a
// reader who stopped reading can hold up neither shutdown nor those who share the descriptor.
#pragma once

#include <atomic>
#include <string_view>

#include "base/clock.hpp"

namespace weir::observe {

class LogSink {
 public:
  static constexpr base::Duration kPatience = std::chrono::seconds{2};  // once hurried

  explicit LogSink(int fd);
  ~LogSink();
  LogSink(LogSink const&) = delete;
  LogSink& operator=(LogSink const&) = delete;

  // Returns how many bytes were taken: fewer when the reader is gone, or stuck while hurried.
  std::size_t write(std::string_view bytes) noexcept;

  void hurry() noexcept { hurried_ = true; }  // any thread: from now on wait for kPatience at most

 private:
  bool wait_writable() noexcept;

  int const borrowed_;
  int own_ = -1;
  std::atomic<bool> hurried_{false};
  int waits_left_ = 20;
};

}  // namespace weir::observe
