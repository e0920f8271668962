// Result<T>: a value, or an Error that says what failed, who is to blame and whether trying again is safe.
//
// Failures that the world causes travel as values. Nothing here is thrown. `detail` is for logs and may hold
// anything but secrets; what a client may read is built from `fault`, `server` and `hint` by edge/error_map.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

#include "base/clock.hpp"

namespace weir::base {

enum class Fault {
  invalid_input,    // what was given is malformed: a message, a value, a file
  too_large,        // over a stated limit
  not_found,        // no such tool, session, file
  denied,           // known caller, not allowed
  unauthenticated,  // no or wrong credential
  busy,             // a bound is reached; later may work
  limited,          // this caller, or all together, asked for more than was agreed
  starting,         // the server is not ready yet
  unavailable,      // the server is down or could not be reached
  breaker_open,     // the server failed too often; it is left alone for a while
  throttled,        // the server says that it has too much to do
  connect_failed,   // nothing was sent
  connection_lost,  // sent or partly sent, then the peer went away
  protocol,         // the peer broke its protocol
  refused,          // the server would not take the request as it is
  timed_out,        // the deadline passed
  unsupported,      // understood, not offered here
  config,           // the operator's settings make it impossible
  cancelled,        // the client asked for it: it wants no answer
  internal,         // our own limit or failure
};

enum class Blame { client, gateway, upstream };
enum class Retry {
  never,
  if_idempotent,
  // As above, and most likely not executed: a connection that had served before ended without a byte of an
  // answer. Its peer was about to close it, or died with all of its connections (RFC 9112 §9.3.1).
  stale_connection,
  always  // the peer provably did not execute it
};

struct Error {
  Fault fault = Fault::internal;
  Blame blame = Blame::gateway;
  Retry retry = Retry::never;
  std::string detail;      // for logs, never for clients
  std::string server;      // configured name of the upstream concerned; empty when none is
  std::string hint;        // one sentence for people and agents: what to do about it
  Duration retry_after{};  // when trying again may help; 0: nobody knows

  Error() = default;
  Error(Fault f, Blame b, std::string d, Retry r = Retry::never)
      : fault(f), blame(b), retry(r), detail(std::move(d)) {}
  Error about(std::string name) && {
    server = std::move(name);
    return std::move(*this);
  }
  Error advise(std::string text) && {
    hint = std::move(text);
    return std::move(*this);
  }
  Error again_in(Duration wait) && {
    retry_after = wait;
    return std::move(*this);
  }
};

char const* name_of(Fault fault) noexcept;  // stable, snake_case: used in logs, metrics and error data

template <class T>
using Result = boost::system::result<T, Error>;

// Called by Result::value() on an error; asking for a value that is not there is our bug.
[[noreturn]] void throw_exception_from_error(Error const& error, boost::source_location const& where);

}  // namespace weir::base
