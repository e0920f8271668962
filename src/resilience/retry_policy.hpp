// RetryPolicy: whether a call that failed may be sent again, and after what wait (F-53).
//
// Pure; time and luck are passed in. Provably not executed: any call may be. Otherwise only one whose
// repetition harms nobody: by its method, by the operator's globs, or by the server's own hints where they
// are trusted. Never: what was not the server's failure, an answer of any kind (a JSON-RPC error is one), an
// open breaker, a server whose certificate is not trusted (connect_failed without retry), and an attempt
// during which the client was asked or told something, which a second one would ask or tell again. Never
// beyond the call's deadline. Attempts without a connection reach nobody: they are no re-sends, and up to
// kUnsentMost of them are made again, so that a server that is started anew is waited for. Nor is the first
// one on a kept connection that ended without a byte of an answer: whoever restarts a server would else take
// a re-send from all that is under way.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call.hpp"

namespace weir::resilience {

struct RetryOptions {
  unsigned attempts = 2;                          // re-sends of one call at most; 0: none
  double budget = 0.2;                            // of all that is sent
  std::optional<base::Duration> attempt_timeout;  // none: found out from how long calls take
  std::vector<std::string> idempotent;            // globs over the server's own tool names
  bool trust_hints = false;                       // of the server: reads only, idempotent
};

class RetryPolicy {
 public:
  static constexpr base::Duration kBase = std::chrono::milliseconds{25};
  static constexpr base::Duration kCap = std::chrono::milliseconds{250};
  static constexpr base::Duration kAttemptLeast = std::chrono::milliseconds{250};
  static constexpr int kAttemptTimesUsual = 10;  // an attempt is lost after this many times what 95 % take

  static constexpr unsigned kUnsentMost = 2;

  enum class Refusal { none, not_allowed, attempts, deadline };  // not_allowed: nothing to be counted
  struct Decision {
    Refusal refusal = Refusal::none;
    base::Duration wait{};
  };
  struct Attempt {
    unsigned sends = 1;       // including this one
    bool repeatable = false;  // the call is
    bool heard = false;       // the client was told or asked something
    unsigned unsent = 0;      // of them, where nothing left: no connection came about
    bool stale = false;       // one of them went to a kept connection that was just ending
    unsigned counted() const noexcept { return sends - unsent - (stale ? 1 : 0); }
  };

  explicit RetryPolicy(RetryOptions options) : options_(std::move(options)) {}

  RetryOptions const& options() const noexcept { return options_; }
  bool repeatable(core::Call const& call) const;
  // `luck` in [0, 1): where in the back-off the wait ends.
  Decision again(base::Error const& error, Attempt const& attempt, base::TimePoint deadline,
                 base::TimePoint now, double luck) const noexcept;
  // How long one attempt may take at the server; zero: as long as the call has. `usual`: the 95th percentile.
  base::Duration attempt_most(std::optional<base::Duration> usual) const noexcept;

 private:
  RetryOptions options_;
};

}  // namespace weir::resilience
