// How the status and the health of a running gateway tell of servers' words, of breakers and of the keys of
// callers' issuer.
//
// Pure. read_status() (status_view) reads what is written here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "auth/keys_loop.hpp"
#include "core/backend.hpp"
#include "resilience/breaker.hpp"

namespace weir::app {

inline constexpr std::size_t kWordsShownMax = 400;  // bytes of a server's last words, on a person's screen

// The end of what a server said, at most so many bytes: whole lines, newest last, and of the one that does
// not fit its beginning. What may hold secrets is masked before.
std::string last_words(std::string_view text, std::size_t bytes_max);
// A masked status in the size in which it is told.
void shorten(core::ServerStatus& status);

// Members of a server in the status, each with a comma before it.
std::string breaker_members(resilience::BreakerStanding const& breaker);

struct HealthCheck {
  bool good = false;
  std::string line;  // "ok required server files"
};
// A server that readiness depends on. Its open breaker fails it while calls are refused: once a probe is due
// it is good again, because only a call can find out whether the server is.
HealthCheck required_check(std::string_view server, core::ServerState state,
                           resilience::BreakerStanding const& breaker);

// A member of the status, with a comma before it. Its state: "ok"; "stale": the last good keys are in use;
// "no_keys": no token of the issuer can be proven. `trouble`: as it may be shown.
std::string keys_member(std::string_view issuer, auth::KeysLoop::Standing const& keys,
                        std::string_view trouble, base::TimePoint now);
// What /readyz?verbose says of them. They fail no readiness: keys and other credentials may still open.
std::string keys_line(auth::KeysLoop::Standing const& keys);

}  // namespace weir::app
