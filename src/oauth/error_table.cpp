#include "oauth/error_table.hpp"

#include <algorithm>

#include "net/retry_after.hpp"

namespace weir::oauth {

using base::Duration;
using base::Fault;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr unsigned kRetriesMax = 2;
constexpr Duration kBackoff = milliseconds{100};
constexpr Duration kThrottleUnstated = seconds{5};
constexpr Duration kThrottleMin = seconds{1};  // also where the time that was stated is over already
constexpr Duration kThrottleMax = std::chrono::hours{1};

struct Row {
  std::string_view code;
  Cause cause;
  std::optional<Cause> of_caller = std::nullopt;  // where a caller is meant, not the gateway
};
constexpr Row kCodes[] = {
    {"invalid_grant", Cause::reauth},
    {"invalid_client", Cause::config},
    {"unauthorized_client", Cause::config},
    {"unsupported_grant_type", Cause::config},
    {"invalid_request", Cause::config},
    {"invalid_scope", Cause::scope},
    {"invalid_target", Cause::scope},
    {"access_denied", Cause::config, Cause::scope},  // a company may deny one member
    {"use_dpop_nonce", Cause::nonce},
    {"invalid_dpop_proof", Cause::config},
    {"server_error", Cause::transient},
    {"temporarily_unavailable", Cause::transient},
};

OAuthError made(Cause cause, Duration remember, Duration spread = {}) {
  OAuthError error;
  error.cause = cause;
  error.remember = remember;
  error.remember_spread = spread;
  error.retryable = cause == Cause::transient || cause == Cause::throttle || cause == Cause::nonce;
  return error;
}

OAuthError throttled(std::optional<Duration> wait) {
  auto const time = std::clamp(wait.value_or(kThrottleUnstated), kThrottleMin, kThrottleMax);
  auto error = made(Cause::throttle, time);
  error.retry_after = time;
  return error;
}

OAuthError by_cause(Cause cause, Seen const& seen) {
  switch (cause) {
    case Cause::reauth: return made(cause, std::chrono::minutes{5});  // a new grant has another key
    case Cause::nonce: {
      auto error =
          made(seen.nonce.empty() ? Cause::protocol : cause, seen.nonce.empty() ? seconds{5} : seconds{0});
      error.nonce = seen.nonce;
      return error;
    }
    case Cause::transient: return made(cause, seconds{1}, seconds{4});
    case Cause::protocol: return made(cause, seconds{5});
    default: return made(cause, seconds{30});
  }
}

OAuthError classified(Seen const& seen) {
  int const status = seen.status;
  auto const wait = net::retry_after(seen.retry_after, seen.date);
  if (status >= 300 && status < 400) return made(Cause::config, seconds{30});
  if (status < 300) return made(Cause::protocol, seconds{5});  // an error with a status that says otherwise
  if (status == 429 || (status == 503 && wait)) return throttled(wait);
  if (status >= 500 || status == 408) return made(Cause::transient, seconds{1}, seconds{4});
  for (auto const& row : kCodes) {
    if (row.code == seen.code)
      return by_cause(seen.of_caller ? row.of_caller.value_or(row.cause) : row.cause, seen);
  }
  bool const bare = seen.code.empty() && (status == 401 || status == 403);
  return made(Cause::config, seconds{bare ? 10 : 30});
}

}  // namespace

OAuthError refusal(Seen const& seen) {
  auto error = classified(seen);
  error.status = seen.status;
  error.code = cleaned(seen.code, OAuthError::kCodeMax, {});
  error.description = seen.description.empty() ? "HTTP " + std::to_string(seen.status) : seen.description;
  return error;
}

OAuthError failure_of(base::Error const& failed) {
  OAuthError error;
  // As the dialer says it: a certificate is not accepted, theirs or, if the gateway is to blame, ours.
  bool const untrusted = failed.fault == Fault::connect_failed && failed.retry == base::Retry::never;
  switch (untrusted ? Fault::config : failed.fault) {
    case Fault::config:
    case Fault::invalid_input:
    case Fault::denied: error = made(Cause::config, seconds{30}); break;
    case Fault::protocol:
    case Fault::too_large: error = made(Cause::protocol, seconds{5}); break;
    default: error = made(Cause::transient, seconds{1}, seconds{4}); break;
  }
  error.unsent = error.cause == Cause::transient && failed.retry == base::Retry::always;
  error.description = cleaned(failed.detail, OAuthError::kDescriptionMax, {});
  if (untrusted) {
    error.advice =
        failed.blame == base::Blame::gateway
            ? "The issuer, or a server that names it, wants a client certificate, or another one; an "
              "operator has to see to `cert` and `key` in the server's `tls`."
            : "The certificate of the issuer, or of a server that names it, is not accepted; an operator has "
              "to see to it.";
  }
  return error;
}

OAuthError misfit(Cause cause, int status, std::string description) {
  auto error = made(cause, cause == Cause::policy ? seconds{30} : seconds{5});
  error.status = status;
  error.description = std::move(description);
  return error;
}

std::optional<Duration> again_after(OAuthError const& error, Flow flow, unsigned attempt, Duration left,
                                    double luck, bool proves_key) {
  if (error.cause == Cause::nonce) {
    // A refusal for want of a nonce has used nothing up.
    return proves_key && attempt == 1 ? std::optional<Duration>(Duration::zero()) : std::nullopt;
  }
  if (single_use(flow) && !error.unsent) return std::nullopt;
  if (error.cause != Cause::transient || attempt > kRetriesMax) return std::nullopt;
  auto const most = kBackoff * (1LL << attempt);
  Duration const wait{static_cast<std::int64_t>((0.5 + luck / 2) * static_cast<double>(most.count()))};
  return wait < left ? std::optional(wait) : std::nullopt;
}

}  // namespace weir::oauth
