// What `degradation:` and `limits:` say, as plain structs. Defaults are the option table's; two that compare
// equal need nothing done on a reload.
//
// Part of Settings (config/settings.hpp): built once by load(), read by any thread. One Degradation for each
// configured server, `defaults` and aliases worked in. Times that Server::timeouts holds are not repeated
// here: a server keeps running when what is written here changes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir::config {

using std::chrono::milliseconds;

struct BreakerSettings {
  bool enabled = true;
  unsigned failure_threshold = 5;  // in a row
  milliseconds recovery{60'000};
  unsigned success_threshold = 2;
  unsigned probes = 1;  // in flight while half open
  milliseconds window{10'000};
  unsigned min_calls = 20;
  double failure_rate = 0.5;  // 0…1
  milliseconds slow{5'000};
  double slow_rate = 0.8;
  bool operator==(BreakerSettings const&) const = default;
};

struct RetrySettings {
  unsigned attempts = 2;                        // times that a call is sent again at most; 0: never
  double budget = 0.2;                          // of all calls to the server
  std::optional<milliseconds> attempt_timeout;  // none: found out from how long calls take
  std::vector<std::string> idempotent;          // globs over the server's own tool names: may be repeated
  bool trust_hints = false;                     // readOnlyHint and idempotentHint count
  bool operator==(RetrySettings const&) const = default;
};

struct HedgeSettings {
  bool enabled = false;
  std::optional<milliseconds> after;  // none: at the percentile below
  double percentile = 0.95;
  double max = 0.02;  // of all calls
  bool operator==(HedgeSettings const&) const = default;
};

struct ConcurrencySettings {
  std::optional<unsigned> limit;  // none: adaptive
  unsigned queue = 256;
  milliseconds queue_timeout{2'000};
  bool operator==(ConcurrencySettings const&) const = default;
};

enum class FallbackKind {
  any_copy,    // use_cache: any copy, fresh or within stale limits
  stale_copy,  // use_stale_cache: the same once a call has failed
  server,      // an equivalent operation of another server
  backup,      // use_local_backup
  standard,    // use_default
  message,     // a fixed text of the operator's
  skip,        // the next strategy, then a clear error
};

struct FallbackStep {
  FallbackKind kind = FallbackKind::skip;
  std::string server;   // kind server: its configured name
  std::string tool;     // kind server: the tool's name there; empty = the same
  std::string message;  // kind message
  bool operator==(FallbackStep const&) const = default;
};

// What stands in for an answer. An explicit chain overrides the hooks; a hook that is not set says nothing.
struct FallbackSettings {
  bool explicit_chain = false;
  std::vector<FallbackStep> chain;
  std::optional<FallbackKind> on_timeout;
  std::optional<FallbackKind> on_error;         // transport failures, 5xx
  std::optional<FallbackKind> on_open;          // the breaker is open; not set: as on_error
  std::optional<FallbackKind> on_rate_limited;  // 429, 503 with Retry-After; not set: as on_error
  bool operator==(FallbackSettings const&) const = default;
};

struct ToolDegradation {
  std::string pattern;  // glob over the server's own tool names
  std::optional<milliseconds> timeout;
  std::optional<FallbackSettings> fallback;  // none: the server's
  bool operator==(ToolDegradation const&) const = default;
};

struct Degradation {
  std::string server;
  BreakerSettings breaker;
  RetrySettings retry;
  HedgeSettings hedge;
  ConcurrencySettings concurrency;
  FallbackSettings fallback;
  bool stale_ok = false;               // cache_stale_ok: a stale copy stands in even where no hook names it
  std::string backup_path;             // absolute; empty = none
  std::string standards_path;          // absolute; empty = none
  std::vector<ToolDegradation> tools;  // the first match counts
  bool operator==(Degradation const&) const = default;
};

struct Rate {
  double per_second = 0;  // 0: no limit
  bool operator==(Rate const&) const = default;
};

struct RateLimits {
  Rate global;
  Rate per_principal;
  unsigned burst = 0;             // 0: one second's worth, at least 1
  std::uint64_t daily_calls = 0;  // of one principal, UTC days; 0: no limit
  bool operator==(RateLimits const&) const = default;
};

enum class Priority { control, interactive, background };

struct Shedding {
  std::optional<double> cpu;               // share of the process's processors, 0…1
  std::optional<milliseconds> queue_wait;  // calls wait longer than this
  std::vector<Priority> order{Priority::control, Priority::interactive, Priority::background};
  bool operator==(Shedding const&) const = default;
};

}  // namespace weir::config
