#include "upstream/sse_verdict.hpp"

#include <string>

#include "upstream/credential_exchange_io.hpp"

namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;

Error throttled(std::string said, std::optional<base::Duration> wait) {
  Error error(Fault::throttled, Blame::upstream, std::move(said));
  if (!wait || *wait <= base::Duration::zero()) return error;  // a date may be over by now
  auto const seconds = std::chrono::ceil<std::chrono::seconds>(*wait);
  return std::move(error).again_in(seconds).advise("It asks to come back in " +
                                                   std::to_string(seconds.count()) + " s.");
}

std::optional<Error> refusal_in(net::ReplyHead const& head, bool shown) {
  int const status = head.status;
  if (status < 300) return std::nullopt;
  if (status == 401 || status == 403) return credential_wanted(status, shown);
  auto said = "the server answered HTTP " + std::to_string(status);
  if (status == 429 || status == 503) return throttled(std::move(said), head.retry_after);
  if (status >= 500) return Error(Fault::unavailable, Blame::upstream, std::move(said));
  return Error(status >= 400 ? Fault::refused : Fault::protocol, Blame::upstream, std::move(said));
}

// Once bytes have gone out, the end of this connection proves nothing: the server may be at work.
std::optional<Error> refusal_in(Error const& failed) {
  if (failed.blame != Blame::upstream || failed.retry == base::Retry::always) return failed;
  switch (failed.fault) {
    case Fault::connection_lost:
    case Fault::protocol:
    case Fault::timed_out:
    case Fault::too_large: return std::nullopt;
    default: return failed;
  }
}

}  // namespace weir::upstream
