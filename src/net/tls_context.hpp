// TlsContext: what TLS connections to others share: trusted certificates, versions, verification.
//
// Building one reads the system bundle (about 20 ms, 0.8 MiB): build it before the loops start or off the
// loop, once, and share it. Immutable afterwards, used from all workers. TLS 1.2 and 1.3; the peer's name is
// always verified.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"

struct ssl_ctx_st;

namespace weir::net {

class TlsContext {
 public:
  static base::Result<std::shared_ptr<TlsContext const>> system();  // errors: config
  // Trusts the authorities in this PEM file and no others: a private one, of a Redis for example.
  static base::Result<std::shared_ptr<TlsContext const>> with_authority(std::string const& file);
  ~TlsContext();

  ssl_ctx_st* native() const noexcept { return context_; }

 private:
  static std::shared_ptr<TlsContext const> make();  // trusts nobody; null: no memory
  explicit TlsContext(ssl_ctx_st* context) noexcept : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace weir::net
