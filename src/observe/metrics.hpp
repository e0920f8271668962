// Metrics: everything Weir counts about itself, readable as Prometheus text.
//
// One per process, owned by app; any thread. It never fails and never blocks a caller for longer than a
// registration. Handles are resolved once (start, catalogue, reload) and are plain pointers that live as long
// as Metrics: counting takes no look-up and no lock of ours. Names and labels are in metric_table.hpp, which
// alone knows them. A metric has at most `series_max` series; what would be more is counted under `_other`
// and in mcp_metrics_dropped_series_total. Never a label: session, user, URI, argument. Library:
// prometheus-cpp, seen by the .cpp files of this folder only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "observe/operation_metrics.hpp"
#include "observe/process_stats.hpp"

namespace prometheus {
class Gauge;
}  // namespace prometheus

namespace weir::observe {

// Handles are values; a default one counts nothing.
class Counter {
 public:
  Counter() = default;
  explicit Counter(prometheus::Counter* cell) noexcept : cell_(cell) {}
  void add(double amount = 1) const noexcept;
  double value() const noexcept;

 private:
  prometheus::Counter* cell_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(prometheus::Gauge* cell) noexcept : cell_(cell) {}
  void set(double value) const noexcept;
  void add(double amount) const noexcept;
  double value() const noexcept;

 private:
  prometheus::Gauge* cell_ = nullptr;
};

class Histogram {
 public:
  Histogram() = default;
  explicit Histogram(prometheus::Histogram* cell) noexcept : cell_(cell) {}
  void observe(double seconds) const noexcept;

 private:
  prometheus::Histogram* cell_ = nullptr;
};

// How long the legacy sessions with servers over one transport lasted, by revision. Metrics outlives it.
class SessionLengths {
 public:
  using Cells = std::map<std::string, Histogram, std::less<>>;  // by protocol version as on the wire
  SessionLengths() = default;
  explicit SessionLengths(Cells const& cells) noexcept : cells_(&cells) {}
  void observe(std::string_view version, double seconds) const noexcept;

 private:
  Cells const* cells_ = nullptr;
};

// One counter per value of a closed label; anything else counts as `_other`.
class CounterSet {
 public:
  CounterSet() = default;
  CounterSet(std::span<std::string_view const> values, std::vector<Counter> counters)
      : values_(values), counters_(std::move(counters)) {}
  void add(std::string_view value, double amount = 1) const noexcept { of(value).add(amount); }
  Counter of(std::string_view value) const noexcept;

 private:
  std::span<std::string_view const> values_;
  std::vector<Counter> counters_;  // one more than values: `_other`
};

// Each change of a circuit breaker's state, by where it came from and why.
struct BreakerMoves {
  Counter opened_by_failures, opened_by_failure_rate, opened_by_slow_rate;  // it was closed
  Counter half_opened, reopened, closed;
  Counter reset;  // by a person, from open to closed
};

// Of one configured server; all of it exists at 0 from the moment that the server is known.
struct ServerMetrics {
  Counter cache_hits, cache_misses, cache_stale_hits, cache_coalesced, timeouts, breaker_opens,
      upstream_reinit;
  CounterSet memory_lookups, store_lookups;  // by result
  CounterSet fallbacks;                      // by strategy
  CounterSet fallback_misses;                // by strategy
  CounterSet degraded_answers;               // by mode
  BreakerMoves breaker_moves;
  CounterSet retries, retries_refused;  // by reason
  CounterSet calls_shed;                // by reason
  Counter hedges, endpoint_ejections;
  Gauge queue_depth, concurrency_limit, endpoints_usable;
  Histogram queue_wait;
  CounterSet upstream_restarts;  // by reason
  CounterSet catalog_changes;    // by kind
  CounterSet tool_alarms;        // by kind
  Histogram response_time;
  Gauge breaker_state;  // 0 closed, 1 open, 2 half open
  Gauge requests_in_flight, upstream_up, upstream_sessions, upstream_rss, catalog_tools, catalog_tokens,
      tools_suspect;
};

// Event streams to clients of one era. A stream is in one of the three states; it is `open` from the first to
// the end of the last.
struct StreamMetrics {
  Gauge connecting, active, closing;
  Gauge open;         // mcp_streams_active, of both eras together
  CounterSet events;  // by state entered, and "stale"
  CounterSet closed;  // by reason
};

// Legacy sessions of one revision; each is in one of the two states.
struct SessionMetrics {
  Gauge idle, working;
  Histogram lasted_tcp, lasted_pipe;  // once they have ended

  Histogram const& lasted(Transport transport) const noexcept {
    return transport == Transport::tcp ? lasted_tcp : lasted_pipe;
  }
};

struct CacheMetrics {
  CounterSet invalidations, evictions, store_problems;  // by reason
  Gauge memory_entries, memory_bytes, store_entries, store_bytes;
};

// Calls refused, by their caller's class and by reason.
struct RefusalMetrics {
  CounterSet anonymous, key, other;
  CounterSet const& of(std::string_view principal_class) const noexcept {
    return principal_class == "anonymous" ? anonymous : principal_class == "key" ? key : other;
  }
};
using RateMetrics = RefusalMetrics;

// Tokens for servers.
struct TokenMetrics {
  Gauge tokens, refusals;
  CounterSet lookups;      // by result
  CounterSet requests;     // by outcome
  CounterSet endings;      // by reason
  CounterSet renewals;     // by result
  CounterSet revocations;  // by result
};

struct SecretMetrics {
  Gauge file_age, cred_age, vault_age, aws_age;  // of the oldest one
  Gauge overdue, failing;
  CounterSet changes;  // by result
};

// Of the whole process.
struct GatewayMetrics {
  Gauge sessions_active;
  CounterSet session_events;                                    // by event
  std::map<std::string, SessionMetrics, std::less<>> sessions;  // by protocol version as on the wire
  SessionLengths client_sessions_tcp, client_sessions_pipe;     // with servers
  Gauge parked_calls;
  StreamMetrics legacy_streams, modern_streams;
  Gauge replay_bytes;
  CacheMetrics cache;
  Gauge config_last_reload_success, config_last_reload_timestamp;
  CounterSet http_rejects;  // by reason
  RateMetrics rate_limited;
  RefusalMetrics policy_denied;
  CounterSet auth_failures;  // by reason
  CounterSet idempotency;    // by result
  Gauge idempotency_entries;
  TokenMetrics tokens;
  Gauge tls_contexts;
  CounterSet tls_context_lookups;  // by result
  CounterSet tls_context_endings;  // by reason
  Histogram tls_build_time;
  SecretMetrics secrets;
  Counter log_dropped;
  Counter metrics_dropped_series;
};

class Metrics {
 public:
  struct Options {
    std::string version;                         // of this build, for mcp_build_info
    std::string revision;                        // of the source
    std::vector<std::string> protocol_versions;  // as on the wire, oldest first, at most 7
    std::size_t series_max = 10'000;             // per metric
    std::function<ProcessStats()> read_process = read_process_stats;
  };

  explicit Metrics(Options const& options);
  ~Metrics();

  GatewayMetrics const& gateway() const noexcept;

  // Registers the server on first sight. Takes a lock: keep the reference.
  ServerMetrics const& server(std::string_view name);

  // `method` is a method of the protocol, or `_other`; `tool` is empty for methods without one. Takes a lock:
  // keep the reference. Beyond `series_max` different ones, all share one that counts as `_other`.
  OperationMetrics& operation(std::string_view server, std::string_view method, std::string_view tool = {});

  // `refresh` runs at each scrape before anything is read, on the scraping thread; it must not render. What
  // it uses must live until the last scrape.
  void on_scrape(std::function<void()> refresh);

  std::string render();  // text exposition format 0.0.4; one at a time, others wait
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::observe
