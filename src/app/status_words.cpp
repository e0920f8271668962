#include "app/status_words.hpp"

#include <fmt/core.h>

#include "mcp/json_text.hpp"

namespace weir::app {
namespace {

using resilience::BreakerStanding;
using resilience::BreakerState;

// Rounded up: what is told to be over is over.
std::int64_t milliseconds(base::Duration duration) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration).count();
}

}  // namespace

std::string breaker_members(BreakerStanding const& breaker) {
  auto json = fmt::format(R"(,"breaker":"{}")", name_of(breaker.state));
  if (breaker.state == BreakerState::closed) return json;
  json += fmt::format(R"(,"breaker_reason":"{}","breaker_s":{})", name_of(breaker.reason),
                      std::chrono::duration_cast<std::chrono::seconds>(breaker.lasted).count());
  if (breaker.state == BreakerState::open)
    json += fmt::format(R"(,"reopens_in_ms":{})", milliseconds(breaker.wait));
  return json;
}

HealthCheck required_check(std::string_view server, core::ServerState state, BreakerStanding const& breaker) {
  bool const refuses = breaker.state == BreakerState::open && breaker.wait > base::Duration::zero();
  bool const good = state == core::ServerState::ready && !refuses;
  auto line = fmt::format("{} required server {}", good ? "ok" : "FAILED", server);
  if (refuses) {
    line += fmt::format(": breaker open ({}), a call may try it in {} s", name_of(breaker.reason),
                        (milliseconds(breaker.wait) + 999) / 1000);
  }
  return {good, line + "\n"};
}

std::string keys_member(std::string_view issuer, auth::KeysLoop::Standing const& keys,
                        std::string_view trouble, base::TimePoint now) {
  std::string json = R"(,"auth":{"issuer":)";
  mcp::append_json_string(json, issuer);
  json += fmt::format(R"(,"state":"{}")", !keys.usable ? "no_keys" : trouble.empty() ? "ok" : "stale");
  if (!trouble.empty()) {
    json += R"(,"cause":)";
    mcp::append_json_string(json, trouble);
    json += fmt::format(R"(,"since_s":{})",
                        std::chrono::duration_cast<std::chrono::seconds>(now - keys.since).count());
  }
  return json + '}';
}

std::string keys_line(auth::KeysLoop::Standing const& keys) {
  if (!keys.usable) return "degraded signing keys of callers: none, tokens are refused\n";
  return keys.trouble.empty() ? "ok signing keys of callers\n"
                              : "degraded signing keys of callers: the last good ones are in use\n";
}

}  // namespace weir::app
