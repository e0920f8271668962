// SocketStream: the plain-bytes Stream over a descriptor; TlsStream builds on it.
//
// Owned like every Stream by one task of one worker; closes the descriptor when it dies.
#pragma once

#include "net/internal/fd_watch.hpp"
#include "net/stream.hpp"

namespace weir::net::internal {

class SocketStream : public Stream {
 public:
  SocketStream(std::shared_ptr<FdWatch> watch, bool is_socket, std::string peer);
  ~SocketStream() override;

  IoResult read(std::span<char> into) noexcept override;
  IoResult write(std::span<iovec const> from) noexcept override;
  void shutdown_write() noexcept override;
  std::string peer() const override { return peer_; }

 protected:
  void want_read() noexcept override;
  void want_write() noexcept override;
  int fd() noexcept { return watch_->fd(); }

 private:
  std::shared_ptr<FdWatch> watch_;
  bool is_socket_;
  std::string peer_;
};

}  // namespace weir::net::internal
