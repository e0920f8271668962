// The metrics of this version as one table: name, type, labels, closed label values, help.
//
// Registration, docs/metrics.md and the tests all come from it. Names and labels of the first eight are a
// promise to users: they never change, further detail goes into further metrics. Units are base units
// (seconds, bytes).
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace weir::observe {

enum class Metric {
  cache_hits,
  cache_misses,
  cache_stale_hits,
  timeouts,
  breaker_opens,
  fallbacks,
  response_time,
  breaker_state,
  server_operation_duration,
  client_operation_duration,
  requests,
  sessions_active,
  streams_active,
  requests_in_flight,
  upstream_up,
  upstream_restarts,
  upstream_reinit,
  upstream_rss,
  catalog_tools,
  catalog_tokens,
  catalog_changes,
  tool_alarms,
  tools_suspect,
  config_last_reload_success,
  config_last_reload_timestamp,
  build_info,
  metrics_dropped_series,
  http_rejects,
  log_dropped,
  session_events,
  sessions,
  session_duration,
  client_session_duration,
  upstream_sessions,
  parked_calls,
  streams,
  stream_events,
  streams_closed,
  replay_bytes,
  cache_lookups,
  cache_coalesced,
  cache_invalidations,
  cache_evictions,
  cache_entries,
  cache_bytes,
  cache_store_problems,
  breaker_transitions,
  retries,
  retries_refused,
  hedges,
  degraded_answers,
  fallback_misses,
  queue_depth,
  queue_wait,
  concurrency_limit,
  calls_shed,
  rate_limited,
  policy_denied,
  auth_failures,
  endpoints_usable,
  endpoint_ejections,
  idempotency,
  idempotency_entries,
  tokens,
  token_lookups,
  token_requests,
  token_endings,
  token_renewals,
  token_revocations,
  tls_contexts,
  tls_context_lookups,
  tls_context_endings,
  tls_build_time,
  secret_age,
  secrets_overdue,
  secrets_failing,
  secret_changes,
  process_cpu,
  process_resident_memory,
  process_virtual_memory,
  process_open_fds,
  process_max_fds,
  process_start_time,
  process_threads,
};
inline constexpr std::size_t kMetricCount = static_cast<std::size_t>(Metric::process_threads) + 1;

enum class MetricType { counter, gauge, histogram };

struct MetricSpec {
  Metric id;
  std::string_view name;
  MetricType type;
  std::span<std::string_view const> labels;
  std::span<std::string_view const>
      values;  // of the last label, when it is a closed set; anything else is `_other`
  std::string_view help;
};

std::span<MetricSpec const> metric_table() noexcept;  // in the order of Metric
MetricSpec const& spec_of(Metric metric) noexcept;

// Upper bounds in seconds of every duration histogram.
inline constexpr std::array kSecondsBuckets{.0005, .001, .002, .005, .01, .02, .05, .1,   .2,
                                            .5,    1.,   2.,   5.,   10., 30., 60., 120., 300.};

inline constexpr std::string_view kOther = "_other";

// In the order of Outcome (operation_metrics.hpp): the label `outcome` of mcp_requests_total.
inline constexpr std::array<std::string_view, 7> kOutcomes{"ok",      "tool_error", "error",    "denied",
                                                           "limited", "shed",       "cancelled"};

std::string metrics_page();  // docs/metrics.md

}  // namespace weir::observe
