#include "app/stdio_streams.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/fd_stream.hpp"

namespace weir::app {

using base::Result;

namespace {

// A file, or a device like /dev/null: the kernel offers no readiness for it, and it is always ready.
class FileStream final : public net::Stream {
 public:
  FileStream(base::Scheduler& scheduler, int fd) : Stream(scheduler), fd_(fd) {
    read_ready_.set();
    write_ready_.set();
  }
  ~FileStream() override { ::close(fd_); }

  net::IoResult read(std::span<char> into) noexcept override {
    return result(::read(fd_, into.data(), into.size()));
  }
  net::IoResult write(std::span<iovec const> from) noexcept override {
    return result(::writev(fd_, from.data(), static_cast<int>(from.size())));
  }
  void shutdown_write() noexcept override {}
  std::string peer() const override { return "file"; }

 protected:
  void want_read() noexcept override {}
  void want_write() noexcept override {}

 private:
  static net::IoResult result(ssize_t moved) noexcept {
    if (moved > 0) return {net::IoState::moved, static_cast<std::size_t>(moved)};
    return {moved == 0 ? net::IoState::ended : net::IoState::failed};
  }
  int fd_;
};

int own_copy(int fd, mode_t kind, int access) {
  if (S_ISFIFO(kind) || ::isatty(fd) != 0) {
    auto const path = fmt::format("/proc/self/fd/{}", fd);
    int const anew = ::open(path.c_str(), access | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (anew >= 0) return anew;
  }
  return ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

Result<std::unique_ptr<net::Stream>> stream_of(net::IoLoop& loop, int fd, int access) {
  auto const failed = [fd](int cause) {
    return base::Error(
        base::Fault::internal, base::Blame::gateway,
        fmt::format("{} cannot be used: {}", fd == STDIN_FILENO ? "stdin" : "stdout", std::strerror(cause)));
  };
  struct stat what {};
  if (::fstat(fd, &what) != 0) return failed(errno);
  int const own = own_copy(fd, what.st_mode, access);
  if (own < 0) return failed(errno);
  bool const always_ready = S_ISREG(what.st_mode) || (S_ISCHR(what.st_mode) && ::isatty(fd) == 0);
  if (always_ready) return std::make_unique<FileStream>(loop, own);
  auto stream = net::make_fd_stream(loop, own, "stdio");
  if (!stream) return failed(EINVAL);
  return stream;
}

}  // namespace

Result<StdioStreams> take_stdio(net::IoLoop& loop) {
  StdioStreams streams;
  auto in = stream_of(loop, STDIN_FILENO, O_RDONLY);
  if (!in) return in.error();
  auto out = stream_of(loop, STDOUT_FILENO, O_WRONLY);
  if (!out) return out.error();
  int const nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) {
    ::dup2(nothing, STDIN_FILENO);
    ::close(nothing);
  }
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  return StdioStreams{std::move(*in), std::move(*out)};
}

}  // namespace weir::app
