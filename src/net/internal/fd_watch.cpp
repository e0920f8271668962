#include "net/internal/fd_watch.hpp"

#include <unistd.h>

namespace weir::net::internal {

std::shared_ptr<FdWatch> adopt_fd(IoLoop& loop, int fd) {
  auto watch = std::make_shared<FdWatch>(loop);
  boost::system::error_code error;
  watch->descriptor.assign(fd, error);
  if (!error) watch->descriptor.native_non_blocking(true, error);
  if (!error) return watch;
  if (!watch->descriptor.is_open()) ::close(fd);
  return nullptr;
}

void FdWatch::arm_read(std::shared_ptr<FdWatch> const& self) {
  if (self->reading) return;
  self->reading = true;
  self->descriptor.async_wait(Descriptor::wait_read, [self](boost::system::error_code const&) {
    self->reading = false;
    if (self->on_read == nullptr) return;
    self->on_read->set();
    self->loop.run_pending();
  });
}

void FdWatch::arm_write(std::shared_ptr<FdWatch> const& self) {
  if (self->writing) return;
  self->writing = true;
  self->descriptor.async_wait(Descriptor::wait_write, [self](boost::system::error_code const&) {
    self->writing = false;
    if (self->on_write == nullptr) return;
    self->on_write->set();
    self->loop.run_pending();
  });
}

void FdWatch::abandon() noexcept {
  on_read = nullptr;
  on_write = nullptr;
  boost::system::error_code ignored;
  descriptor.close(ignored);
}

}  // namespace weir::net::internal
