#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/load.hpp"

namespace weir::config {
namespace {

using namespace std::chrono_literals;

constexpr char const* kServers =
    "servers:\n  wiki: { url: http://127.0.0.1:1/mcp }\n  mirror: { url: http://127.0.0.1:2/mcp }\n"
    "  pool: { urls: [http://127.0.0.1:3/mcp, http://127.0.0.1:4/mcp], balance: round_robin }\n";

CheckReport checked(std::string const& text, MemoryEnvironment environment = {}) {
  environment.files["/here/weir.yaml"] = kServers + text;
  return check({{"weir.yaml"}, {}, {}, false, false}, environment);
}

Degradation of(CheckReport const& report, std::string_view server) {
  for (auto const& one : report.settings.degradation) {
    if (one.server == server) return one;
  }
  ADD_FAILURE() << "nothing for " << server;
  return {};
}

std::string shown(std::string const& text) { return render_text(checked(text).problems, false); }

TEST(Degradation, EveryServerHasTheDefaults_R092_C7) {
  auto const report = checked("");
  EXPECT_EQ(report.settings.degradation.size(), 3U);
  auto const wiki = of(report, "wiki");
  EXPECT_EQ(wiki.breaker, BreakerSettings{});
  EXPECT_EQ(wiki.breaker.failure_threshold, 5U);
  EXPECT_EQ(wiki.breaker.recovery, 60s);
  EXPECT_EQ(wiki.breaker.success_threshold, 2U);
  EXPECT_EQ(wiki.retry, RetrySettings{});
  EXPECT_EQ(wiki.concurrency, ConcurrencySettings{});
  EXPECT_EQ(wiki.fallback, FallbackSettings{});
  EXPECT_FALSE(wiki.stale_ok);
  EXPECT_EQ(report.settings.rates, RateLimits{});
  EXPECT_EQ(report.settings.shedding, Shedding{});
}

TEST(Degradation, ReadsEveryKey) {
  auto const report = checked(
      "degradation:\n  pool:\n"
      "    breaker: { enabled: false, failure_threshold: 3, recovery_timeout_s: 30, success_threshold: 4, "
      "probes: 2,\n"
      "               window_s: 20, min_calls: 7, failure_rate: 25%, slow_ms: 900, slow_rate: 60% }\n"
      "    retry: { attempts: 1, budget: 10%, attempt_timeout_ms: 700, idempotent: [\"get_*\"], trust_hints: "
      "true }\n"
      "    hedge: { enabled: true, after: p99, max: 5% }\n"
      "    concurrency: { limit: 8, queue: 9, queue_timeout_ms: 1000 }\n"
      "    cache_stale_ok: true\n"
      "    local_backup_path: /data/b/\n    fallback_standards_path: /etc/s.yaml\n"
      "    on_timeout: use_cache\n    on_error: use_local_backup\n    on_open: use_default\n    "
      "on_rate_limited: skip\n"
      "    tools: { \"get_*\": { timeout_ms: 2000, fallback: [use_stale_cache] }, search: { timeout_ms: 100 "
      "} }\n");
  EXPECT_EQ(report.exit_code, 0) << render_text(report.problems, false);
  auto const pool = of(report, "pool");
  EXPECT_EQ(pool.breaker, (BreakerSettings{false, 3, 30s, 4, 2, 20s, 7, 0.25, 900ms, 0.6}));
  EXPECT_EQ(pool.retry, (RetrySettings{1, 0.1, 700ms, {"get_*"}, true}));
  EXPECT_EQ(pool.hedge, (HedgeSettings{true, std::nullopt, 0.99, 0.05}));
  EXPECT_EQ(pool.concurrency, (ConcurrencySettings{8, 9, 1000ms}));
  EXPECT_TRUE(pool.stale_ok);
  EXPECT_EQ(pool.backup_path, "/data/b/");
  EXPECT_EQ(pool.standards_path, "/etc/s.yaml");
  EXPECT_EQ(pool.fallback.on_timeout, FallbackKind::any_copy);
  EXPECT_EQ(pool.fallback.on_error, FallbackKind::backup);
  EXPECT_EQ(pool.fallback.on_open, FallbackKind::standard);
  EXPECT_EQ(pool.fallback.on_rate_limited, FallbackKind::skip);
  ASSERT_EQ(pool.tools.size(), 2U);
  EXPECT_EQ(pool.tools[0].pattern, "get_*");
  EXPECT_EQ(pool.tools[0].timeout, 2s);
  EXPECT_EQ(pool.tools[0].fallback->chain,
            (std::vector<FallbackStep>{{FallbackKind::stale_copy, {}, {}, {}}}));
  EXPECT_FALSE(pool.tools[1].fallback);
  EXPECT_EQ(report.settings.server("pool")->balance, Balance::round_robin);
}

TEST(Degradation, SectionsRefineTheDefaultsAndAliasesMeanTheServer_C7) {
  auto const report = checked(
      "degradation:\n  defaults: { retry: { attempts: 0 }, on_error: use_cache, breaker: { min_calls: 5 } }\n"
      "  wiki: { aliases: [confluence], on_timeout: use_default }\n"
      "  confluence: { breaker: { failure_threshold: 3, recovery_timeout_s: 30 } }\n");
  auto const wiki = of(report, "wiki");
  EXPECT_EQ(wiki.retry.attempts, 0U);
  EXPECT_EQ(wiki.breaker.min_calls, 5U);
  EXPECT_EQ(wiki.breaker.failure_threshold, 3U);
  EXPECT_EQ(wiki.breaker.recovery, 30s);
  EXPECT_EQ(wiki.fallback.on_error, FallbackKind::any_copy);
  EXPECT_EQ(wiki.fallback.on_timeout, FallbackKind::standard);
  EXPECT_EQ(of(report, "mirror").breaker.failure_threshold, 5U);
}

TEST(Degradation, ReadsAChainAndHooksOfASectionEndTheDefaultOne) {
  auto const report = checked(
      "degradation:\n  defaults: { fallback: [use_stale_cache] }\n"
      "  wiki: { fallback: [use_cache, { server: mirror, tool: find }, { message: \"Down.\" }, skip] }\n"
      "  pool: { on_error: use_default }\n");
  EXPECT_EQ(of(report, "wiki").fallback.chain,
            (std::vector<FallbackStep>{{FallbackKind::any_copy, {}, {}, {}},
                                       {FallbackKind::server, "mirror", "find", {}},
                                       {FallbackKind::message, {}, {}, "Down."},
                                       {FallbackKind::skip, {}, {}, {}}}));
  EXPECT_TRUE(of(report, "mirror").fallback.explicit_chain);
  EXPECT_FALSE(of(report, "pool").fallback.explicit_chain);
}

TEST(Degradation, RatesAndShedding) {
  auto const report = checked(
      "limits:\n  global: { rate: 120/m }\n  per_principal: { rate: 5/s, burst: 9, daily_calls: 1k }\n"
      "  shed: { cpu: 90%, queue_wait: 250ms, priority: [interactive, control] }\n");
  EXPECT_EQ(report.exit_code, 0);
  EXPECT_EQ(report.settings.rates, (RateLimits{{2}, {5}, 9, 1000}));
  EXPECT_EQ(report.settings.shedding,
            (Shedding{0.9, 250ms, {Priority::interactive, Priority::control, Priority::background}}));
  EXPECT_TRUE(report.settings.deferred.empty());
}

TEST(Degradation, AWordThatIsNoneIsAnErrorWithTheOneThatWasMeant) {
  EXPECT_EQ(shown("degradation:\n  wiki:\n    on_error: use_chache\n"),
            "error[WEIR-E013]: `use_chache` is not one of use_cache, use_stale_cache, use_local_backup, "
            "use_default, skip\n  --> weir.yaml:7:15\n7 |     on_error: use_chache\n"
            "  |               ^^^^^^^^^^\n  = fix: write use_cache\n");
}

TEST(Degradation, AbsurdNumbersAreErrorsAtTheirPlace) {
  for (auto const* text : {"breaker: { failure_threshold: 0 }", "breaker: { failure_threshold: -3 }",
                           "breaker: { recovery_timeout_s: 90000 }", "breaker: { failure_rate: 101% }",
                           "breaker: { probes: 0 }", "retry: { attempts: 11 }", "retry: { attempts: -1 }",
                           "concurrency: { limit: 0 }", "hedge: { after: 0ms }", "timeout_ms: 0"}) {
    auto const report = checked("degradation:\n  wiki: { " + std::string(text) + " }\n");
    EXPECT_EQ(report.exit_code, 78) << text;
    ASSERT_FALSE(report.problems.empty()) << text;
    EXPECT_EQ(report.problems.front().mark.line, 6U) << text;
    EXPECT_GT(report.problems.front().mark.column, 10U) << text;
  }
  for (auto const* text :
       {"breaker: { failure_threshold: 1 }", "retry: { attempts: 0 }", "retry: { attempts: 10 }",
        "concurrency: { limit: adaptive }", "breaker: { recovery_timeout_s: 86400 }"}) {
    EXPECT_EQ(checked("degradation:\n  wiki: { " + std::string(text) + " }\n").exit_code, 0) << text;
  }
}

TEST(Degradation, StepsThatMakeNoSenseSaySo) {
  std::pair<char const*, char const*> const wrong[] = {
      {"fallback: [{ server: wiki }]", "`wiki` cannot stand in for itself"},
      {"fallback: [{ tool: find }]", "exactly one of `server` and `message`"},
      {"fallback: [{ message: a, tool: b }]", "`tool` goes with `server`"},
      {"fallback: [{ server: mirror, message: a }]", "exactly one of `server` and `message`"},
  };
  for (auto const& [text, said] : wrong) {
    auto const report = checked("degradation:\n  wiki: { " + std::string(text) + " }\n");
    EXPECT_EQ(report.exit_code, 78) << text;
    EXPECT_NE(render_text(report.problems, false).find(said), std::string::npos) << text;
  }
  std::pair<char const*, char const*> const doubtful[] = {
      {"fallback: [{ server: miror }]", "did you mean `mirror`?"},
      {"on_error: use_local_backup", "`use_local_backup` has no folder"},
      {"tools: { x: { fallback: [use_local_backup] } }", "`use_local_backup` has no folder"},
      {"timeout_ms: 7000, max_timeout_ms: 6000", "7000 ms are taken for both"},
      {"hedge: { enabled: true }", "needs a server with several `urls`"},
  };
  for (auto const& [text, said] : doubtful) {
    auto const report = checked("degradation:\n  wiki: { " + std::string(text) + " }\n");
    EXPECT_EQ(report.exit_code, 0) << text;
    EXPECT_NE(render_text(report.problems, false).find(said), std::string::npos)
        << render_text(report.problems, false);
  }
  EXPECT_EQ(checked("limits: { shed: { priority: [control, control] } }\n").exit_code, 78);
}

TEST(Degradation, TheSeedsSayWhatTheyAlwaysSaid_R099_R100_R101_R102) {
  MemoryEnvironment environment;
  for (auto const* name : {"cache-config.yaml", "degraded-mode.yaml"}) {
    std::ifstream in(std::string(WEIR_SOURCE_DIR "/examples/") + name);
    std::ostringstream text;
    text << in.rdbuf();
    environment.files[std::string("/here/") + name] = text.str();
  }
  environment.files["/here/weir.yaml"] =
      "include: [cache-config.yaml, degraded-mode.yaml]\nservers:\n"
      "  context7: { url: http://127.0.0.1:1/mcp }\n  confluence: { url: http://127.0.0.1:2/mcp }\n"
      "  notion: { url: http://127.0.0.1:3/mcp }\n  kellerai_standards: { url: http://127.0.0.1:4/mcp }\n"
      "degradation: { kellerai_standards: { aliases: [kellerai] },\n"
      "  kellerai: { breaker: { failure_threshold: 2, recovery_timeout_s: 10 } } }\n";
  auto const report = check({{"weir.yaml"}, {}, {}, false, false}, environment);
  EXPECT_EQ(report.exit_code, 0) << render_text(report.problems, false);
  EXPECT_TRUE(report.settings.deferred.empty());
  for (auto const* name : {"context7", "notion"}) {
    auto const one = of(report, name);
    EXPECT_EQ(one.fallback.on_timeout, FallbackKind::any_copy);
    EXPECT_EQ(one.fallback.on_error, FallbackKind::skip);
    EXPECT_TRUE(one.stale_ok);
  }
  auto const confluence = of(report, "confluence");
  EXPECT_EQ(confluence.fallback.on_timeout, FallbackKind::stale_copy);
  EXPECT_EQ(confluence.fallback.on_error, FallbackKind::backup);
  EXPECT_EQ(confluence.backup_path, "/data/confluence-backup/");
  auto const standards = of(report, "kellerai_standards");
  EXPECT_EQ(standards.fallback.on_timeout, FallbackKind::standard);
  EXPECT_EQ(standards.fallback.on_error, FallbackKind::standard);
  EXPECT_EQ(standards.standards_path, "/etc/kellerai/default-standards.yaml");
  EXPECT_EQ(standards.breaker.failure_threshold, 2U);
  EXPECT_EQ(standards.breaker.recovery, 10s);
  auto const& stale = report.settings.caching.stale;  // C-3: only context7 has a limit of its own
  ASSERT_EQ(stale.size(), 1U);
  EXPECT_EQ(stale[0].server, "context7");
  EXPECT_EQ(stale[0].age_max, 24h);
}

}  // namespace
}  // namespace weir::config
