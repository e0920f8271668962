#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/ready_until.hpp"
#include "net/dialer.hpp"
#include "net/internal/name_lookup.hpp"
#include "net/internal/tls_stream.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;

namespace {

Error connect_error(Endpoint const& to, std::string const& cause) {
  return Error(Fault::connect_failed, Blame::upstream,
               "cannot connect to " + to.host + ":" + std::to_string(to.port) + ": " + cause, Retry::always);
}

Error late(Endpoint const& to) {
  return Error(Fault::timed_out, Blame::upstream,
               "connecting to " + to.host + ":" + std::to_string(to.port) + " took too long", Retry::always);
}

// A non-blocking connect in progress. The descriptor is closed unless it was taken.
base::Task<Result<std::unique_ptr<internal::FdWatch>>> connect_one(IoLoop& loop, Endpoint const& to,
                                                                   internal::SocketAddress const& address,
                                                                   base::TimePoint deadline) {
  int const fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return connect_error(to, std::strerror(errno));
  int const on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int const begun = ::connect(fd, reinterpret_cast<sockaddr const*>(&address.storage), address.length);
  int const cause = errno;
  auto watch = internal::FdWatch::adopt(loop, fd, internal::FdWatch::Mode::edges);
  if (!watch) co_return connect_error(to, "no descriptor to spare");
  if (begun == 0) co_return watch;
  if (cause != EINPROGRESS) co_return connect_error(to, std::strerror(cause));
  base::Event connected(loop);
  watch->attach(nullptr, &connected);
  if (!co_await base::ready_until(loop, connected, deadline)) co_return late(to);
  watch->attach(nullptr, nullptr);
  int failure = 0;
  socklen_t length = sizeof failure;
  ::getsockopt(watch->fd(), SOL_SOCKET, SO_ERROR, &failure, &length);
  if (failure != 0) co_return connect_error(to, std::strerror(failure));
  co_return watch;
}

// Its certificate will be the same one in a moment: trying again is of no use.
Error untrusted(Endpoint const& to, std::string const& cause) {
  return Error(Fault::connect_failed, Blame::upstream, "TLS with " + to.host + ": " + cause, Retry::never)
      .advise(
          "Its certificate is not accepted: see that it is valid for this host and of a trusted authority.");
}

// Nothing was sent but a greeting. To be tried again all the same: whoever answers there may be replaced.
Error without_tls(Endpoint const& to) {
  return Error(Fault::connect_failed, Blame::upstream,
               "TLS with " + to.host + ":" + std::to_string(to.port) +
                   ": the port answers without TLS: write http:// or turn TLS on there",
               Retry::always)
      .advise("Write http:// in its url, or turn TLS on at that port.");
}

// False where no certificate could be held against the host: an address that only inet_aton() understands, or
// one with a zone.
bool expect_host(SSL& ssl, Endpoint const& to) {
  char const* const host = to.host.c_str();
  if (internal::numeric_address(to.host, to.port))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(&ssl), host) == 1;
  return SSL_set_tlsext_host_name(&ssl, host) == 1 && SSL_set1_host(&ssl, host) == 1;
}

base::Task<Result<std::unique_ptr<Stream>>> secure(IoLoop& loop, TlsContext const& tls, Endpoint const& to,
                                                   std::unique_ptr<internal::FdWatch> watch,
                                                   base::TimePoint deadline) {
  SSL* const ssl = SSL_new(tls.native());
  if (ssl == nullptr) co_return connect_error(to, "no memory for TLS");
  auto stream = std::make_unique<internal::TlsStream>(std::move(watch), to.host, ssl);
  if (!expect_host(*ssl, to)) {
    co_return Error(Fault::config, Blame::gateway, "TLS cannot verify the host " + to.host);
  }
  stream->resume(to.host + ":" + std::to_string(to.port));
  for (;;) {
    auto const shake = stream->handshake();
    if (shake == internal::TlsStream::Shake::done) co_return std::unique_ptr<Stream>(std::move(stream));
    if (shake == internal::TlsStream::Shake::failed) {
      if (stream->distrusted()) co_return untrusted(to, stream->failure());
      if (stream->answered_plainly()) co_return without_tls(to);
      if (auto refused = stream->refusal()) co_return std::move(*refused);
      co_return Error(Fault::connect_failed, Blame::upstream,
                      "TLS with " + to.host + ": " + stream->failure(), Retry::always);
    }
    base::Event& next =
        shake == internal::TlsStream::Shake::wants_read ? stream->arm_read() : stream->arm_write();
    if (!co_await base::ready_until(loop, next, deadline)) co_return late(to);
  }
}

}  // namespace

NetDialer::NetDialer(IoLoop& loop, TlsContext const* tls)
    : NetDialer(loop, tls, std::make_unique<internal::NameLookups>(loop)) {}

NetDialer::NetDialer(IoLoop& loop, TlsContext const* tls, std::unique_ptr<internal::NameLookups> lookups)
    : loop_(loop), tls_(tls), lookups_(std::move(lookups)) {}

NetDialer::~NetDialer() = default;

base::Task<Result<std::unique_ptr<Stream>>> NetDialer::dial(Endpoint const& to, base::TimePoint deadline) {
  return dial_with(to, tls_, deadline);
}

base::Task<Result<std::unique_ptr<Stream>>> NetDialer::dial_with(Endpoint const& to, TlsContext const* tls,
                                                                 base::TimePoint deadline) {
  std::vector<internal::SocketAddress> addresses;
  Error last = connect_error(to, "no address");
  if (auto const numeric = internal::numeric_address(to.host, to.port)) {
    addresses.push_back(*numeric);
  } else {
    auto found = co_await lookups_->find(to.host, to.port, deadline);
    if (!found) co_return late(to);
    if (!found->failure.empty()) last = connect_error(to, found->failure);
    addresses = std::move(found->addresses);
  }
  bool const known = !addresses.empty();
  if (to.guard) {
    std::erase_if(addresses, [&](internal::SocketAddress const& one) {
      return !to.guard->permits(reinterpret_cast<sockaddr const&>(one.storage));
    });
  }
  if (known && addresses.empty()) {
    co_return Error(Fault::denied, Blame::upstream, "no address of " + to.host + " may be connected to");
  }
  for (std::size_t left = addresses.size(); left > 0; --left) {
    auto const& address = addresses[addresses.size() - left];
    auto const share = (deadline - loop_.now()) / static_cast<base::Duration::rep>(left);
    auto watch = co_await connect_one(loop_, to, address, loop_.now() + share);
    if (!watch) {
      last = watch.error();
      continue;
    }
    if (!to.tls) {
      std::string peer = to.host + ":" + std::to_string(to.port);
      co_return std::unique_ptr<Stream>(
          std::make_unique<internal::SocketStream>(std::move(*watch), S_IFSOCK, std::move(peer)));
    }
    if (tls == nullptr) co_return Error(Fault::config, Blame::gateway, "TLS is not set up");
    auto secured = co_await secure(loop_, *tls, to, std::move(*watch), deadline);
    if (secured) co_return std::move(*secured);
    last = secured.error();
  }
  co_return last;
}

}  // namespace weir::net
