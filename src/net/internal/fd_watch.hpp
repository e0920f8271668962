// FdWatch: the part of a descriptor that Asio's handlers may still refer to after its owner has gone.
//
// Shared between the owner and the wait in flight. The owner clears `owner` and closes; a late handler then
// does nothing. Each arm costs one epoll_ctl; a wait that is already armed is not armed again.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <memory>

#include "base/sync.hpp"
#include "net/internal/asio_loop.hpp"

namespace weir::net::internal {

struct FdWatch {
  using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

  explicit FdWatch(IoLoop& l) : loop(l), descriptor(l.asio().context) {}

  IoLoop& loop;
  Descriptor descriptor;
  base::Event* on_read = nullptr;  // null once the owner has gone
  base::Event* on_write = nullptr;
  bool reading = false;
  bool writing = false;

  int fd() noexcept { return descriptor.native_handle(); }
  static void arm_read(std::shared_ptr<FdWatch> const& self);
  static void arm_write(std::shared_ptr<FdWatch> const& self);
  void abandon() noexcept;  // the owner goes: cancel and close
};

// Null when the kernel refuses; the descriptor is closed then.
std::shared_ptr<FdWatch> adopt_fd(IoLoop& loop, int fd);

}  // namespace weir::net::internal
