#include "observe/internal/log_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace weir::observe {
namespace {
constexpr int kWaitMs = 100;
}

LogSink::LogSink(int fd) : borrowed_(fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0 || !S_ISFIFO(about.st_mode)) return;
  own_ = ::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

LogSink::~LogSink() {
  if (own_ >= 0) ::close(own_);
}

std::size_t LogSink::write(std::string_view bytes) noexcept {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    ssize_t const n = ::write(own_ >= 0 ? own_ : borrowed_, bytes.data() + taken, bytes.size() - taken);
    if (n > 0)
      taken += static_cast<std::size_t>(n);
    else if (n < 0 && errno == EINTR)
      continue;
    else if (n < 0 && errno == EAGAIN && wait_writable())
      continue;
    else
      break;
  }
  return taken;
}

bool LogSink::wait_writable() noexcept {
  static_assert(kPatience == std::chrono::milliseconds{kWaitMs} * 20);
  for (;;) {
    if (hurried_ && waits_left_-- <= 0) return false;
    pollfd waiting{own_ >= 0 ? own_ : borrowed_, POLLOUT, 0};
    if (::poll(&waiting, 1, kWaitMs) > 0) return true;
  }
}

}  // namespace weir::observe
