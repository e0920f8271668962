// The one table from what a token endpoint answered to what it means, for all flows (R-046, F-26).
//
// Pure functions; any thread. The body is parsed first: a code in it says more than the status.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "oauth/oauth_error.hpp"

namespace weir::oauth {

// What was seen of an answer that brings no token.
struct Seen {
  int status = 0;
  std::string code = {};         // as received; "" without an OAuth body
  std::string description = {};  // cleaned
  std::string_view retry_after = {};
  std::string_view date = {};  // of the answer: what a date in Retry-After counts from
  std::string_view nonce = {};
  bool of_caller = false;  // what was refused stands for a caller
};
OAuthError refusal(Seen const& seen);

// There was no answer, or none that could be read.
OAuthError failure_of(base::Error const& error);

// A token came, and cannot be used.
OAuthError misfit(Cause cause, int status, std::string description);

// When to ask again after `error`, the answer to attempt number `attempt` (from 1); none: not at all.
// `luck` in [0, 1) spreads those who wait. `proves_key`: a nonce can be used. Never where patience is asked
// for: how much of it there is, only those who wait for the answer know.
std::optional<base::Duration> again_after(OAuthError const& error, Flow flow, unsigned attempt,
                                          base::Duration left, double luck, bool proves_key);

}  // namespace weir::oauth
