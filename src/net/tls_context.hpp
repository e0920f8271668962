// TlsContext: what TLS connections to upstreams share: the system's trusted certificates, versions,
// verification.
//
// Building one reads the system bundle (about 20 ms, 0.8 MiB): build it before the loops start or off the
// loop, once, and share it. Immutable afterwards, used from all workers. TLS 1.2 and 1.3; the peer's name is
// always verified.
#pragma once

#include <memory>

#include "base/result.hpp"

struct ssl_ctx_st;

namespace weir::net {

class TlsContext {
 public:
  static base::Result<std::shared_ptr<TlsContext const>> system();  // errors: config
  ~TlsContext();

  ssl_ctx_st* native() const noexcept { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) noexcept : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace weir::net
