// TlsSessions: what servers gave us to shorten the next handshake, by the host and port that proved itself.
//
// One in each client context, so a session is never offered under another trust or identity. Any thread; the
// lock is short. At most kHostsMax hosts, kPerHost sessions of each; the oldest goes. A session of TLS 1.3 is
// used once.
#pragma once

#include <openssl/ssl.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "net/internal/pem.hpp"

namespace weir::net::internal {

using OwnedSession = std::unique_ptr<SSL_SESSION, FreedWith<&SSL_SESSION_free>>;

class TlsSessions {
 public:
  static constexpr std::size_t kHostsMax = 64;
  static constexpr std::size_t kPerHost = 4;

  // From now on `context` keeps sessions, and owns what keeps them.
  static void install(SSL_CTX& context);
  // Names the host of a connection, for its session to be kept under, and offers one. `host` outlives `ssl`.
  static void offer(SSL& ssl, std::string const& host);

 private:
  static TlsSessions* of(SSL_CTX& context);
  static int keep(SSL* ssl, SSL_SESSION* session);
  OwnedSession take(std::string const& host);
  void put(std::string const& host, OwnedSession session);

  std::mutex lock_;
  std::map<std::string, std::deque<OwnedSession>, std::less<>> hosts_;
  std::deque<std::string> order_;  // of the hosts, the oldest first
};

}  // namespace weir::net::internal
