#include "resilience/retry_policy.hpp"

#include <algorithm>

#include "core/repeatable.hpp"
#include "resilience/verdict.hpp"

namespace weir::resilience {

using base::Duration;

bool RetryPolicy::repeatable(core::Call const& call) const {
  return core::may_be_repeated(call, options_.idempotent, options_.trust_hints);
}

RetryPolicy::Decision RetryPolicy::again(base::Error const& error, Attempt const& attempt,
                                         base::TimePoint deadline, base::TimePoint now,
                                         double luck) const noexcept {
  bool const throttled = error.fault == base::Fault::throttled && error.blame == base::Blame::upstream;
  bool const of_server = throttled || failed_server(error);
  bool const safe = error.retry == base::Retry::always || attempt.repeatable;
  bool const hopeless = error.fault == base::Fault::connect_failed && error.retry == base::Retry::never;
  if (!of_server || !safe || hopeless || attempt.heard) return {Refusal::not_allowed, {}};
  if (attempt.counted() > options_.attempts || attempt.unsent > kUnsentMost) return {Refusal::attempts, {}};
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
