#include "resilience/retry_policy.hpp"

#include <algorithm>

#include "base/glob.hpp"
#include "resilience/verdict.hpp"

namespace weir::resilience {

using base::Duration;

bool RetryPolicy::repeatable(core::Call const& call) const noexcept {
  using enum mcp::Method;
  switch (call.method) {
    case tools_call: break;
    case tasks_update:
    case tasks_cancel:
    case subscriptions_listen: return false;  // the first two change a task; the last has a keeper of its own
    default: return mcp::traits_of(call.method).safe;
  }
  if (options_.trust_hints && (call.says_read_only || call.says_idempotent)) return true;
  return std::any_of(options_.idempotent.begin(), options_.idempotent.end(),
                     [&call](std::string const& glob) { return base::glob_matches(glob, call.target); });
}

RetryPolicy::Decision RetryPolicy::again(base::Error const& error, Attempt const& attempt,
                                         base::TimePoint deadline, base::TimePoint now,
                                         double luck) const noexcept {
  bool const of_server = error.fault == base::Fault::throttled || failed_server(error);
  bool const safe = error.retry == base::Retry::always || attempt.repeatable;
  if (!of_server || !safe || attempt.heard) return {Refusal::not_allowed, {}};
  if (attempt.sends > options_.attempts) return {Refusal::attempts, {}};
  auto const doubled = kBase * (std::int64_t{1} << std::min(attempt.sends - 1, 8U));
  auto const most = std::min<Duration>(doubled, kCap);
  auto const backoff = Duration{static_cast<std::int64_t>(luck * static_cast<double>(most.count()))};
  auto const wait = error.retry_after + backoff;
  if (deadline - now <= wait) return {Refusal::deadline, {}};
  return {Refusal::none, wait};
}

Duration RetryPolicy::attempt_most(std::optional<Duration> usual) const noexcept {
  if (options_.attempt_timeout) return *options_.attempt_timeout;
  if (!usual) return Duration::zero();
  return std::max<Duration>(*usual * kAttemptTimesUsual, kAttemptLeast);
}

}  // namespace weir::resilience
