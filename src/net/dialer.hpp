// Dialer: makes outgoing connections. NetDialer does it over TCP and TLS; tests give an in-memory twin.
//
// One per worker. Names are resolved off the loop; every address of a name is tried in turn until the
// deadline, each for its share of what is left, so that one which never answers does not hide the next.
// Errors: connect_failed (nothing was sent: safe to try again, and of use unless its retry is `never`: then
// the certificate that the peer showed is not trusted, or ours is missing or refused, which is blamed on the
// gateway), timed_out, config (TLS is not set up, or a host that no certificate can name), denied (the guard
// lets none of its addresses pass). With TLS 1.3 ours is refused only afterwards: Stream::refusal().
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "net/egress_guard.hpp"
#include "net/io_loop.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"

namespace weir::net {

namespace internal {
class NameLookups;
}

struct Endpoint {
  bool tls = false;
  std::string host;  // name or address, without brackets
  std::uint16_t port = 0;
  // Which of its addresses may be connected to; null: all, the operator named it. Others are left out.
  std::shared_ptr<EgressGuard const> guard = {};

  bool operator==(Endpoint const&) const = default;
};

class Dialer {
 public:
  virtual ~Dialer() = default;
  // `to` must outlive the task.
  virtual base::Task<base::Result<std::unique_ptr<Stream>>> dial(Endpoint const& to,
                                                                 base::TimePoint deadline) = 0;
};

class NetDialer final : public Dialer {
 public:
  // `tls` may be null when no endpoint uses TLS; it is shared by all workers.
  NetDialer(IoLoop& loop, TlsContext const* tls);
  NetDialer(IoLoop& loop, TlsContext const* tls, std::unique_ptr<internal::NameLookups> lookups);
  ~NetDialer() override;  // at once, even where a look-up is under way
  base::Task<base::Result<std::unique_ptr<Stream>>> dial(Endpoint const& to,
                                                         base::TimePoint deadline) override;
  // The same over another trust than the dialer's own; `tls` must outlive the task.
  base::Task<base::Result<std::unique_ptr<Stream>>> dial_with(Endpoint const& to, TlsContext const* tls,
                                                              base::TimePoint deadline);
  IoLoop& loop() noexcept { return loop_; }

 private:
  IoLoop& loop_;
  TlsContext const* tls_;
  std::unique_ptr<internal::NameLookups> lookups_;
};

}  // namespace weir::net
