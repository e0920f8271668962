#include "observe/metric_table.hpp"

namespace weir::observe {
namespace {

using Text = std::string_view;
constexpr std::array<Text, 1> kServer{"server"};
constexpr std::array<Text, 1> kReason{"reason"};
constexpr std::array<Text, 2> kServerStrategy{"server", "strategy"};
constexpr std::array<Text, 2> kServerReason{"server", "reason"};
constexpr std::array<Text, 2> kServerKind{"server", "kind"};
constexpr std::array<Text, 2> kBuild{"version", "revision"};
constexpr std::array<Text, 4> kRequest{"method", "server", "tool", "outcome"};
constexpr std::array<Text, 6> kOperation{"mcp_method_name", "gen_ai_tool_name",     "server",
                                         "error_type",      "mcp_protocol_version", "network_transport"};

constexpr std::array<Text, 7> kStrategies{"use_cache",        "use_stale_cache", "skip",   "use_default",
                                          "use_local_backup", "server",          "message"};
constexpr std::array<Text, 4> kBreakerMove{"server", "from", "to", "reason"};
constexpr std::array<Text, 7> kBreakerReasons{"failures", "failure_rate", "slow_rate", "probe_failed",
                                              "recovery", "recovered",    "manual"};
constexpr std::array<Text, 7> kRetryReasons{"connect_failed", "connection_lost", "timed_out", "throttled",
                                            "unavailable",    "protocol",        "lost"};
constexpr std::array<Text, 3> kRetryRefusals{"budget", "deadline", "attempts"};
constexpr std::array<Text, 2> kServerMode{"server", "mode"};
constexpr std::array<Text, 4> kModes{"stale", "server", "backup", "standard"};
constexpr std::array<Text, 4> kShedReasons{"queue_full", "queue_timeout", "displaced", "overload"};
constexpr std::array<Text, 2> kClassReason{"principal_class", "reason"};
constexpr std::array<Text, 3> kLimitReasons{"rate", "global_rate", "daily"};
constexpr std::array<Text, 2> kDenials{"caller", "scopes"};
constexpr std::array<Text, 6> kAuthFailures{"missing", "unsupported", "malformed",
                                            "refused", "scopes",      "issuer"};
constexpr std::array<Text, 1> kResult{"result"};
constexpr std::array<Text, 5> kIdempotencyResults{"new", "replayed", "joined", "mismatch", "full"};
constexpr std::array<Text, 1> kKind{"kind"};
constexpr std::array<Text, 1> kOutcome{"outcome"};
constexpr std::array<Text, 2> kTokenKinds{"token", "refusal"};
constexpr std::array<Text, 3> kTokenLookups{"hit", "miss", "refused"};
constexpr std::array<Text, 9> kTokenOutcomes{"ok",       "reauth",    "config",   "scope", "nonce",
                                             "throttle", "transient", "protocol", "policy"};
constexpr std::array<Text, 5> kTokenEndings{"expired", "full", "share", "refused", "revoked"};
constexpr std::array<Text, 2> kTokenRenewals{"begun", "failed"};
constexpr std::array<Text, 3> kTokenRevocations{"done", "failed", "overflow"};
constexpr std::array<Text, 1> kSource{"source"};
constexpr std::array<Text, 4> kSources{"file", "cred", "vault", "aws-sm"};
constexpr std::array<Text, 3> kSecretChanges{"replaced", "confirmed", "rolled_back"};
constexpr std::array<Text, 5> kRestartReasons{"exit", "start_failed", "timeout", "protocol", "operator"};
constexpr std::array<Text, 4> kCatalogChanges{"added", "removed", "schema", "description"};
constexpr std::array<Text, 3> kToolAlarms{"changed", "hidden", "unpinned"};
constexpr std::array<Text, 2> kTransports{"tcp", "pipe"};
constexpr std::array<Text, 5> kTlsLookups{"hit", "miss", "joined", "broken", "busy"};
constexpr std::array<Text, 2> kTlsEndings{"evicted", "expired"};
constexpr std::array<Text, 21> kRejectReasons{
    "syntax",          "too_large",    "timeout",  "origin",      "host",
    "method",          "content_type", "path",     "connections", "duplicate_field",
    "unauthenticated", "json",         "envelope", "version",     "headers",
    "session",         "busy",         "event_id", "tls",         "denied",
    "issuer"};

constexpr std::array<Text, 1> kEvent{"event"};
constexpr std::array<Text, 2> kEraState{"era", "state"};
constexpr std::array<Text, 2> kEraEvent{"era", "event"};
constexpr std::array<Text, 2> kEraReason{"era", "reason"};
constexpr std::array<Text, 9> kSessionEvents{"created",      "evicted",       "idle",
                                             "lifetime",     "deleted",       "shutdown",
                                             "refused_full", "refused_quota", "failed"};
constexpr std::array<Text, 2> kVersionState{"mcp_protocol_version", "state"};
constexpr std::array<Text, 2> kSessionStates{"idle", "working"};
constexpr std::array<Text, 2> kVersionTransport{"mcp_protocol_version", "network_transport"};
constexpr std::array<Text, 3> kStreamStates{"connecting", "active", "closing"};
constexpr std::array<Text, 4> kStreamEvents{"connecting", "active", "closed", "stale"};
constexpr std::array<Text, 7> kStreamEnds{"done",        "client_gone", "replaced", "session_over",
                                          "slow_reader", "stale",       "shutdown"};

constexpr std::array<Text, 1> kTier{"tier"};
constexpr std::array<Text, 3> kServerTierResult{"server", "tier", "result"};
constexpr std::array<Text, 4> kLookupResults{"hit", "miss", "stale", "negative"};
constexpr std::array<Text, 5> kInvalidationReasons{"update", "notify", "cron", "manual", "remote"};
constexpr std::array<Text, 3> kEvictionReasons{"size", "server", "ttl"};
constexpr std::array<Text, 2> kTiers{"memory", "store"};
constexpr std::array<Text, 4> kStoreProblems{"failed", "rejected", "dropped", "rebuilt"};

constexpr auto kCounter = MetricType::counter;
constexpr auto kGauge = MetricType::gauge;
constexpr auto kHistogram = MetricType::histogram;

constexpr std::array<MetricSpec, kMetricCount> kTable{{
    {Metric::cache_hits,
     "mcp_cache_hits_total",
     kCounter,
     kServer,
     {},
     "Look-ups answered by a fresh cached result."},
    {Metric::cache_misses,
     "mcp_cache_misses_total",
     kCounter,
     kServer,
     {},
     "Look-ups that found no fresh result; hits and misses together are all look-ups."},
    {Metric::cache_stale_hits,
     "mcp_cache_stale_hits_total",
     kCounter,
     kServer,
     {},
     "Misses that were answered with a stale result."},
    {Metric::timeouts,
     "mcp_timeouts_total",
     kCounter,
     kServer,
     {},
     "Calls that ended because their deadline passed."},
    {Metric::breaker_opens,
     "mcp_circuit_breaker_opens_total",
     kCounter,
     kServer,
     {},
     "Times the circuit breaker opened."},
    {Metric::fallbacks, "mcp_fallbacks_total", kCounter, kServerStrategy, kStrategies,
     "Calls answered by a fallback strategy."},
    {Metric::response_time,
     "mcp_response_time_seconds",
     kHistogram,
     kServer,
     {},
     "Time from a call's arrival to its answer."},
    {Metric::breaker_state,
     "mcp_circuit_breaker_state",
     kGauge,
     kServer,
     {},
     "State of the circuit breaker: 0 closed, 1 open, 2 half open."},
    {Metric::server_operation_duration, "mcp_server_operation_duration_seconds", kHistogram, kOperation,
     kTransports, "Time a client's operation took, as the client felt it."},
    {Metric::client_operation_duration, "mcp_client_operation_duration_seconds", kHistogram, kOperation,
     kTransports, "Time the upstream took for an operation."},
    {Metric::requests, "mcp_requests_total", kCounter, kRequest, kOutcomes, "Requests by outcome."},
    {Metric::sessions_active, "mcp_sessions_active", kGauge, {}, {}, "Legacy sessions that exist."},
    {Metric::streams_active, "mcp_streams_active", kGauge, {}, {}, "Event streams that are open to clients."},
    {Metric::requests_in_flight,
     "mcp_requests_in_flight",
     kGauge,
     kServer,
     {},
     "Requests waiting for the server."},
    {Metric::upstream_up,
     "mcp_upstream_up",
     kGauge,
     kServer,
     {},
     "1 when the server is ready for calls, else 0."},
    {Metric::upstream_restarts, "mcp_upstream_restarts_total", kCounter, kServerReason, kRestartReasons,
     "Restarts of the server's child process."},
    {Metric::upstream_reinit,
     "mcp_upstream_reinit_total",
     kCounter,
     kServer,
     {},
     "Handshakes repeated because the server forgot its session."},
    {Metric::upstream_rss,
     "mcp_upstream_rss_bytes",
     kGauge,
     kServer,
     {},
     "Resident memory of the program that a stdio server is started as, read at each scrape; processes that "
     "this one starts, such as what `npx` runs, are not in it. 0 while it does not run, and for other "
     "servers."},
    {Metric::catalog_tools, "mcp_catalog_tools", kGauge, kServer, {}, "Tools that the server offers."},
    {Metric::catalog_tokens,
     "mcp_catalog_tokens",
     kGauge,
     kServer,
     {},
     "Estimate of the tokens that the definitions of the server's tools take up in a model's context: a "
     "quarter of the bytes of their JSON as current clients get it, without the tools that are hidden or "
     "withheld."},
    {Metric::catalog_changes, "mcp_catalog_changes_total", kCounter, kServerKind, kCatalogChanges,
     "Changes of what the server offers."},
    {Metric::tool_alarms, "weir_tool_alarms_total", kCounter, kServerKind, kToolAlarms,
     "Tools that say something else of themselves than when they were first seen, hide characters, or were "
     "too many "
     "to be pinned; once for each definition."},
    {Metric::tools_suspect,
     "weir_tools_suspect",
     kGauge,
     kServer,
     {},
     "Tools of which that is so now; with `pin: quarantine` they are withheld."},
    {Metric::config_last_reload_success,
     "mcp_config_last_reload_success",
     kGauge,
     {},
     {},
     "1 when the last load of the configuration succeeded, else 0."},
    {Metric::config_last_reload_timestamp,
     "mcp_config_last_reload_timestamp_seconds",
     kGauge,
     {},
     {},
     "Time of the last successful load of the configuration, in seconds since 1970."},
    {Metric::build_info, "mcp_build_info", kGauge, kBuild, {}, "Always 1; the labels tell what runs."},
    {Metric::metrics_dropped_series,
     "mcp_metrics_dropped_series_total",
     kCounter,
     {},
     {},
     "Series counted as _other because their metric had too many."},
    {Metric::http_rejects, "weir_http_rejects_total", kCounter, kReason, kRejectReasons,
     "HTTP requests and connections refused before they became a call."},
    {Metric::log_dropped,
     "weir_log_dropped_total",
     kCounter,
     {},
     {},
     "Log lines dropped because they could not be written fast enough."},
    {Metric::session_events, "weir_session_events_total", kCounter, kEvent, kSessionEvents,
     "Sessions opened, refused and ended, by what happened."},
    {Metric::sessions, "weir_sessions", kGauge, kVersionState, kSessionStates,
     "Legacy sessions by the revision of the client; one is working while a request of its is in flight."},
    {Metric::session_duration, "mcp_server_session_duration_seconds", kHistogram, kVersionTransport,
     kTransports,
     "Time from the opening of a legacy session to its end, however it ended; those that a shutdown ends are "
     "not among them."},
    {Metric::client_session_duration, "mcp_client_session_duration_seconds", kHistogram, kVersionTransport,
     kTransports,
     "Time from the handshake of a legacy session with a server to its end, however it ended; that of a "
     "stdio server ends with its process."},
    {Metric::upstream_sessions,
     "weir_upstream_sessions",
     kGauge,
     kServer,
     {},
     "Legacy sessions that are open with the server: the gateway's own, one for each client session that "
     "used "
     "it, and those that modern clients share."},
    {Metric::parked_calls,
     "weir_parked_calls",
     kGauge,
     {},
     {},
     "Calls of modern clients that wait at legacy servers for an answer of theirs."},
    {Metric::streams, "weir_streams", kGauge, kEraState, kStreamStates,
     "Event streams to clients, by the era of the client and state."},
    {Metric::stream_events, "weir_stream_events_total", kCounter, kEraEvent, kStreamEvents,
     "Event streams that entered a state, and those found stale."},
    {Metric::streams_closed, "weir_streams_closed_total", kCounter, kEraReason, kStreamEnds,
     "Event streams that began to close, by reason."},
    {Metric::replay_bytes,
     "weir_replay_buffer_bytes",
     kGauge,
     {},
     {},
     "Bytes kept for legacy clients that resume a stream."},
    {Metric::cache_lookups, "weir_cache_lookups_total", kCounter, kServerTierResult, kLookupResults,
     "Look-ups in one tier of the cache: `memory` for each call that may be cached, `store` for those that "
     "memory could not answer."},
    {Metric::cache_coalesced,
     "weir_cache_coalesced_total",
     kCounter,
     kServer,
     {},
     "Misses that shared the fetch of another call."},
    {Metric::cache_invalidations, "weir_cache_invalidations_total", kCounter, kReason, kInvalidationReasons,
     "Invalidations, however many entries they were for; `remote` were made at other nodes."},
    {Metric::cache_evictions, "weir_cache_evictions_total", kCounter, kReason, kEvictionReasons,
     "Entries that left memory: to make room, over their server's cap, or at the end of their stay."},
    {Metric::cache_entries, "weir_cache_entries", kGauge, kTier, kTiers, "Entries in the tier."},
    {Metric::cache_bytes, "weir_cache_bytes", kGauge, kTier, kTiers,
     "Bytes of the tier, its own among them."},
    {Metric::cache_store_problems, "weir_cache_store_problems_total", kCounter, kReason, kStoreProblems,
     "What the second tier did not do, refused because it was not authentic, dropped unwritten, or began "
     "anew."},
    {Metric::breaker_transitions, "weir_breaker_transitions_total", kCounter, kBreakerMove, kBreakerReasons,
     "Changes of the circuit breaker's state."},
    {Metric::retries, "weir_retries_total", kCounter, kServerReason, kRetryReasons,
     "Calls sent again, by what had happened to them; `lost`: no answer for much longer than usual."},
    {Metric::retries_refused, "weir_retries_refused_total", kCounter, kServerReason, kRetryRefusals,
     "Calls that might have been sent again and were not."},
    {Metric::hedges, "weir_hedges_total", kCounter, kServer, {}, "Second attempts beside a slow first one."},
    {Metric::degraded_answers, "weir_degraded_answers_total", kCounter, kServerMode, kModes,
     "Calls answered with something that stands in for the server's answer, by what it was."},
    {Metric::fallback_misses, "weir_fallback_misses_total", kCounter, kServerStrategy, kStrategies,
     "Fallback steps that had nothing to offer."},
    {Metric::queue_depth,
     "mcp_queue_depth",
     kGauge,
     kServer,
     {},
     "Calls that wait for a place at the server."},
    {Metric::queue_wait,
     "mcp_queue_wait_seconds",
     kHistogram,
     kServer,
     {},
     "Time that calls waited for a place at the server."},
    {Metric::concurrency_limit,
     "weir_concurrency_limit",
     kGauge,
     kServer,
     {},
     "Calls that the server gets at the same time at most, as far as found out."},
    {Metric::calls_shed, "weir_calls_shed_total", kCounter, kServerReason, kShedReasons,
     "Calls refused because the server, or Weir, had too much to do."},
    {Metric::rate_limited, "mcp_rate_limited_total", kCounter, kClassReason, kLimitReasons,
     "Calls refused because their caller, or all together, asked for more than was agreed."},
    {Metric::policy_denied, "mcp_policy_denied_total", kCounter, kClassReason, kDenials,
     "Calls refused to their caller: `scopes`, because its token lacks some; `caller`, because nothing "
     "allows it whatever the token."},
    {Metric::auth_failures, "mcp_auth_failures_total", kCounter, kReason, kAuthFailures,
     "Requests whose caller was not let in: no credential, one of a scheme that is not taken, a header that "
     "is malformed, one that was not accepted, a token without the scopes of every caller, or an issuer that "
     "could not say."},
    {Metric::endpoints_usable,
     "weir_endpoints_usable",
     kGauge,
     kServer,
     {},
     "Addresses of the server that get calls."},
    {Metric::endpoint_ejections,
     "weir_endpoint_ejections_total",
     kCounter,
     kServer,
     {},
     "Times that an address was left out because it failed more than the others."},
    {Metric::idempotency, "weir_idempotency_total", kCounter, kResult, kIdempotencyResults,
     "Calls that carried an Idempotency-Key."},
    {Metric::idempotency_entries,
     "weir_idempotency_entries",
     kGauge,
     {},
     {},
     "Answers kept for repetitions of calls with an Idempotency-Key."},
    {Metric::tokens, "weir_tokens", kGauge, kKind, kTokenKinds,
     "Tokens for servers that are kept, and refusals that are remembered; tokens.max bounds both together."},
    {Metric::token_lookups, "weir_token_lookups_total", kCounter, kResult, kTokenLookups,
     "Calls that needed a token, by whether it was there, was not, or was refused a short while ago."},
    {Metric::token_requests, "weir_token_requests_total", kCounter, kOutcome, kTokenOutcomes,
     "Questions to issuers for a token, exchanges among them, by what came of them."},
    {Metric::token_endings, "weir_token_endings_total", kCounter, kReason, kTokenEndings,
     "Tokens and refusals let go: over, for want of room, because their tenant held more than its share, not "
     "taken by their server any more, or because their user is gone."},
    {Metric::token_renewals, "weir_token_renewals_total", kCounter, kResult, kTokenRenewals,
     "Tokens asked for before the end of the one in use; failed ones are tried again while it lasts."},
    {Metric::token_revocations, "weir_token_revocations_total", kCounter, kResult, kTokenRevocations,
     "Tokens of users who are gone, of which their issuer was told (RFC 7009), could not be, or was not "
     "because "
     "too many waited."},
    {Metric::tls_contexts,
     "weir_tls_contexts",
     kGauge,
     {},
     {},
     "TLS contexts kept for servers with a trust of their own."},
    {Metric::tls_context_lookups, "weir_tls_context_lookups_total", kCounter, kResult, kTlsLookups,
     "Connections to such servers, by whether the context was there."},
    {Metric::tls_context_endings, "weir_tls_context_endings_total", kCounter, kReason, kTlsEndings,
     "TLS contexts that made room or were too old."},
    {Metric::tls_build_time,
     "weir_tls_context_build_seconds",
     kHistogram,
     {},
     {},
     "Time to build a TLS context, off the workers."},
    {Metric::secret_age, "weir_secret_age_seconds", kGauge, kSource, kSources,
     "Age of the oldest secret in use, by where it is kept, as far as its store says."},
    {Metric::secrets_overdue,
     "weir_secrets_overdue",
     kGauge,
     {},
     {},
     "Secrets older than secrets.max_age allows."},
    {Metric::secrets_failing,
     "weir_secrets_failing",
     kGauge,
     {},
     {},
     "Secrets whose store could not give them when it was last asked; their last good value is in use."},
    {Metric::secret_changes, "weir_secret_changes_total", kCounter, kResult, kSecretChanges,
     "New values of secrets: taken over, used with success for the first time, or refused and rolled back."},
    {Metric::process_cpu, "process_cpu_seconds_total", kCounter, {}, {}, "User and system CPU time spent."},
    {Metric::process_resident_memory, "process_resident_memory_bytes", kGauge, {}, {}, "Resident memory."},
    {Metric::process_virtual_memory, "process_virtual_memory_bytes", kGauge, {}, {}, "Virtual memory."},
    {Metric::process_open_fds, "process_open_fds", kGauge, {}, {}, "Open file descriptors."},
    {Metric::process_max_fds, "process_max_fds", kGauge, {}, {}, "Most file descriptors that may be open."},
    {Metric::process_start_time,
     "process_start_time_seconds",
     kGauge,
     {},
     {},
     "Start of the process, in seconds since 1970."},
    {Metric::process_threads, "process_threads", kGauge, {}, {}, "Threads of the process."},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (kTable[i].id != static_cast<Metric>(i)) return false;
  return true;
}
static_assert(in_order());

Text name_of(MetricType type) {
  return type == kCounter ? "counter" : type == kGauge ? "gauge" : "histogram";
}

std::string joined(std::span<Text const> texts) {
  std::string out;
  for (Text const text : texts) out.append(out.empty() ? "" : ", ").append("`").append(text).append("`");
  return out.empty() ? "–" : out;
}

}  // namespace

std::span<MetricSpec const> metric_table() noexcept { return kTable; }

MetricSpec const& spec_of(Metric metric) noexcept { return kTable[static_cast<std::size_t>(metric)]; }

std::string metrics_page() {
  std::string page =
      "# Metrics\n\n"
      "Prometheus text (exposition format 0.0.4) on the admin listener under `/metrics`. This page is made "
      "from\n"
      "`src/observe/metric_table.cpp`; a test compares the two. A metric has at most 10,000 series; what "
      "would be\n"
      "more is counted with the label value `_other`, as is a value outside a closed set.\n\n"
      "| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n";
  for (MetricSpec const& spec : kTable) {
    page.append("| `").append(spec.name).append("` | ").append(name_of(spec.type)).append(" | ");
    page.append(joined(spec.labels)).append(" | ").append(spec.help);
    if (!spec.values.empty()) {
      page.append(" `")
          .append(spec.labels.back())
          .append("` is one of ")
          .append(joined(spec.values))
          .append(".");
    }
    page.append(" |\n");
  }
  page.append("\nUpper bounds of the histograms' buckets, in seconds: ");
  for (std::size_t i = 0; i < kSecondsBuckets.size(); ++i) {
    std::string bound = std::to_string(kSecondsBuckets[i]);
    bound.erase(bound.find_last_not_of('0') + 1);
    if (bound.back() == '.') bound.pop_back();
    page.append(i == 0 ? "" : ", ").append(bound);
  }
  page.append(".\n");
  return page;
}

}  // namespace weir::observe
