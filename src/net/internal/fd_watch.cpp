#include "net/internal/fd_watch.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace weir::net::internal {
namespace {

constexpr std::uint32_t kEdges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kOnce = EPOLLIN | EPOLLONESHOT;
constexpr std::uint32_t kOver = EPOLLHUP | EPOLLERR;

bool never_blocks(int fd) noexcept {
  int const flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return false;
  return (flags & O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

}  // namespace

std::unique_ptr<FdWatch> FdWatch::adopt(IoLoop& loop, int fd, Mode mode) {
  std::unique_ptr<FdWatch> watch(new FdWatch(loop, fd));
  epoll_event event{};
  event.events = mode == Mode::edges ? kEdges : kOnce;
  event.data.ptr = watch.get();
  if (never_blocks(fd) && ::epoll_ctl(loop.epoll_, EPOLL_CTL_ADD, fd, &event) == 0) return watch;
  return nullptr;
}

FdWatch::~FdWatch() { close(); }

// Removed by hand: another process may share the open file, and closing our number would not end the events.
void FdWatch::close() noexcept {
  if (fd_ < 0) return;
  unlink();
  ::epoll_ctl(loop_.epoll_, EPOLL_CTL_DEL, fd_, nullptr);
  ::close(fd_);
  fd_ = -1;
}

void FdWatch::attach(base::Event* on_read, base::Event* on_write) noexcept {
  on_read_ = on_read;
  on_write_ = on_write;
  if (on_read_ != nullptr && std::exchange(readable_, false)) on_read_->set();
  if (on_write_ != nullptr && std::exchange(writable_, false)) on_write_->set();
}

void FdWatch::rearm() noexcept {
  epoll_event event{};
  event.events = kOnce;
  event.data.ptr = this;
  ::epoll_ctl(loop_.epoll_, EPOLL_CTL_MOD, fd_, &event);
}

bool FdWatch::may_go_on(std::size_t bytes) noexcept {
  if (std::exchange(turn_, loop_.turn_) != loop_.turn_) turn_bytes_ = 0;
  turn_bytes_ += static_cast<std::uint32_t>(bytes);
  if (turn_bytes_ <= kTurnBytesMax) return true;
  loop_.paused_.push_back(*this);
  return false;
}

void FdWatch::happened(std::uint32_t events) noexcept {
  if ((events & (EPOLLRDHUP | kOver)) != 0) hung_up_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | kOver)) != 0) go_on();
  if ((events & (EPOLLOUT | kOver)) == 0) return;
  if (on_write_ != nullptr) {
    on_write_->set();
  } else {
    writable_ = true;
  }
}

void FdWatch::go_on() noexcept {
  if (on_read_ != nullptr) {
    on_read_->set();
  } else {
    readable_ = true;
  }
}

}  // namespace weir::net::internal
