// TlsContext: what TLS connections share: trusted certificates, our own, versions, verification, sessions.
//
// Building one reads the system bundle (about 20 ms, 0.8 MiB) or parses what it is given (0.3 ms): build it
// before the loops start or off the loop, once, and share it. Immutable afterwards, used from all workers.
// TLS 1.2 and 1.3. As a client the peer's name is verified unless a profile says otherwise, and sessions are
// kept for the next handshake with the same host. A connection keeps the OpenSSL side of its context alive.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "net/tls_profile.hpp"

struct ssl_ctx_st;

namespace weir::net {

class TlsContext {
 public:
  using Ptr = std::shared_ptr<TlsContext const>;

  static base::Result<Ptr> system();  // errors: config
  // Trusts the authorities in this PEM file and no others: a private one, of a Redis for example.
  static base::Result<Ptr> with_authority(std::string const& file);
  // For HTTP to a server with a trust of its own. A profile that names no authorities borrows those of
  // `system`, which may be null. Errors: config.
  static base::Result<Ptr> client(TlsProfile const& profile, TlsContext const* system);
  // For HTTP from our clients, who are asked for a certificate where the profile names authorities; one that
  // none of these has signed ends the handshake. Errors: config.
  static base::Result<Ptr> server(TlsProfile const& profile);
  ~TlsContext();

  ssl_ctx_st* native() const noexcept { return context_; }

 private:
  static std::shared_ptr<TlsContext const> make();  // trusts nobody; null: no memory
  explicit TlsContext(ssl_ctx_st* context) noexcept : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace weir::net
