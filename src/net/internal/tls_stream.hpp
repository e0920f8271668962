// TlsStream: TLS as a client over a connected socket; OpenSSL reads and writes the descriptor itself.
//
// handshake() first. Buffers are released while idle (SSL_MODE_RELEASE_BUFFERS).
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "net/internal/socket_stream.hpp"

struct ssl_st;

namespace weir::net::internal {

class TlsStream final : public SocketStream {
 public:
  TlsStream(std::unique_ptr<FdWatch> watch, std::string peer, ssl_st* ssl);
  ~TlsStream() override;

  enum class Shake { done, wants_read, wants_write, failed };
  Shake handshake() noexcept;
  std::string failure() const;  // why the handshake failed: certificate trouble first

  IoResult read(std::span<char> into) noexcept override;
  IoResult write(std::span<iovec const> from) noexcept override;
  void shutdown_write() noexcept override;

 private:
  IoResult outcome(int returned, int wanted, base::Event& ready) noexcept;
  ssl_st* ssl_;
};

}  // namespace weir::net::internal
