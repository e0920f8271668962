// What an outcome says about the server: for its breaker, for retries and for what may stand in.
//
// Pure functions, any thread, no allocation. One place, because these three must not drift apart (F-45,
// a caller's mistake, a refused credential or a full house of our own is never the server's failure.
#pragma once

#include <optional>

#include "core/call.hpp"
#include "resilience/breaker.hpp"

namespace weir::resilience {

// The server, or the way to it, failed: transport, 5xx, malformed reply, no answer in time. An overload that
// it tells with a time to come back is no failure.
bool failed_server(base::Error const& error) noexcept;

// nullopt: it says nothing about the server's health, either way. A tool's own error and most JSON-RPC errors
// are answers of a server that works; those that blame the request prove nothing.
std::optional<Verdict> verdict_on_server(base::Result<core::Outcome> const& outcome) noexcept;

}  // namespace weir::resilience
