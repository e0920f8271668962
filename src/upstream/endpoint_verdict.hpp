// EndpointVerdict: what the end of one call says of the address that it went to.
//
// Pure functions, any thread. The same distinction as a breaker makes: a server that fails is one that cannot
// be reached, breaks off, is silent, speaks no protocol or says itself that it is broken. One that refuses
// what it was asked is well, and so is a tool that reports an error.
#pragma once

#include "core/call.hpp"

namespace weir::upstream {

enum class EndpointVerdict {
  good,         // it answered
  bad,          // it took the call and failed
  unreachable,  // nothing could be sent
  throttled,    // it asks to come back later
  none,         // the call did not get there, or ended for reasons of our own or the client's
};

EndpointVerdict verdict_of(base::Result<core::Outcome> const& answer) noexcept;
EndpointVerdict verdict_of(base::Error const& error) noexcept;

// Nothing was sent, so that another address may be tried at once and without asking anybody.
bool never_sent(base::Error const& error) noexcept;

}  // namespace weir::upstream
