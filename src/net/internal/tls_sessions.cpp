#include "net/internal/tls_sessions.hpp"

#include <openssl/crypto.h>

namespace weir::net::internal {
namespace {

// Its destruction belongs to the context: one that the cache has let go of lives as long as its connections.
int context_slot() {
  static int const slot = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* held, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<TlsSessions*>(held); });
  return slot;
}

}  // namespace

void TlsSessions::install(SSL_CTX& context) {
  SSL_CTX_set_ex_data(&context, context_slot(), new TlsSessions());
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, &TlsSessions::keep);
}

TlsSessions* TlsSessions::of(SSL_CTX& context) {
  return static_cast<TlsSessions*>(SSL_CTX_get_ex_data(&context, context_slot()));
}

void TlsSessions::offer(SSL& ssl, std::string const& host) {
  auto* const sessions = of(*SSL_get_SSL_CTX(&ssl));
  if (sessions == nullptr) return;
  SSL_set_app_data(&ssl, const_cast<std::string*>(&host));
  if (auto const session = sessions->take(host)) SSL_set_session(&ssl, session.get());
}

// Called by OpenSSL within a read or a handshake; 1: the session is ours.
int TlsSessions::keep(SSL* ssl, SSL_SESSION* session) {
  auto const* const host = static_cast<std::string const*>(SSL_get_app_data(ssl));
  auto* const sessions = of(*SSL_get_SSL_CTX(ssl));
  if (host == nullptr || sessions == nullptr || SSL_SESSION_is_resumable(session) != 1) return 0;
  sessions->put(*host, OwnedSession(session));
  return 1;
}

OwnedSession TlsSessions::take(std::string const& host) {
  std::lock_guard const guard(lock_);
  auto const found = hosts_.find(host);
  if (found == hosts_.end() || found->second.empty()) return nullptr;
  auto& sessions = found->second;
  if (SSL_SESSION_get_protocol_version(sessions.back().get()) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(sessions.back().get());
    return OwnedSession(sessions.back().get());
  }
  auto session = std::move(sessions.back());
  sessions.pop_back();
  return session;
}

void TlsSessions::put(std::string const& host, OwnedSession session) {
  OwnedSession gone;
  std::deque<OwnedSession> all_gone;  // freed after the lock
  std::lock_guard const guard(lock_);
  auto const [found, is_new] = hosts_.try_emplace(host);
  if (is_new) {
    order_.push_back(host);
    if (order_.size() > kHostsMax) {
      auto const oldest = hosts_.find(order_.front());
      all_gone = std::move(oldest->second);
      hosts_.erase(oldest);
      order_.pop_front();
    }
  }
  if (found->second.size() >= kPerHost) {
    gone = std::move(found->second.front());
    found->second.pop_front();
  }
  found->second.push_back(std::move(session));
}

}  // namespace weir::net::internal
