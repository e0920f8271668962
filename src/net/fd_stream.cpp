#include "net/fd_stream.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "net/internal/fd_watch.hpp"
#include "net/internal/socket_stream.hpp"

namespace weir::net {
namespace internal {

SocketStream::SocketStream(std::shared_ptr<FdWatch> watch, bool is_socket, std::string peer)
    : Stream(watch->loop), watch_(std::move(watch)), is_socket_(is_socket), peer_(std::move(peer)) {
  watch_->on_read = &read_ready_;
  watch_->on_write = &write_ready_;
}

SocketStream::~SocketStream() { watch_->abandon(); }

void SocketStream::want_read() noexcept {
  if (!read_ready_.is_set()) FdWatch::arm_read(watch_);
}

void SocketStream::want_write() noexcept {
  if (!write_ready_.is_set()) FdWatch::arm_write(watch_);
}

IoResult SocketStream::read(std::span<char> into) noexcept {
  for (;;) {
    ssize_t const got =
        is_socket_ ? ::recv(fd(), into.data(), into.size(), 0) : ::read(fd(), into.data(), into.size());
    if (got > 0) {
      auto const bytes = static_cast<std::size_t>(got);
      if (bytes < into.size()) read_ready_.reset();  // drained: arming again asks the kernel afresh
      return {IoState::moved, bytes};
    }
    if (got == 0) return {IoState::ended};
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {IoState::failed};
    read_ready_.reset();
    return {IoState::blocked};
  }
}

IoResult SocketStream::write(std::span<iovec const> from) noexcept {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = from.size();
  for (;;) {
    ssize_t const put = is_socket_ ? ::sendmsg(fd(), &message, MSG_NOSIGNAL)
                                   : ::writev(fd(), from.data(), static_cast<int>(from.size()));
    if (put >= 0) return {IoState::moved, static_cast<std::size_t>(put)};
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET) return {IoState::ended};
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {IoState::failed};
    write_ready_.reset();
    return {IoState::blocked};
  }
}

void SocketStream::shutdown_write() noexcept {
  if (is_socket_) {
    ::shutdown(fd(), SHUT_WR);
  } else {
    watch_->abandon();  // a pipe has one direction: its end is its close
  }
}

}  // namespace internal

std::unique_ptr<Stream> make_fd_stream(IoLoop& loop, int fd, std::string peer) {
  struct stat what {};
  bool const is_socket = ::fstat(fd, &what) == 0 && S_ISSOCK(what.st_mode);
  auto watch = internal::adopt_fd(loop, fd);
  if (!watch) return nullptr;
  return std::make_unique<internal::SocketStream>(std::move(watch), is_socket, std::move(peer));
}

namespace {

class WatchedFd final : public Readable {
 public:
  WatchedFd(IoLoop& loop, std::shared_ptr<internal::FdWatch> watch) : event_(loop), watch_(std::move(watch)) {
    watch_->on_read = &event_;
    internal::FdWatch::arm_read(watch_);
  }
  ~WatchedFd() override { watch_->abandon(); }
  base::Event& event() noexcept override { return event_; }
  void again() noexcept override {
    event_.reset();
    internal::FdWatch::arm_read(watch_);
  }

 private:
  base::Event event_;
  std::shared_ptr<internal::FdWatch> watch_;
};

}  // namespace

std::unique_ptr<Readable> watch_fd(IoLoop& loop, int fd) {
  auto watch = internal::adopt_fd(loop, fd);
  if (!watch) return nullptr;
  return std::make_unique<WatchedFd>(loop, std::move(watch));
}

}  // namespace weir::net
