#include "net/tls_context.hpp"

#include <openssl/ssl.h>

namespace weir::net {

base::Result<std::shared_ptr<TlsContext const>> TlsContext::system() {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr)
    return base::Error(base::Fault::internal, base::Blame::gateway, "no memory for TLS");
  std::shared_ptr<TlsContext const> made(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);  // TlsStream relies on it
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_set_default_verify_paths(context) != 1) {
    return base::Error(base::Fault::config, base::Blame::gateway,
                       "the system's trusted certificates cannot be read (package ca-certificates)");
  }
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace weir::net
