#include "observe/metrics.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

namespace weir::observe {
namespace {

std::map<std::string, double> samples_of(std::string const& text) {
  std::map<std::string, double> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    auto const space = line.rfind(' ');
    samples[line.substr(0, space)] = std::stod(line.substr(space + 1));
  }
  return samples;
}

std::size_t series_of(std::map<std::string, double> const& samples, std::string const& name) {
  return static_cast<std::size_t>(std::count_if(samples.begin(), samples.end(), [&](auto const& sample) {
    return sample.first.compare(0, name.size() + 1, name + "{") == 0;
  }));
}

struct Movement {
  Metric metric;
  std::string sample;
  std::function<void()> move;
};

struct MetricsTest : testing::Test {
  ProcessStats process;
  Metrics::Options options{"1.2.3", "abc", {"2025-11-25", "2026-07-28"}, 10'000, [this] { return process; }};
  Metrics metrics{options};
  ServerMetrics const& github = metrics.server("github");

  std::vector<Movement> movements();
  std::vector<Movement> cache_movements();
  std::vector<Movement> degradation_movements();
  std::vector<Movement> upstream_movements();
  std::vector<Movement> token_movements();
  std::vector<Movement> process_movements();
  std::map<std::string, double> samples() { return samples_of(metrics.render()); }
};

std::vector<Movement> MetricsTest::movements() {
  auto& echo = metrics.operation("github", "tools/call", "echo");
  echo.create_at_zero("2026-07-28");
  auto const& gateway = metrics.gateway();
  std::string const operation =
      R"({error_type="",gen_ai_tool_name="echo",mcp_method_name="tools/call",)"
      R"(mcp_protocol_version="2026-07-28",network_transport="tcp",server="github"})";
  std::string const server = R"({server="github"})";
  return {
      {Metric::cache_hits, "mcp_cache_hits_total" + server, [&] { github.cache_hits.add(); }},
      {Metric::cache_misses, "mcp_cache_misses_total" + server, [&] { github.cache_misses.add(); }},
      {Metric::cache_stale_hits, "mcp_cache_stale_hits_total" + server,
       [&] { github.cache_stale_hits.add(); }},
      {Metric::timeouts, "mcp_timeouts_total" + server, [&] { github.timeouts.add(); }},
      {Metric::breaker_opens, "mcp_circuit_breaker_opens_total" + server,
       [&] { github.breaker_opens.add(); }},
      {Metric::fallbacks, R"(mcp_fallbacks_total{server="github",strategy="use_default"})",
       [&] { github.fallbacks.add("use_default"); }},
      {Metric::response_time, "mcp_response_time_seconds_count" + server,
       [&] { github.response_time.observe(0.003); }},
      {Metric::breaker_state, "mcp_circuit_breaker_state" + server, [&] { github.breaker_state.set(1); }},
      {Metric::server_operation_duration, "mcp_server_operation_duration_seconds_count" + operation,
       [&] { echo.served(0.003, "2026-07-28", Transport::tcp); }},
      {Metric::client_operation_duration, "mcp_client_operation_duration_seconds_count" + operation,
       [&] { echo.called(0.003, "2026-07-28", Transport::tcp); }},
      {Metric::requests,
       R"(mcp_requests_total{method="tools/call",outcome="shed",server="github",tool="echo"})",
       [&] { echo.count(Outcome::shed); }},
      {Metric::sessions_active, "mcp_sessions_active", [&] { gateway.sessions_active.add(1); }},
      {Metric::streams_active, "mcp_streams_active", [&] { gateway.modern_streams.open.add(1); }},
      {Metric::session_events, R"(weir_session_events_total{event="evicted"})",
       [&] { gateway.session_events.add("evicted"); }},
      {Metric::sessions, R"(weir_sessions{mcp_protocol_version="2025-11-25",state="working"})",
       [&] { gateway.sessions.at("2025-11-25").working.add(1); }},
      {Metric::session_duration,
       R"(mcp_server_session_duration_seconds_count{mcp_protocol_version="2025-11-25",network_transport="pipe"})",
       [&] { gateway.sessions.at("2025-11-25").lasted(Transport::pipe).observe(3); }},
      {Metric::client_session_duration,
       R"(mcp_client_session_duration_seconds_count{mcp_protocol_version="2025-11-25",network_transport="tcp"})",
       [&] { gateway.client_sessions_tcp.observe("2025-11-25", 3); }},
      {Metric::upstream_sessions, "weir_upstream_sessions" + server,
       [&] { github.upstream_sessions.add(1); }},
      {Metric::parked_calls, "weir_parked_calls", [&] { gateway.parked_calls.set(1); }},
      {Metric::streams, R"(weir_streams{era="legacy",state="closing"})",
       [&] { gateway.legacy_streams.closing.add(1); }},
      {Metric::stream_events, R"(weir_stream_events_total{era="legacy",event="stale"})",
       [&] { gateway.legacy_streams.events.add("stale"); }},
      {Metric::streams_closed, R"(weir_streams_closed_total{era="modern",reason="shutdown"})",
       [&] { gateway.modern_streams.closed.add("shutdown"); }},
      {Metric::replay_bytes, "weir_replay_buffer_bytes", [&] { gateway.replay_bytes.add(1); }},
      {Metric::config_last_reload_success, "mcp_config_last_reload_success",
       [&] { gateway.config_last_reload_success.set(1); }},
      {Metric::config_last_reload_timestamp, "mcp_config_last_reload_timestamp_seconds",
       [&] { gateway.config_last_reload_timestamp.add(1); }},
      {Metric::metrics_dropped_series, "mcp_metrics_dropped_series_total",
       [&] { gateway.metrics_dropped_series.add(); }},
      {Metric::http_rejects, R"(weir_http_rejects_total{reason="origin"})",
       [&] { gateway.http_rejects.add("origin"); }},
      {Metric::log_dropped, "weir_log_dropped_total", [&] { gateway.log_dropped.add(); }},
  };
}

std::vector<Movement> MetricsTest::upstream_movements() {
  std::string const server = R"({server="github"})";
  return {
      {Metric::requests_in_flight, "mcp_requests_in_flight" + server,
       [&] { github.requests_in_flight.add(1); }},
      {Metric::upstream_up, "mcp_upstream_up" + server, [&] { github.upstream_up.set(1); }},
      {Metric::upstream_restarts, R"(mcp_upstream_restarts_total{reason="exit",server="github"})",
       [&] { github.upstream_restarts.add("exit"); }},
      {Metric::upstream_reinit, "mcp_upstream_reinit_total" + server, [&] { github.upstream_reinit.add(); }},
      {Metric::catalog_tools, "mcp_catalog_tools" + server, [&] { github.catalog_tools.set(1); }},
      {Metric::upstream_rss, "mcp_upstream_rss_bytes" + server, [&] { github.upstream_rss.set(1); }},
      {Metric::catalog_tokens, "mcp_catalog_tokens" + server, [&] { github.catalog_tokens.set(1); }},
      {Metric::catalog_changes, R"(mcp_catalog_changes_total{kind="schema",server="github"})",
       [&] { github.catalog_changes.add("schema"); }},
      {Metric::tool_alarms, R"(weir_tool_alarms_total{kind="changed",server="github"})",
       [&] { github.tool_alarms.add("changed"); }},
      {Metric::tools_suspect, "weir_tools_suspect" + server, [&] { github.tools_suspect.set(1); }},
  };
}

std::vector<Movement> MetricsTest::cache_movements() {
  auto const& gateway = metrics.gateway();
  std::string const server = R"({server="github"})";
  return {
      {Metric::cache_lookups, R"(weir_cache_lookups_total{result="hit",server="github",tier="store"})",
       [&] { github.store_lookups.add("hit"); }},
      {Metric::cache_coalesced, "weir_cache_coalesced_total" + server, [&] { github.cache_coalesced.add(); }},
      {Metric::cache_invalidations, R"(weir_cache_invalidations_total{reason="cron"})",
       [&] { gateway.cache.invalidations.add("cron"); }},
      {Metric::cache_evictions, R"(weir_cache_evictions_total{reason="ttl"})",
       [&] { gateway.cache.evictions.add("ttl"); }},
      {Metric::cache_entries, R"(weir_cache_entries{tier="store"})",
       [&] { gateway.cache.store_entries.add(1); }},
      {Metric::cache_bytes, R"(weir_cache_bytes{tier="memory"})", [&] { gateway.cache.memory_bytes.add(1); }},
      {Metric::cache_store_problems, R"(weir_cache_store_problems_total{reason="rejected"})",
       [&] { gateway.cache.store_problems.add("rejected"); }},
  };
}

std::vector<Movement> MetricsTest::degradation_movements() {
  auto const& gateway = metrics.gateway();
  std::string const server = R"({server="github"})";
  return {
      {Metric::breaker_transitions,
       R"(weir_breaker_transitions_total{from="half_open",reason="probe_failed",server="github",to="open"})",
       [&] { github.breaker_moves.reopened.add(); }},
      {Metric::retries, R"(weir_retries_total{reason="lost",server="github"})",
       [&] { github.retries.add("lost"); }},
      {Metric::retries_refused, R"(weir_retries_refused_total{reason="budget",server="github"})",
       [&] { github.retries_refused.add("budget"); }},
      {Metric::hedges, "weir_hedges_total" + server, [&] { github.hedges.add(); }},
      {Metric::degraded_answers, R"(weir_degraded_answers_total{mode="backup",server="github"})",
       [&] { github.degraded_answers.add("backup"); }},
      {Metric::fallback_misses, R"(weir_fallback_misses_total{server="github",strategy="use_cache"})",
       [&] { github.fallback_misses.add("use_cache"); }},
      {Metric::queue_depth, "mcp_queue_depth" + server, [&] { github.queue_depth.add(1); }},
      {Metric::queue_wait, "mcp_queue_wait_seconds_count" + server,
       [&] { github.queue_wait.observe(0.003); }},
      {Metric::concurrency_limit, "weir_concurrency_limit" + server,
       [&] { github.concurrency_limit.set(1); }},
      {Metric::calls_shed, R"(weir_calls_shed_total{reason="queue_full",server="github"})",
       [&] { github.calls_shed.add("queue_full"); }},
      {Metric::rate_limited, R"(mcp_rate_limited_total{principal_class="key",reason="daily"})",
       [&] { gateway.rate_limited.of("key").add("daily"); }},
      {Metric::policy_denied, R"(mcp_policy_denied_total{principal_class="_other",reason="scopes"})",
       [&] { gateway.policy_denied.of("jwt").add("scopes"); }},
      {Metric::auth_failures, R"(mcp_auth_failures_total{reason="malformed"})",
       [&] { gateway.auth_failures.add("malformed"); }},
      {Metric::endpoints_usable, "weir_endpoints_usable" + server, [&] { github.endpoints_usable.set(1); }},
      {Metric::endpoint_ejections, "weir_endpoint_ejections_total" + server,
       [&] { github.endpoint_ejections.add(); }},
      {Metric::idempotency, R"(weir_idempotency_total{result="joined"})",
       [&] { gateway.idempotency.add("joined"); }},
      {Metric::idempotency_entries, "weir_idempotency_entries", [&] { gateway.idempotency_entries.add(1); }},
      {Metric::tls_contexts, "weir_tls_contexts", [&] { gateway.tls_contexts.add(1); }},
      {Metric::tls_context_lookups, R"(weir_tls_context_lookups_total{result="hit"})",
       [&] { gateway.tls_context_lookups.add("hit"); }},
      {Metric::tls_context_endings, R"(weir_tls_context_endings_total{reason="evicted"})",
       [&] { gateway.tls_context_endings.add("evicted"); }},
      {Metric::tls_build_time, "weir_tls_context_build_seconds_count",
       [&] { gateway.tls_build_time.observe(0.001); }},
      {Metric::secret_age, R"(weir_secret_age_seconds{source="vault"})",
       [&] { gateway.secrets.vault_age.set(1); }},
      {Metric::secrets_overdue, "weir_secrets_overdue", [&] { gateway.secrets.overdue.set(1); }},
      {Metric::secrets_failing, "weir_secrets_failing", [&] { gateway.secrets.failing.set(1); }},
      {Metric::secret_changes, R"(weir_secret_changes_total{result="rolled_back"})",
       [&] { gateway.secrets.changes.add("rolled_back"); }},
  };
}

std::vector<Movement> MetricsTest::token_movements() {
  auto const& tokens = metrics.gateway().tokens;
  return {
      {Metric::tokens, R"(weir_tokens{kind="refusal"})", [&] { tokens.refusals.add(1); }},
      {Metric::token_lookups, R"(weir_token_lookups_total{result="refused"})",
       [&] { tokens.lookups.add("refused"); }},
      {Metric::token_requests, R"(weir_token_requests_total{outcome="policy"})",
       [&] { tokens.requests.add("policy"); }},
      {Metric::token_endings, R"(weir_token_endings_total{reason="share"})",
       [&] { tokens.endings.add("share"); }},
      {Metric::token_renewals, R"(weir_token_renewals_total{result="failed"})",
       [&] { tokens.renewals.add("failed"); }},
      {Metric::token_revocations, R"(weir_token_revocations_total{result="done"})",
       [&] { tokens.revocations.add("done"); }},
  };
}

std::vector<Movement> MetricsTest::process_movements() {
  return {
      {Metric::process_cpu, "process_cpu_seconds_total", [&] { process.cpu_seconds += 1; }},
      {Metric::process_resident_memory, "process_resident_memory_bytes",
       [&] { process.resident_bytes += 1; }},
      {Metric::process_virtual_memory, "process_virtual_memory_bytes", [&] { process.virtual_bytes += 1; }},
      {Metric::process_open_fds, "process_open_fds", [&] { process.open_fds += 1; }},
      {Metric::process_max_fds, "process_max_fds", [&] { process.max_fds += 1; }},
      {Metric::process_start_time, "process_start_time_seconds", [&] { process.start_seconds += 1; }},
      {Metric::process_threads, "process_threads", [&] { process.threads += 1; }},
  };
}

// Each metric, moved by exactly one, and nothing else with it.
TEST_F(MetricsTest, EveryMetricMovesByExactlyOneAndMovesNoOther) {
  std::set<Metric> moved{Metric::build_info};  // constant
  auto all = movements();
  std::ranges::move(cache_movements(), std::back_inserter(all));
  std::ranges::move(upstream_movements(), std::back_inserter(all));
  std::ranges::move(degradation_movements(), std::back_inserter(all));
  std::ranges::move(token_movements(), std::back_inserter(all));
  std::ranges::move(process_movements(), std::back_inserter(all));
  for (auto const& movement : all) {
    auto const before = samples();
    ASSERT_EQ(before.count(movement.sample), 1U) << movement.sample << " does not exist at 0";
    movement.move();
    std::string const name(spec_of(movement.metric).name);
    ASSERT_EQ(movement.sample.compare(0, name.size(), name), 0);
    for (auto const& [sample, value] : samples()) {
      bool const part = sample.compare(0, name.size() + 1, name + "_") == 0 && sample != movement.sample;
      if (part) continue;  // a histogram's buckets and sum
      ASSERT_EQ(value - before.at(sample), sample == movement.sample ? 1 : 0) << sample;
    }
    moved.insert(movement.metric);
  }
  EXPECT_EQ(moved.size(), kMetricCount);
}

// R-120…R-127: present at 0 for each configured server, with exactly these labels.
TEST_F(MetricsTest, TheEightPromisedNamesExistAtZeroForEachServer) {
  metrics.server("jira");
  auto const all = samples();
  for (std::string const server : {"github", "jira"}) {
    std::string const label = "{server=\"" + server + "\"}";
    for (std::string const name :
         {"mcp_cache_hits_total", "mcp_cache_misses_total", "mcp_cache_stale_hits_total",
          "mcp_timeouts_total", "mcp_circuit_breaker_opens_total", "mcp_response_time_seconds_count",
          "mcp_circuit_breaker_state"}) {
      ASSERT_EQ(all.count(name + label), 1U) << name + label;
      EXPECT_EQ(all.at(name + label), 0);
    }
    for (std::string const strategy :
         {"use_cache", "use_stale_cache", "skip", "use_default", "use_local_backup"})
      EXPECT_EQ(all.at("mcp_fallbacks_total{server=\"" + server + "\",strategy=\"" + strategy + "\"}"), 0);
  }
}

TEST_F(MetricsTest, EveryNameOfTheTableIsThereBeforeAnythingHappens) {
  std::string const text = metrics.render();
  for (auto const& spec : metric_table())
    EXPECT_NE(text.find("# TYPE " + std::string(spec.name) + " "), std::string::npos) << spec.name;
  EXPECT_EQ(samples().at(R"(mcp_build_info{revision="abc",version="1.2.3"})"), 1);
}

TEST_F(MetricsTest, DurationsFallIntoTheStatedBuckets) {
  github.response_time.observe(0.0005);
  github.response_time.observe(0.0011);
  github.response_time.observe(1000);
  auto const all = samples();
  auto const bucket = [&all](std::string const& bound) {
    return all.at("mcp_response_time_seconds_bucket{server=\"github\",le=\"" + bound + "\"}");
  };
  EXPECT_EQ(bucket("0.0005"), 1);
  EXPECT_EQ(bucket("0.001"), 1);
  EXPECT_EQ(bucket("0.002"), 2);
  EXPECT_EQ(bucket("300"), 2);
  EXPECT_EQ(bucket("+Inf"), 3);
  EXPECT_EQ(series_of(all, "mcp_response_time_seconds_bucket"), kSecondsBuckets.size() + 1);
}

TEST_F(MetricsTest, ValuesOutsideAClosedSetCountAsOther) {
  github.fallbacks.add("prayer");
  auto& op = metrics.operation("github", "tools/call", "echo");
  op.served(1, "1999-01-01", Transport::pipe, "gremlins");
  auto const all = samples();
  EXPECT_EQ(all.at(R"(mcp_fallbacks_total{server="github",strategy="_other"})"), 1);
  EXPECT_EQ(
      all.at(R"(mcp_server_operation_duration_seconds_count{error_type="_other",gen_ai_tool_name="echo",)"
             R"(mcp_method_name="tools/call",mcp_protocol_version="_other",network_transport="pipe",)"
             R"(server="github"})"),
      1);
}

TEST_F(MetricsTest, EachOutcomeIsCountedUnderItsOwnName) {
  auto& op = metrics.operation("github", "tools/call", "echo");
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    op.count(static_cast<Outcome>(i));
    std::string const name(kOutcomes[i]);
    EXPECT_EQ(samples().at("mcp_requests_total{method=\"tools/call\",outcome=\"" + name +
                           "\",server=\"github\",tool=\"echo\"}"),
              1);
  }
}

TEST_F(MetricsTest, KnownErrorTypesKeepTheirNames) {
  auto& op = metrics.operation("github", "tools/call", "echo");
  for (std::string_view const type : {kToolError, kRpcError, kCancelled, std::string_view("timed_out")})
    op.called(1, "2026-07-28", Transport::tcp, type);
  auto const text = metrics.render();
  for (std::string const type : {"tool_error", "rpc_error", "cancelled", "timed_out"})
    EXPECT_NE(text.find("client_operation_duration_seconds_count{error_type=\"" + type + "\""),
              std::string::npos)
        << type;
}

TEST_F(MetricsTest, AMetricNeverHasMoreSeriesThanTheCap) {
  Metrics::Options small = options;
  small.series_max = 50;
  Metrics capped(small);
  for (int i = 0; i < 5000; ++i)
    capped.operation("github", "tools/call", "tool" + std::to_string(i)).count(Outcome::ok);
  auto const all = samples_of(capped.render());
  EXPECT_LE(series_of(all, "mcp_requests_total"), 50U + kOutcomes.size());
  double total = 0;
  for (auto const& [sample, value] : all)
    if (sample.compare(0, 18, "mcp_requests_total") == 0) total += value;
  EXPECT_EQ(total, 5000) << "what has no series of its own is still counted";
  EXPECT_EQ(all.at(R"(mcp_requests_total{method="_other",outcome="ok",server="_other",tool="_other"})"),
            5000 - 43);
  EXPECT_GT(all.at("mcp_metrics_dropped_series_total"), 0);
}

TEST_F(MetricsTest, AtTheCapNothingIsDropped) {
  Metrics::Options small = options;
  small.series_max = 24;
  Metrics capped(small);
  for (int i = 0; i < 17; ++i) capped.operation("s", "tools/call", std::to_string(i)).count(Outcome::ok);
  EXPECT_EQ(capped.gateway().metrics_dropped_series.value(), 0)
      << "seven outcomes of tools/list and seventeen tools";
  capped.operation("s", "tools/call", "17").count(Outcome::ok);
  EXPECT_EQ(capped.gateway().metrics_dropped_series.value(), 1);
}

TEST_F(MetricsTest, HostileLabelValuesCannotForgeLines) {
  metrics.operation("github", "tools/call", "a\"} 1\nforged 2").count(Outcome::ok);
  metrics.operation("github", "tools/call", "quote\"back\\slash").count(Outcome::ok);
  metrics.operation("github", "tools/call", std::string(129, 'x')).count(Outcome::ok);
  metrics.operation("github", "tools/call", std::string(128, 'y')).count(Outcome::ok);
  metrics.operation("github", "tools/call", "\xff\xfe").count(Outcome::ok);
  auto const text = metrics.render();
  EXPECT_EQ(text.find("\nforged"), std::string::npos);
  EXPECT_NE(text.find(R"(tool="quote\"back\\slash")"), std::string::npos);
  EXPECT_EQ(text.find(std::string(129, 'x')), std::string::npos);
  EXPECT_NE(text.find(std::string(128, 'y')), std::string::npos);
  EXPECT_EQ(samples_of(text).at(
                R"(mcp_requests_total{method="tools/call",outcome="ok",server="github",tool="_other"})"),
            3);
}

TEST_F(MetricsTest, TheSameNamesGiveTheSameHandles) {
  EXPECT_EQ(&metrics.server("github"), &github);
  EXPECT_EQ(&metrics.operation("a", "b", "c"), &metrics.operation("a", "b", "c"));
  EXPECT_NE(&metrics.operation("a", "bc"), &metrics.operation("ab", "c"));
}

TEST_F(MetricsTest, RefreshersRunBeforeTheirScrape) {
  int sessions = 3;
  metrics.on_scrape([&] { metrics.gateway().sessions_active.set(sessions); });
  EXPECT_EQ(samples().at("mcp_sessions_active"), 3);
  sessions = 4;
  EXPECT_EQ(samples().at("mcp_sessions_active"), 4);
}

TEST_F(MetricsTest, ThreadsCountingTheSameSeriesLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kCounts = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < kCounts; ++i) {
        auto& op = metrics.operation("github", "tools/call", "tool" + std::to_string(i % 10));
        op.count(Outcome::ok);
        op.called(0.1, "2026-07-28", Transport::tcp);
        if (i % 500 == 0) metrics.render();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  double requests = 0;
  double durations = 0;
  for (auto const& [sample, value] : samples()) {
    if (sample.find("mcp_requests_total") == 0) requests += value;
    if (sample.find("mcp_client_operation_duration_seconds_count") == 0) durations += value;
  }
  EXPECT_EQ(requests, kThreads * kCounts);
  EXPECT_EQ(durations, kThreads * kCounts);
}

TEST(MetricsPage, IsWhatTheTableSays) {
  std::ifstream file(WEIR_SOURCE_DIR "/docs/metrics.md");
  std::string const page((std::istreambuf_iterator<char>(file)), {});
  if (page == metrics_page()) return;
  std::string const fresh = testing::TempDir() + "metrics.md";
  std::ofstream(fresh) << metrics_page();
  FAIL() << "docs/metrics.md is out of date; copy " << fresh;
}

}  // namespace
}  // namespace weir::observe
