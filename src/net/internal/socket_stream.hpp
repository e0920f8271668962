// SocketStream: the plain-bytes Stream over a descriptor; TlsStream builds on it.
//
// Owned like every Stream by one task of one worker; closes the descriptor when it dies.
#pragma once

#include <sys/types.h>

#include "net/internal/fd_watch.hpp"
#include "net/stream.hpp"

namespace weir::net::internal {

class SocketStream : public Stream {
 public:
  SocketStream(std::unique_ptr<FdWatch> watch, mode_t kind, std::string peer);  // kind: S_IFSOCK, S_IFIFO, …

  IoResult read(std::span<char> into) noexcept override;
  IoResult write(std::span<iovec const> from) noexcept override;
  void shutdown_write() noexcept override;
  std::string peer() const override { return peer_; }
  std::size_t under_way() const noexcept override;

 protected:
  void want_read() noexcept override {}  // the watch reports everything, unasked
  void want_write() noexcept override {}
  int fd() const noexcept { return watch_->fd(); }
  FdWatch& watch() noexcept { return *watch_; }

 private:
  ssize_t hand_over(std::span<iovec const> from) noexcept;

  std::unique_ptr<FdWatch> watch_;
  mode_t kind_;
  std::string peer_;
};

}  // namespace weir::net::internal
