#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

Error no_memory() { return Error(Fault::internal, Blame::gateway, "no memory for TLS"); }

}  // namespace

std::shared_ptr<TlsContext const> TlsContext::make() {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return nullptr;
  std::shared_ptr<TlsContext const> made(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);  // TlsStream relies on it
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return made;
}

Result<std::shared_ptr<TlsContext const>> TlsContext::system() {
  auto made = make();
  if (!made) return no_memory();
  if (SSL_CTX_set_default_verify_paths(made->native()) != 1) {
    return Error(Fault::config, Blame::gateway,
                 "the system's trusted certificates cannot be read (package ca-certificates)");
  }
  return made;
}

Result<std::shared_ptr<TlsContext const>> TlsContext::with_authority(std::string const& file) {
  auto made = make();
  if (!made) return no_memory();
  if (SSL_CTX_load_verify_file(made->native(), file.c_str()) != 1) {
    ERR_clear_error();
    return Error(Fault::config, Blame::gateway, "no trusted certificate can be read from " + file);
  }
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace weir::net
