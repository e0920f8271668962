#include <openssl/ssl.h>

#include "base/ready_until.hpp"
#include "net/internal/tls_stream.hpp"
#include "net/tls_accept.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using internal::TlsStream;

TlsArrival::TlsArrival(IoLoop& loop, std::unique_ptr<TlsStream> stream) noexcept
    : loop_(loop), stream_(std::move(stream)) {}

TlsArrival::~TlsArrival() = default;

std::unique_ptr<TlsArrival> TlsArrival::adopt(IoLoop& loop, int fd, std::string peer,
                                              TlsContext const& context) {
  auto watch = internal::FdWatch::adopt(loop, fd, internal::FdWatch::Mode::edges);
  SSL* const ssl = watch ? SSL_new(context.native()) : nullptr;
  if (ssl == nullptr) return nullptr;
  auto stream = std::make_unique<TlsStream>(std::move(watch), std::move(peer), ssl, TlsStream::Role::server);
  return std::unique_ptr<TlsArrival>(new TlsArrival(loop, std::move(stream)));
}

base::Task<Result<std::unique_ptr<Stream>>> TlsArrival::shake_hands(base::TimePoint deadline) {
  for (;;) {
    auto const shake = stream_->handshake();
    if (shake == TlsStream::Shake::done) co_return std::unique_ptr<Stream>(std::move(stream_));
    if (shake == TlsStream::Shake::failed) {
      co_return Error(Fault::protocol, Blame::client,
                      "TLS with " + stream_->peer() + ": " + stream_->failure());
    }
    base::Event& next = shake == TlsStream::Shake::wants_read ? stream_->arm_read() : stream_->arm_write();
    if (!co_await base::ready_until(loop_, next, deadline)) {
      co_return Error(Fault::timed_out, Blame::client, "TLS with " + stream_->peer() + " took too long");
    }
  }
}

}  // namespace weir::net
