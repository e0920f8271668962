// TlsStream: TLS over a connected socket, as its client or its server; OpenSSL reads and writes the
// descriptor itself.
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
  enum class Role { client, server };
  TlsStream(std::unique_ptr<FdWatch> watch, std::string peer, ssl_st* ssl, Role role = Role::client);
  ~TlsStream() override;

  enum class Shake { done, wants_read, wants_write, failed };
  Shake handshake() noexcept;
  void resume(std::string host);  // a client's: before the handshake; shortens it if `host` allows
  bool resumed() const noexcept;
  std::string failure() const;             // why the handshake failed: certificate trouble first
  bool distrusted() const noexcept;        // … because what the peer showed is not accepted here
  bool answered_plainly() const noexcept;  // … because it speaks no TLS; right after the handshake

  IoResult read(std::span<char> into) noexcept override;
  IoResult write(std::span<iovec const> from) noexcept override;
  void shutdown_write() noexcept override;
  PeerCertificate const* certificate() const noexcept override { return certificate_.get(); }
  std::optional<base::Error> refusal() const override;

 private:
  IoResult outcome(int returned, int wanted, base::Event& ready) noexcept;
  void read_certificate();
  void note_alert() noexcept;
  ssl_st* ssl_;
  Role role_;
  bool sound_ = false;  // since the handshake, and nothing has failed
  bool asked_ = false;  // the server has, for a certificate of ours
  bool heard_ = false;  // the peer has sent data: it has accepted us
  int alert_ = 0;       // that ended it
  std::string host_;    // sessions of this one are ours
  std::unique_ptr<PeerCertificate const> certificate_;
};

}  // namespace weir::net::internal
