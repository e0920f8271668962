#include "base/result.hpp"

#include "base/assert.hpp"

namespace weir::base {

char const* name_of(Fault fault) noexcept {
  switch (fault) {
    case Fault::invalid_input: return "invalid_input";
    case Fault::too_large: return "too_large";
    case Fault::not_found: return "not_found";
    case Fault::denied: return "denied";
    case Fault::unauthenticated: return "unauthenticated";
    case Fault::busy: return "busy";
    case Fault::limited: return "limited";
    case Fault::starting: return "starting";
    case Fault::unavailable: return "unavailable";
    case Fault::breaker_open: return "breaker_open";
    case Fault::throttled: return "throttled";
    case Fault::connect_failed: return "connect_failed";
    case Fault::connection_lost: return "connection_lost";
    case Fault::protocol: return "protocol";
    case Fault::refused: return "refused";
    case Fault::timed_out: return "timed_out";
    case Fault::unsupported: return "unsupported";
    case Fault::config: return "config";
    case Fault::cancelled: return "cancelled";
    case Fault::internal: return "internal";
  }
  return "internal";
}

alignas(Error) char detail::ErrorBox::kGone = 0;

void no_value(Error const& error, boost::source_location const& where) {
  assertion_failed(error.detail.c_str(), where.file_name(), static_cast<int>(where.line()));
}

}  // namespace weir::base
