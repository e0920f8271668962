#include "app/status_words.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "mcp/json_text.hpp"
#include "upstream/stderr_ring.hpp"

namespace weir::app {
namespace {

using resilience::BreakerStanding;
using resilience::BreakerState;

// Rounded up: what is told to be over is over.
std::int64_t milliseconds(base::Duration duration) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration).count();
}

constexpr std::size_t kCauseMax = 1024;
constexpr std::size_t kStderrMax = 2048;
constexpr std::size_t kPieceMin = 16;  // less than that of a line tells nothing

}  // namespace

std::string last_words(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::string out;
  for (;;) {
    auto const newline = text.rfind('\n');
    auto const line = newline == std::string_view::npos ? text : text.substr(newline + 1);
    std::size_t const room = out.empty() ? bytes_max : bytes_max - std::min(bytes_max, out.size() + 1);
    if (!out.empty() && room < kPieceMin) return out;
    if (!out.empty()) out.insert(0, 1, '\n');
    out.insert(0, upstream::cut_to(line, room));
    if (line.size() > room || newline == std::string_view::npos) return out;
    text = text.substr(0, newline);
  }
}

void shorten(core::ServerStatus& status) {
  status.cause = upstream::cut_to(status.cause, kCauseMax);
  status.last_stderr = last_words(status.last_stderr, kStderrMax);
}

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
