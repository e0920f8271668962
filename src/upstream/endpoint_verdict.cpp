#include "upstream/endpoint_verdict.hpp"

namespace weir::upstream {

using base::Blame;
using base::Fault;

namespace {
constexpr std::int64_t kInternalError = -32603;
}

bool never_sent(base::Error const& error) noexcept {
  if (error.blame == Blame::client) return false;
  if (error.fault == Fault::connect_failed) return true;  // also where trying again is of no use
  return error.retry == base::Retry::always &&
         (error.fault == Fault::timed_out || error.fault == Fault::starting);
}

EndpointVerdict verdict_of(base::Error const& error) noexcept {
  bool const theirs = error.blame == Blame::upstream;
  switch (error.fault) {
    case Fault::connect_failed: return EndpointVerdict::unreachable;
    case Fault::timed_out:
      if (!theirs) return EndpointVerdict::none;
      return never_sent(error) ? EndpointVerdict::unreachable : EndpointVerdict::bad;
    case Fault::throttled:
      if (!theirs) return EndpointVerdict::none;  // the issuer of its tokens
      return error.retry_after > base::Duration::zero() ? EndpointVerdict::throttled : EndpointVerdict::bad;
    case Fault::unavailable:
    case Fault::connection_lost:
    case Fault::protocol: return theirs ? EndpointVerdict::bad : EndpointVerdict::none;
    case Fault::refused:
    case Fault::too_large: return theirs ? EndpointVerdict::good : EndpointVerdict::none;
    default: return EndpointVerdict::none;
  }
}

EndpointVerdict verdict_of(base::Result<core::Outcome> const& answer) noexcept {
  if (!answer) return verdict_of(answer.error());
  auto const& message = answer->message;
  bool const broken =
      message.kind() == mcp::MessageKind::error && message.integer(mcp::Field::error_code) == kInternalError;
  return broken ? EndpointVerdict::bad : EndpointVerdict::good;
}

}  // namespace weir::upstream
