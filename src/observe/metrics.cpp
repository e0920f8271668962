#include "observe/metrics.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "base/assert.hpp"
#include "observe/internal/metric_registry.hpp"

namespace weir::observe {

void Counter::add(double amount) const noexcept {
  if (cell_ != nullptr) cell_->Increment(amount);
}
double Counter::value() const noexcept { return cell_ == nullptr ? 0 : cell_->Value(); }

void Gauge::set(double value) const noexcept {
  if (cell_ != nullptr) cell_->Set(value);
}
void Gauge::add(double amount) const noexcept {
  if (cell_ != nullptr) cell_->Increment(amount);
}
double Gauge::value() const noexcept { return cell_ == nullptr ? 0 : cell_->Value(); }

void Histogram::observe(double seconds) const noexcept {
  if (cell_ != nullptr) cell_->Observe(seconds);
}

void SessionLengths::observe(std::string_view version, double seconds) const noexcept {
  if (cells_ == nullptr) return;
  if (auto const found = cells_->find(version); found != cells_->end()) found->second.observe(seconds);
}

Counter CounterSet::of(std::string_view value) const noexcept {
  if (counters_.empty()) return {};
  auto const found = std::find(values_.begin(), values_.end(), value);
  return counters_[static_cast<std::size_t>(found - values_.begin())];
}

struct Metrics::State {
  explicit State(Options const& options)
      : registry(options.protocol_versions, options.series_max),
        read_process(options.read_process),
        newest_version(options.protocol_versions.empty() ? kOther : options.protocol_versions.back()),
        lengths_tcp(lengths(options.protocol_versions, "tcp")),
        lengths_pipe(lengths(options.protocol_versions, "pipe")) {}

  Counter counter(Metric metric, MetricRegistry::LabelValues values) {
    return Counter(&registry.counter(metric, values));
  }
  Gauge gauge(Metric metric, MetricRegistry::LabelValues values) {
    return Gauge(&registry.gauge(metric, values));
  }

  // Every value of the metric's closed label, behind `server` where the metric has that label too.
  CounterSet counters(Metric metric, std::string_view server) {
    MetricSpec const& spec = spec_of(metric);
    std::vector<Counter> cells;
    auto const add = [&](std::string_view value) {
      cells.push_back(spec.labels.size() == 1 ? counter(metric, {value}) : counter(metric, {server, value}));
    };
    for (std::string_view const value : spec.values) add(value);
    add(kOther);
    return {spec.values, std::move(cells)};
  }

  CounterSet lookups(std::string_view server, std::string_view tier) {
    MetricSpec const& spec = spec_of(Metric::cache_lookups);
    std::vector<Counter> cells;
    for (auto const value : spec.values) cells.push_back(counter(spec.id, {server, tier, value}));
    cells.push_back(counter(spec.id, {server, tier, kOther}));
    return {spec.values, std::move(cells)};
  }

  BreakerMoves breaker_moves(std::string_view server) {
    auto const move = [&](std::string_view from, std::string_view to, std::string_view reason) {
      return counter(Metric::breaker_transitions, {server, from, to, reason});
    };
    BreakerMoves made;
    made.opened_by_failures = move("closed", "open", "failures");
    made.opened_by_failure_rate = move("closed", "open", "failure_rate");
    made.opened_by_slow_rate = move("closed", "open", "slow_rate");
    made.half_opened = move("open", "half_open", "recovery");
    made.reopened = move("half_open", "open", "probe_failed");
    made.closed = move("half_open", "closed", "recovered");
    made.reset = move("open", "closed", "manual");
    return made;
  }

  CacheMetrics cache() {
    CacheMetrics made;
    made.invalidations = counters(Metric::cache_invalidations, {});
    made.evictions = counters(Metric::cache_evictions, {});
    made.store_problems = counters(Metric::cache_store_problems, {});
    made.memory_entries = gauge(Metric::cache_entries, {"memory"});
    made.memory_bytes = gauge(Metric::cache_bytes, {"memory"});
    made.store_entries = gauge(Metric::cache_entries, {"store"});
    made.store_bytes = gauge(Metric::cache_bytes, {"store"});
    return made;
  }

  RefusalMetrics refusals(Metric metric) {
    return {counters(metric, "anonymous"), counters(metric, "key"), counters(metric, kOther)};
  }

  SessionMetrics sessions(std::string_view version) {
    auto const lasted = [&](std::string_view transport) {
      return Histogram(&registry.histogram(Metric::session_duration, {version, transport}));
    };
    return {gauge(Metric::sessions, {version, "idle"}), gauge(Metric::sessions, {version, "working"}),
            lasted("tcp"), lasted("pipe")};
  }

  SessionLengths::Cells lengths(std::vector<std::string> const& versions, std::string_view transport) {
    SessionLengths::Cells cells;
    for (auto const& version : versions)
      cells[version] = Histogram(&registry.histogram(Metric::client_session_duration, {version, transport}));
    return cells;
  }

  TokenMetrics tokens() {
    TokenMetrics made;
    made.tokens = gauge(Metric::tokens, {"token"});
    made.refusals = gauge(Metric::tokens, {"refusal"});
    made.lookups = counters(Metric::token_lookups, {});
    made.requests = counters(Metric::token_requests, {});
    made.endings = counters(Metric::token_endings, {});
    made.renewals = counters(Metric::token_renewals, {});
    made.revocations = counters(Metric::token_revocations, {});
    return made;
  }

  SecretMetrics secrets() {
    SecretMetrics made;
    made.file_age = gauge(Metric::secret_age, {"file"});
    made.cred_age = gauge(Metric::secret_age, {"cred"});
    made.vault_age = gauge(Metric::secret_age, {"vault"});
    made.aws_age = gauge(Metric::secret_age, {"aws-sm"});
    made.overdue = gauge(Metric::secrets_overdue, {});
    made.failing = gauge(Metric::secrets_failing, {});
    made.changes = counters(Metric::secret_changes, {});
    return made;
  }

  StreamMetrics streams(std::string_view era) {
    StreamMetrics made;
    made.connecting = gauge(Metric::streams, {era, "connecting"});
    made.active = gauge(Metric::streams, {era, "active"});
    made.closing = gauge(Metric::streams, {era, "closing"});
    made.open = gauge(Metric::streams_active, {});
    made.events = counters(Metric::stream_events, era);
    made.closed = counters(Metric::streams_closed, era);
    return made;
  }

  void refresh_process() {
    ProcessStats const stats = read_process();
    Counter const cpu = counter(Metric::process_cpu, {});
    cpu.add(std::max(0.0, stats.cpu_seconds - cpu.value()));
    gauge(Metric::process_resident_memory, {}).set(stats.resident_bytes);
    gauge(Metric::process_virtual_memory, {}).set(stats.virtual_bytes);
    gauge(Metric::process_open_fds, {}).set(stats.open_fds);
    gauge(Metric::process_max_fds, {}).set(stats.max_fds);
    gauge(Metric::process_start_time, {}).set(stats.start_seconds);
    gauge(Metric::process_threads, {}).set(stats.threads);
  }

  MetricRegistry registry;
  std::function<ProcessStats()> const read_process;
  std::string const newest_version;
  SessionLengths::Cells const lengths_tcp, lengths_pipe;
  GatewayMetrics gateway;
  std::mutex scraping;
  std::mutex lock;  // of what follows
  std::map<std::string, ServerMetrics, std::less<>> servers;
  std::map<std::string, std::unique_ptr<OperationMetrics>, std::less<>> operations;
  std::vector<std::function<void()>> refreshers;
};

Metrics::Metrics(Options const& options) : state_(std::make_unique<State>(options)) {
  WEIR_ASSERT(options.protocol_versions.size() <= 7);
  State& s = *state_;
  s.gateway.sessions_active = s.gauge(Metric::sessions_active, {});
  s.gateway.session_events = s.counters(Metric::session_events, {});
  for (std::string const& version : options.protocol_versions) {
    s.gateway.sessions[version] = s.sessions(version);
  }
  s.gateway.client_sessions_tcp = SessionLengths(s.lengths_tcp);
  s.gateway.client_sessions_pipe = SessionLengths(s.lengths_pipe);
  s.gateway.parked_calls = s.gauge(Metric::parked_calls, {});
  s.gateway.legacy_streams = s.streams("legacy");
  s.gateway.modern_streams = s.streams("modern");
  s.gateway.replay_bytes = s.gauge(Metric::replay_bytes, {});
  s.gateway.cache = s.cache();
  s.gateway.config_last_reload_success = s.gauge(Metric::config_last_reload_success, {});
  s.gateway.config_last_reload_timestamp = s.gauge(Metric::config_last_reload_timestamp, {});
  s.gateway.http_rejects = s.counters(Metric::http_rejects, {});
  s.gateway.rate_limited = s.refusals(Metric::rate_limited);
  s.gateway.policy_denied = s.refusals(Metric::policy_denied);
  s.gateway.auth_failures = s.counters(Metric::auth_failures, {});
  s.gateway.idempotency = s.counters(Metric::idempotency, {});
  s.gateway.idempotency_entries = s.gauge(Metric::idempotency_entries, {});
  s.gateway.tokens = s.tokens();
  s.gateway.tls_contexts = s.gauge(Metric::tls_contexts, {});
  s.gateway.tls_context_lookups = s.counters(Metric::tls_context_lookups, {});
  s.gateway.tls_context_endings = s.counters(Metric::tls_context_endings, {});
  s.gateway.tls_build_time = Histogram(&s.registry.histogram(Metric::tls_build_time, {}));
  s.gateway.secrets = s.secrets();
  s.gateway.log_dropped = s.counter(Metric::log_dropped, {});
  s.gateway.metrics_dropped_series = s.counter(Metric::metrics_dropped_series, {});
  s.gauge(Metric::build_info, {options.version, options.revision}).set(1);
  operation({}, "tools/list").create_at_zero(s.newest_version);
  s.refresh_process();
}

Metrics::~Metrics() = default;

GatewayMetrics const& Metrics::gateway() const noexcept { return state_->gateway; }

ServerMetrics const& Metrics::server(std::string_view name) {
  State& s = *state_;
  {
    std::lock_guard const guard(s.lock);
    auto const found = s.servers.find(name);
    if (found != s.servers.end()) return found->second;
  }
  ServerMetrics made;
  made.cache_hits = s.counter(Metric::cache_hits, {name});
  made.cache_misses = s.counter(Metric::cache_misses, {name});
  made.cache_stale_hits = s.counter(Metric::cache_stale_hits, {name});
  made.cache_coalesced = s.counter(Metric::cache_coalesced, {name});
  made.memory_lookups = s.lookups(name, "memory");
  made.store_lookups = s.lookups(name, "store");
  made.timeouts = s.counter(Metric::timeouts, {name});
  made.breaker_opens = s.counter(Metric::breaker_opens, {name});
  made.upstream_reinit = s.counter(Metric::upstream_reinit, {name});
  made.fallbacks = s.counters(Metric::fallbacks, name);
  made.fallback_misses = s.counters(Metric::fallback_misses, name);
  made.degraded_answers = s.counters(Metric::degraded_answers, name);
  made.breaker_moves = s.breaker_moves(name);
  made.retries = s.counters(Metric::retries, name);
  made.retries_refused = s.counters(Metric::retries_refused, name);
  made.calls_shed = s.counters(Metric::calls_shed, name);
  made.hedges = s.counter(Metric::hedges, {name});
  made.endpoint_ejections = s.counter(Metric::endpoint_ejections, {name});
  made.queue_depth = s.gauge(Metric::queue_depth, {name});
  made.concurrency_limit = s.gauge(Metric::concurrency_limit, {name});
  made.endpoints_usable = s.gauge(Metric::endpoints_usable, {name});
  made.queue_wait = Histogram(&s.registry.histogram(Metric::queue_wait, {name}));
  made.upstream_restarts = s.counters(Metric::upstream_restarts, name);
  made.catalog_changes = s.counters(Metric::catalog_changes, name);
  made.tool_alarms = s.counters(Metric::tool_alarms, name);
  made.tools_suspect = s.gauge(Metric::tools_suspect, {name});
  made.response_time = Histogram(&s.registry.histogram(Metric::response_time, {name}));
  made.breaker_state = s.gauge(Metric::breaker_state, {name});
  made.requests_in_flight = s.gauge(Metric::requests_in_flight, {name});
  made.upstream_up = s.gauge(Metric::upstream_up, {name});
  made.upstream_sessions = s.gauge(Metric::upstream_sessions, {name});
  made.upstream_rss = s.gauge(Metric::upstream_rss, {name});
  made.catalog_tools = s.gauge(Metric::catalog_tools, {name});
  made.catalog_tokens = s.gauge(Metric::catalog_tokens, {name});
  operation(name, "tools/list").create_at_zero(s.newest_version);
  std::lock_guard const guard(s.lock);
  return s.servers.emplace(name, std::move(made)).first->second;
}

OperationMetrics& Metrics::operation(std::string_view server, std::string_view method,
                                     std::string_view tool) {
  State& s = *state_;
  std::string const key = std::string(server).append(1, '\0').append(method).append(1, '\0').append(tool);
  std::string const other(kOther);
  std::lock_guard const guard(s.lock);
  auto const found = s.operations.find(key);
  if (found != s.operations.end()) return *found->second;
  bool const full = s.operations.size() >= s.registry.series_max();
  auto& place = s.operations[full ? other : key];
  if (place == nullptr) {
    place = full ? std::make_unique<OperationMetrics>(s.registry, kOther, kOther, kOther)
                 : std::make_unique<OperationMetrics>(s.registry, server, method, tool);
  }
  return *place;
}

void Metrics::on_scrape(std::function<void()> refresh) {
  std::lock_guard const guard(state_->lock);
  state_->refreshers.push_back(std::move(refresh));
}

std::string Metrics::render() {
  std::lock_guard const one(state_->scraping);
  state_->refresh_process();
  std::vector<std::function<void()>> refreshers;
  {
    std::lock_guard const guard(state_->lock);
    refreshers = state_->refreshers;
  }
  for (auto const& refresh : refreshers) refresh();
  return state_->registry.render();
}

}  // namespace weir::observe
