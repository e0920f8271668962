// TlsArrival: a client that has connected to a TLS listener and has not shaken hands yet.
//
// Owned by one task of one worker, gone within the deadline: what comes out is a Stream like any other, which
// knows the client's certificate if it showed one. Whoever takes arrivals bounds how many shake hands at
// once. Errors of shake_hands(): timed_out, protocol (no TLS, or none that we speak; a certificate that
// nobody we trust has signed).
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "net/io_loop.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"

namespace weir::net {

namespace internal {
class TlsStream;
}

class TlsArrival {
 public:
  // Takes the descriptor. Null when the kernel refuses it, or there is no memory.
  static std::unique_ptr<TlsArrival> adopt(IoLoop& loop, int fd, std::string peer, TlsContext const& context);
  ~TlsArrival();

  base::Task<base::Result<std::unique_ptr<Stream>>> shake_hands(base::TimePoint deadline);  // once

 private:
  TlsArrival(IoLoop& loop, std::unique_ptr<internal::TlsStream> stream) noexcept;
  IoLoop& loop_;
  std::unique_ptr<internal::TlsStream> stream_;
};

}  // namespace weir::net
