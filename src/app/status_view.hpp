// What a running gateway says of itself at /api/v1/status, read back and shown on one screen.
//
// Both directions of `weir status` are pure: JSON → StatusView → text. Unknown members are ignored; missing
// ones keep their defaults. Errors: protocol (not the JSON of a gateway).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::app {

struct ServerView {
  std::string name;
  std::string state;  // "ok", "starting", "failed", "stopped"
  std::string transport;
  std::string era;
  std::uint64_t tools = 0;
  std::uint64_t restarts = 0;
  std::uint64_t suspect_tools = 0;     // that `weir tools` shows
  std::uint64_t people_signed_in = 0;  // where each caller has a sign-in of their own
  std::string cause;
  std::string last_stderr;
  std::string breaker;          // "closed", "open", "half_open"
  std::string breaker_reason;   // why it is not closed
  std::uint64_t breaker_s = 0;  // since when
  std::uint64_t reopens_in_ms = 0;

  bool ok() const noexcept { return state == "ok"; }
  bool degraded() const noexcept { return ok() && !breaker.empty() && breaker != "closed"; }
};

struct AuthView {  // the keys that callers' tokens are proven with
  std::string issuer;
  std::string state;  // "ok", "stale", "no_keys"
  std::string cause;
  std::uint64_t since_s = 0;
};

struct StatusView {
  std::string weir;  // version
  bool ready = false;
  std::uint64_t uptime_s = 0;
  std::uint64_t sessions = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t connections = 0;
  std::vector<std::string> mcp_urls;
  std::optional<AuthView> auth;  // nothing where no issuer is configured
  std::vector<ServerView> servers;

  // Every server is ok, with its breaker closed, and callers' tokens can be proven.
  bool good() const noexcept;
  ServerView const* server(std::string_view name) const noexcept;
};

base::Result<StatusView> read_status(std::string_view json);
std::string render_status(StatusView const& status, bool colour);

std::string shown_duration(std::uint64_t seconds);  // "3d4h", "2m5s", "7s"

}  // namespace weir::app
