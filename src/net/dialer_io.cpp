#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>

#include "base/ready_until.hpp"
#include "net/dialer.hpp"
#include "net/internal/tls_stream.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;

namespace {

using Tcp = boost::asio::ip::tcp;
using Resolver = boost::asio::ip::basic_resolver<Tcp, internal::Executor>;

Error connect_error(Endpoint const& to, std::string const& cause) {
  return Error(Fault::connect_failed, Blame::upstream,
               "cannot connect to " + to.host + ":" + std::to_string(to.port) + ": " + cause, Retry::always);
}

Error late(Endpoint const& to) {
  return Error(Fault::timed_out, Blame::upstream,
               "connecting to " + to.host + ":" + std::to_string(to.port) + " took too long", Retry::always);
}

// Shared with Asio's handler, which may run after the waiting task was cancelled.
struct Lookup {
  explicit Lookup(IoLoop& loop) : resolver(loop.asio().context), done(loop) {}
  Resolver resolver;
  base::Event done;
  std::vector<Tcp::endpoint> addresses;
  std::string failure;
  bool wanted = true;
};

struct LookupOwner {  // destroyed with the task: the handler then leaves the event alone
  std::shared_ptr<Lookup> lookup;
  explicit LookupOwner(IoLoop& loop) : lookup(std::make_shared<Lookup>(loop)) {}
  LookupOwner(LookupOwner const&) = delete;
  LookupOwner& operator=(LookupOwner const&) = delete;
  ~LookupOwner() {
    lookup->wanted = false;
    lookup->resolver.cancel();
  }
};

void start_lookup(IoLoop& loop, std::shared_ptr<Lookup> const& lookup, Endpoint const& to) {
  boost::system::error_code not_an_address;
  auto const address = boost::asio::ip::make_address(to.host, not_an_address);
  if (!not_an_address) {
    lookup->addresses.emplace_back(address, to.port);
    lookup->done.set();
    return;
  }
  lookup->resolver.async_resolve(
      to.host, std::to_string(to.port),
      [lookup, &loop](boost::system::error_code const& error, Tcp::resolver::results_type const& found) {
        if (!lookup->wanted) return;
        if (error) lookup->failure = error.message();
        for (auto const& entry : found) lookup->addresses.push_back(entry.endpoint());
        lookup->done.set();
        loop.run_pending();
      });
}

// A non-blocking connect in progress. The descriptor is closed unless it was taken.
base::Task<Result<std::shared_ptr<internal::FdWatch>>> connect_one(IoLoop& loop, Endpoint const& to,
                                                                   Tcp::endpoint address,
                                                                   base::TimePoint deadline) {
  int const fd = ::socket(address.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return connect_error(to, std::strerror(errno));
  int const on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int const begun = ::connect(fd, address.data(), static_cast<socklen_t>(address.size()));
  int const cause = errno;
  auto watch = internal::adopt_fd(loop, fd);
  if (!watch) co_return connect_error(to, "no descriptor to spare");
  if (begun == 0) co_return watch;
  if (cause != EINPROGRESS) co_return connect_error(to, std::strerror(cause));
  struct Abandon {
    std::shared_ptr<internal::FdWatch> watch;
    ~Abandon() {
      if (watch) watch->abandon();
    }
  } guard{watch};
  base::Event connected(loop);
  watch->on_write = &connected;
  internal::FdWatch::arm_write(watch);
  if (!co_await base::ready_until(loop, connected, deadline)) co_return late(to);
  int failure = 0;
  socklen_t length = sizeof failure;
  ::getsockopt(watch->fd(), SOL_SOCKET, SO_ERROR, &failure, &length);
  if (failure != 0) co_return connect_error(to, std::strerror(failure));
  watch->on_write = nullptr;
  guard.watch.reset();
  co_return watch;
}

base::Task<Result<std::unique_ptr<Stream>>> secure(IoLoop& loop, TlsContext const& tls, Endpoint const& to,
                                                   std::shared_ptr<internal::FdWatch> watch,
                                                   base::TimePoint deadline) {
  SSL* const ssl = SSL_new(tls.native());
  if (ssl == nullptr) {
    watch->abandon();
    co_return connect_error(to, "no memory for TLS");
  }
  auto stream = std::make_unique<internal::TlsStream>(std::move(watch), to.host, ssl);
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(to.host, not_an_address);
  if (not_an_address) {
    SSL_set_tlsext_host_name(ssl, to.host.c_str());
    SSL_set1_host(ssl, to.host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), to.host.c_str());
  }
  for (;;) {
    auto const shake = stream->handshake();
    if (shake == internal::TlsStream::Shake::done) co_return std::unique_ptr<Stream>(std::move(stream));
    if (shake == internal::TlsStream::Shake::failed) {
      co_return Error(Fault::connect_failed, Blame::upstream,
                      "TLS with " + to.host + ": " + stream->failure(), Retry::always);
    }
    base::Event& next =
        shake == internal::TlsStream::Shake::wants_read ? stream->arm_read() : stream->arm_write();
    if (!co_await base::ready_until(loop, next, deadline)) co_return late(to);
  }
}

}  // namespace

base::Task<Result<std::unique_ptr<Stream>>> NetDialer::dial(Endpoint const& to, base::TimePoint deadline) {
  LookupOwner const owner(loop_);
  start_lookup(loop_, owner.lookup, to);
  if (!co_await base::ready_until(loop_, owner.lookup->done, deadline)) co_return late(to);
  Error last = connect_error(to, owner.lookup->failure.empty() ? "no address" : owner.lookup->failure);
  for (auto const& address : owner.lookup->addresses) {
    auto watch = co_await connect_one(loop_, to, address, deadline);
    if (!watch) {
      last = watch.error();
      continue;
    }
    if (!to.tls) {
      std::string const peer = to.host + ":" + std::to_string(to.port);
      co_return std::unique_ptr<Stream>(
          std::make_unique<internal::SocketStream>(std::move(*watch), true, peer));
    }
    if (tls_ == nullptr) co_return Error(Fault::config, Blame::gateway, "TLS is not set up");
    auto secured = co_await secure(loop_, *tls_, to, std::move(*watch), deadline);
    if (secured) co_return std::move(*secured);
    last = secured.error();
  }
  co_return last;
}

}  // namespace weir::net
