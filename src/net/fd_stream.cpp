#include "net/fd_stream.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "net/internal/fd_watch.hpp"
#include "net/internal/socket_stream.hpp"

namespace weir::net {
namespace internal {
namespace {

// glibc's recv() and send() are cancellation points: in a program with threads each arms and disarms that
// with two locked operations. Nobody cancels a worker, and there are four such calls to each of ours.
ssize_t receive(int fd, std::span<char> into) noexcept {
  return ::syscall(SYS_recvfrom, fd, into.data(), into.size(), 0, nullptr, nullptr);
}

ssize_t send_one(int fd, iovec const& piece) noexcept {
  return ::syscall(SYS_sendto, fd, piece.iov_base, piece.iov_len, MSG_NOSIGNAL, nullptr, 0);
}

}  // namespace

SocketStream::SocketStream(std::unique_ptr<FdWatch> watch, mode_t kind, std::string peer)
    : Stream(watch->loop()), watch_(std::move(watch)), kind_(kind), peer_(std::move(peer)) {
  watch_->attach(&read_ready_, &write_ready_);
}

IoResult SocketStream::read(std::span<char> into) noexcept {
  // Nothing came since the last read found the end: what comes later is an event of its own. A pipe is asked
  // all the same: its reader may know from elsewhere that the writer is done.
  if (watch_->paused() || (S_ISSOCK(kind_) && !read_ready_.is_set())) return {IoState::blocked};
  for (;;) {
    ssize_t const got = S_ISSOCK(kind_) ? receive(fd(), into) : ::read(fd(), into.data(), into.size());
    if (got > 0) {
      auto const bytes = static_cast<std::size_t>(got);
      bool const all =
          !S_ISCHR(kind_) && watch_->drained(bytes, into.size());  // a terminal gives single lines
      if (all || !watch_->may_go_on(bytes)) read_ready_.reset();
      return {IoState::moved, bytes};
    }
    if (got == 0) return {IoState::ended};
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {IoState::failed};
    read_ready_.reset();
    return {IoState::blocked};
  }
}

// One piece, the usual case, goes without a msghdr for the kernel to fetch and check.
ssize_t SocketStream::hand_over(std::span<iovec const> from) noexcept {
  if (!S_ISSOCK(kind_)) return ::writev(fd(), from.data(), static_cast<int>(from.size()));
  if (from.size() == 1) return send_one(fd(), from[0]);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());
  message.msg_iovlen = from.size();
  return ::sendmsg(fd(), &message, MSG_NOSIGNAL);
}

IoResult SocketStream::write(std::span<iovec const> from) noexcept {
  for (;;) {
    ssize_t const put = hand_over(from);
    if (put >= 0) return {IoState::moved, static_cast<std::size_t>(put)};
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET) return {IoState::ended};
    if (errno != EAGAIN && errno != EWOULDBLOCK) return {IoState::failed};
    write_ready_.reset();
    return {IoState::blocked};
  }
}

std::size_t SocketStream::under_way() const noexcept {
  int bytes = 0;
  return ::ioctl(watch_->fd(), SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

void SocketStream::shutdown_write() noexcept {
  if (S_ISSOCK(kind_)) {
    ::shutdown(fd(), SHUT_WR);
  } else {
    watch_->close();  // a pipe has one direction: its end is its close
  }
}

}  // namespace internal

std::unique_ptr<Stream> make_fd_stream(IoLoop& loop, int fd, std::string peer) {
  struct stat what {};
  if (::fstat(fd, &what) != 0) what.st_mode = 0;
  auto watch = internal::FdWatch::adopt(loop, fd, internal::FdWatch::Mode::edges);
  if (!watch) return nullptr;
  return std::make_unique<internal::SocketStream>(std::move(watch), what.st_mode, std::move(peer));
}

namespace {

class WatchedFd final : public Readable {
 public:
  explicit WatchedFd(std::unique_ptr<internal::FdWatch> watch)
      : event_(watch->loop()), watch_(std::move(watch)) {
    watch_->attach(&event_, nullptr);
  }
  base::Event& event() noexcept override { return event_; }
  void again() noexcept override {
    event_.reset();
    watch_->rearm();
  }

 private:
  base::Event event_;
  std::unique_ptr<internal::FdWatch> watch_;
};

}  // namespace

std::unique_ptr<Readable> watch_fd(IoLoop& loop, int fd) {
  auto watch = internal::FdWatch::adopt(loop, fd, internal::FdWatch::Mode::once);
  if (!watch) return nullptr;
  return std::make_unique<WatchedFd>(std::move(watch));
}

}  // namespace weir::net
