#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/internal/pem.hpp"
#include "net/internal/tls_sessions.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

constexpr unsigned char kHttp[] = "\x08http/1.1";  // a list of one name, as ALPN has it
constexpr unsigned kHttpBytes = sizeof kHttp - 1;
constexpr std::string_view kSessionScope = "weir";

Error no_memory() { return Error(Fault::internal, Blame::gateway, "no memory for TLS"); }

Error unusable(char const* what) {
  ERR_clear_error();
  return Error(Fault::config, Blame::gateway, what);
}

// Our own certificate with its chain, and its key.
bool identify(SSL_CTX* context, TlsProfile const& profile) {
  auto const chain = internal::certificates_in(profile.chain);
  auto const key = internal::key_in(profile.key.reveal());
  if (!chain || chain->empty() || !key) return false;
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) return false;
  for (std::size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1) return false;
  }
  return SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1;
}

// `named`: also tell the peer whom we trust, as a server does.
bool trust(SSL_CTX* context, std::string const& authorities, bool named) {
  auto const all = internal::certificates_in(authorities);
  if (!all || all->empty()) return false;
  for (auto const& each : *all) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), each.get()) != 1) return false;
    if (named && SSL_CTX_add_client_CA(context, each.get()) != 1) return false;
  }
  return true;
}

// A client that speaks only something else is told so (RFC 7301, 3.2).
int choose_http(SSL*, unsigned char const** chosen, unsigned char* length, unsigned char const* offered,
                unsigned offered_length, void*) {
  unsigned char* out = nullptr;
  int const found = SSL_select_next_proto(&out, length, kHttp, kHttpBytes, offered, offered_length);
  *chosen = out;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::shared_ptr<TlsContext const> TlsContext::make() {
  SSL_CTX* const context = SSL_CTX_new(TLS_method());
  if (context == nullptr) return nullptr;
  std::shared_ptr<TlsContext const> made(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);   // TlsStream relies on it
  SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);  // what came may hold credentials
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return made;
}

Result<std::shared_ptr<TlsContext const>> TlsContext::system() {
  auto made = make();
  if (!made) return no_memory();
  internal::TlsSessions::install(*made->native());
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

Result<TlsContext::Ptr> TlsContext::client(TlsProfile const& profile, TlsContext const* system) {
  auto made = make();
  if (!made) return no_memory();
  SSL_CTX* const context = made->native();
  internal::TlsSessions::install(*context);
  if (profile.only_13) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_alpn_protos(context, kHttp, kHttpBytes);
  if (!profile.verify) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  } else if (!profile.authorities.empty()) {
    if (!trust(context, profile.authorities, false)) return unusable("no trusted certificate can be read");
  } else if (system != nullptr) {
    SSL_CTX_set1_cert_store(context, SSL_CTX_get_cert_store(system->native()));
  } else {
    return unusable("the system's trusted certificates cannot be read (package ca-certificates)");
  }
  if (!profile.chain.empty() && !identify(context, profile))
    return unusable("the client's certificate and its key cannot be used");
  return made;
}

Result<TlsContext::Ptr> TlsContext::server(TlsProfile const& profile) {
  auto made = make();
  if (!made) return no_memory();
  SSL_CTX* const context = made->native();
  if (profile.only_13) SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // clients keep their tickets, we keep nothing
  SSL_CTX_set_alpn_select_cb(context, &choose_http, nullptr);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<unsigned char const*>(kSessionScope.data()),
                                 kSessionScope.size());
  if (!profile.authorities.empty()) {
    if (!trust(context, profile.authorities, true)) return unusable("no authority of clients can be read");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  if (!identify(context, profile)) return unusable("the listener's certificate and its key cannot be used");
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace weir::net
