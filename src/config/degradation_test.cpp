// `degradation:` and `limits:` from text to settings, and what is said of mistakes in them.
#include <gtest/gtest.h>

#include "config/load.hpp"
#include "config/option_table.hpp"

namespace weir::config {
namespace {

using std::chrono::seconds;
using Kind = FallbackKind;

constexpr char const* kServers =
    "servers: { a: { url: \"http://a/\" }, b: { url: \"http://b/\" }, off: { url: \"http://c/\", disabled: "
    "true },\n"
    "  pool: { urls: [ \"http://d/\", \"http://e/\" ] } }\n";

struct World {
  MemoryEnvironment environment;
  Sources sources{{"weir.yaml"}, {}, {}, false, false};

  explicit World(std::string const& text) { environment.files["/here/weir.yaml"] = kServers + text; }
  CheckReport check() const { return config::check(sources, environment); }
  std::string text() const { return render_text(check().problems, false); }
  Settings settings() const {
    auto report = check();
    EXPECT_EQ(render_text(report.problems, false), "");
    return report.settings;
  }
  Degradation of_a() const { return settings().degradation.at(0); }
  std::string codes() const {
    std::string out;
    for (auto const& problem : check().problems)
      out += std::string(name_of(problem.severity)) + " " + problem.code.substr(5) + ", ";
    return out;
  }
};

std::string codes_of(std::string const& text) { return World(text).codes(); }

FallbackStep plain(Kind kind) { return {kind, {}, {}, {}}; }

TEST(Degradation, EveryServerHasOneInTheOrderOfTheServers_C7) {
  auto const settings = World("").settings();
  ASSERT_EQ(settings.degradation.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    Degradation expected;  // 5, 60 s, 2
    expected.server = settings.servers[i].name;
    EXPECT_EQ(settings.degradation[i], expected);
  }
  EXPECT_EQ(settings.rates, RateLimits());
  EXPECT_EQ(settings.shedding, Shedding());
}

TEST(Degradation, TheTablesDefaultsAreTheStructs) {
  std::string text = "degradation: { defaults: {";
  for (std::string const part : {"", "breaker", "retry", "hedge", "concurrency"}) {
    auto const prefix = "degradation.*." + (part.empty() ? "" : part + ".");
    text += part.empty() ? "" : part + ": {";
    for (auto const& row : options()) {
      if (!row.path.starts_with(prefix) || row.fallback.empty()) continue;
      auto const key = row.path.substr(prefix.size());
      if (key.find('.') == key.npos) text += " " + std::string(key) + ": " + std::string(row.fallback) + ",";
    }
    text += part.empty() ? "" : " },";
  }
  World const written(text + " } }\n");
  EXPECT_NE(written.environment.files.at("/here/weir.yaml").find("slow_rate: 80%"), std::string::npos);
  EXPECT_EQ(written.of_a(), World("").of_a());
}

TEST(Degradation, EveryKeyArrives) {
  World world(
      "degradation:\n  a:\n"
      "    breaker: { enabled: false, failure_threshold: 3, recovery_timeout_s: 30, success_threshold: 4,\n"
      "      probes: 7, window_s: 20, min_calls: 9, failure_rate: 25%, slow_ms: 700, slow_rate: 60.5% }\n"
      "    retry: { attempts: 0, budget: 10%, attempt_timeout_ms: 300, idempotent: [\"get_*\", put],\n"
      "      trust_hints: true }\n"
      "    concurrency: { limit: 8, queue: 0, queue_timeout_ms: 50 }\n"
      "    on_timeout: use_cache\n    on_error: use_local_backup\n    on_open: use_stale_cache\n"
      "    on_rate_limited: skip\n    cache_stale_ok: true\n"
      "    local_backup_path: backup\n    fallback_standards_path: /etc/default.md\n"
      "  pool: { hedge: { enabled: true, after: p99, max: 5% } }\n");
  world.environment.files["/here/backup"] = "";
  world.environment.files["/etc/default.md"] = "";
  auto const settings = world.settings();
  auto const& a = settings.degradation[0];
  EXPECT_EQ(a.breaker,
            (BreakerSettings{false, 3, seconds(30), 4, 7, seconds(20), 9, 0.25, milliseconds(700), 0.605}));
  EXPECT_EQ(a.retry, (RetrySettings{0, 0.1, milliseconds(300), {"get_*", "put"}, true}));
  EXPECT_EQ(a.concurrency, (ConcurrencySettings{8U, 0, milliseconds(50)}));
  EXPECT_EQ(a.fallback,
            (FallbackSettings{false, {}, Kind::any_copy, Kind::backup, Kind::stale_copy, Kind::skip}));
  EXPECT_TRUE(a.stale_ok);
  EXPECT_EQ(a.backup_path, "/here/backup");
  EXPECT_EQ(a.standards_path, "/etc/default.md");
  EXPECT_EQ(settings.degradation[3].hedge, (HedgeSettings{true, {}, 0.99, 0.05}));
  EXPECT_EQ(settings.degradation[1], World("").settings().degradation[1]);
}

TEST(Degradation, HedgesBeginAtAPercentileOrAfterATime) {
  auto const hedge = [](std::string const& after) {
    return World("degradation: { pool: { hedge: { enabled: true, after: " + after + " } } }\n")
        .settings()
        .degradation[3]
        .hedge;
  };
  EXPECT_EQ(hedge("p50").percentile, 0.5);
  EXPECT_EQ(hedge("p90").percentile, 0.9);
  EXPECT_EQ(hedge("p95").after, std::nullopt);
  EXPECT_EQ(hedge("40ms").after, milliseconds(40));
}

TEST(Degradation, AServerUnderTwoNamesHasOneBreaker_C7) {
  World world(
      "degradation:\n  defaults: { breaker: { failure_threshold: 9, probes: 3 } }\n"
      "  a: { aliases: [kellerai], on_timeout: use_default }\n"
      "  kellerai: { breaker: { failure_threshold: 2, recovery_timeout_s: 10 } }\n");
  auto const a = world.of_a();
  EXPECT_EQ(a.breaker.failure_threshold, 2U);
  EXPECT_EQ(a.breaker.recovery, seconds(10));
  EXPECT_EQ(a.breaker.probes, 3U);
  EXPECT_EQ(a.fallback.on_timeout, Kind::standard);
  EXPECT_EQ(world.settings().degradation[1].breaker.failure_threshold, 9U);
}

TEST(Degradation, AWordGoesBackFromWhatTheDefaultsSay) {
  auto const a = World(
                     "degradation:\n"
                     "  defaults: { retry: { attempt_timeout_ms: 5 }, concurrency: { limit: 5 } }\n"
                     "  a: { retry: { attempt_timeout_ms: auto }, concurrency: { limit: adaptive } }\n")
                     .of_a();
  EXPECT_EQ(a.retry.attempt_timeout, std::nullopt);
  EXPECT_EQ(a.concurrency.limit, std::nullopt);
}

TEST(Degradation, AChainKeepsItsOrder_C4) {
  World world(
      "degradation: { a: { fallback: [ use_cache, use_stale_cache, skip, { server: b, tool: find },\n"
      "  { server: pool }, use_local_backup, { message: \"Down.\" } ], local_backup_path: x, on_error: skip "
      "} "
      "}\n");
  world.environment.files["/here/x"] = "";
  auto const fallback = world.of_a().fallback;
  EXPECT_TRUE(fallback.explicit_chain);
  EXPECT_EQ(fallback.chain, (std::vector<FallbackStep>{plain(Kind::any_copy),
                                                       plain(Kind::stale_copy),
                                                       plain(Kind::skip),
                                                       {Kind::server, "b", "find", {}},
                                                       {Kind::server, "pool", {}, {}},
                                                       plain(Kind::backup),
                                                       {Kind::message, {}, {}, "Down."}}));
}

TEST(Degradation, ServersGoBeforeDefaultsInChainsToo) {
  auto const settings = World(
                            "degradation:\n  defaults: { fallback: [ { server: b }, use_default ] }\n"
                            "  a: { on_error: skip }\n  pool: { fallback: [] }\n")
                            .settings();
  EXPECT_FALSE(settings.degradation[0].fallback.explicit_chain) << "its own hooks count";
  EXPECT_EQ(settings.degradation[0].fallback.on_error, Kind::skip);
  EXPECT_EQ(settings.degradation[1].fallback.chain, std::vector{plain(Kind::standard)}) << "not itself";
  EXPECT_EQ(settings.degradation[2].fallback.chain.size(), 2U);
  EXPECT_TRUE(settings.degradation[3].fallback.explicit_chain);
  EXPECT_TRUE(settings.degradation[3].fallback.chain.empty()) << "an empty chain is one";
}

TEST(Degradation, ToolsOfTheServerGoBeforeThoseOfTheDefaults) {
  auto const tools =
      World(
          "degradation:\n"
          "  defaults: { tools: { \"get_*\": { timeout_ms: 1, fallback: [skip] }, \"*\": { timeout_ms: 9 } } "
          "}\n"
          "  a: { aliases: [old], tools: { slow: { timeout_ms: 7 }, \"get_*\": { timeout_ms: 2 } } }\n"
          "  old: { tools: { slow: { fallback: [ { server: b } ] } } }\n")
          .of_a()
          .tools;
  ASSERT_EQ(tools.size(), 3U);
  EXPECT_EQ(tools[0],
            (ToolDegradation{"slow", milliseconds(7),
                             FallbackSettings{true, {{Kind::server, "b", {}, {}}}, {}, {}, {}, {}}}));
  EXPECT_EQ(tools[1].pattern, "get_*");
  EXPECT_EQ(tools[1].timeout, milliseconds(2));
  EXPECT_TRUE(tools[1].fallback);
  EXPECT_EQ(tools[2].timeout, milliseconds(9));
}

TEST(Degradation, CallsAreSpreadAsAsked) {
  auto const balance = [](std::string const& word) {
    MemoryEnvironment environment;
    environment.files["/here/weir.yaml"] =
        "servers: { a: { urls: [ \"http://a/\", \"http://b/\" ]" + word + " } }\n";
    auto const report = check({{"weir.yaml"}, {}, {}, false, false}, environment);
    EXPECT_EQ(render_text(report.problems, false), "");
    return report.settings.servers.at(0).balance;
  };
  EXPECT_EQ(balance(""), Balance::least_inflight);
  EXPECT_EQ(balance(", balance: round_robin"), Balance::round_robin);
  EXPECT_EQ(balance(", balance: hash:principal"), Balance::by_principal);
}

TEST(Limits, EveryKeyArrives) {
  auto const settings = World(
                            "limits: { global: { rate: 120/m }, per_principal: { rate: 50/s, burst: 100,\n"
                            "  daily_calls: 100k }, shed: { cpu: 90%, queue_wait: 250ms,\n"
                            "  priority: [interactive, control] } }\n")
                            .settings();
  EXPECT_EQ(settings.rates, (RateLimits{{2}, {50}, 100, 100'000}));
  EXPECT_EQ(
      settings.shedding,
      (Shedding{0.9, milliseconds(250), {Priority::interactive, Priority::control, Priority::background}}));
  EXPECT_TRUE(settings.deferred.empty());
}

TEST(Limits, MistakesAreShown) {
  EXPECT_EQ(codes_of("limits: { shed: { cpu: 90%, priority: [control, control] } }\n"), "error E024, ");
  EXPECT_EQ(codes_of("limits: { shed: { priority: [contrl] } }\n"), "error E013, ");
  EXPECT_EQ(codes_of("limits: { per_principal: { burst: 5 } }\n"), "warning E022, ");
  EXPECT_EQ(codes_of("limits: { global: { rate: -5/s } }\n"), "error E016, ");
  EXPECT_EQ(codes_of("limits: { shed: { cpu: 101% } }\n"), "error E016, ");
}

TEST(DegradationMistakes, AnUnknownStrategyIsShownWithTheOneThatWasMeant) {
  EXPECT_EQ(World("degradation:\n  a:\n    on_error: use_stale_cach\n").text(),
            "error[WEIR-E013]: `use_stale_cach` is not one of use_cache, use_stale_cache, use_local_backup, "
            "use_default, skip\n"
            "  --> weir.yaml:5:15\n"
            "5 |     on_error: use_stale_cach\n"
            "  |               ^^^^^^^^^^^^^^\n"
            "  = fix: write use_stale_cache\n");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ use_cahce, skip ] } }\n"), "error E013, ");
  EXPECT_EQ(codes_of("degradation: { a: { tools: { t: { fallback: [ defualt ] } } } }\n"), "error E013, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: use_cache } }\n"), "error E011, ");
}

TEST(DegradationMistakes, NumbersHaveRangesOnBothSides) {
  auto const one = [](std::string const& key, std::string const& value) {
    auto text = "degradation: { pool: { " + key + ": " + value + " }";
    for (auto const c : key) text += c == '{' ? " }" : "";
    return codes_of(text + " }\n");
  };
  struct Row {
    char const* key;
    char const *low, *high, *below, *above;
  };
  constexpr Row kRows[] = {
      {"timeout_ms", "1", "600000", "0", "3600001"},
      {"retry: { attempts", "0", "10", "-1", "11"},
      {"retry: { attempt_timeout_ms", "1", "3600000", "0", "3600001"},
      {"retry: { budget", "0%", "100%", "-1%", "101%"},
      {"breaker: { probes", "1", "100", "0", "101"},
      {"breaker: { failure_threshold", "1", "1000000", "-3", "1000001"},
      {"breaker: { recovery_timeout_s", "1", "86400", "0", "86401"},
      {"breaker: { failure_rate", "1%", "100%", "0%", "100.5%"},
      {"concurrency: { limit", "1", "100000", "0", "100001"},
      {"concurrency: { queue", "0", "100000", "-1", "100001"},
      {"hedge: { max", "0%", "100%", "-0.1%", "1000%"},
      {"hedge: { after", "1ms", "1m", "0ms", "61s"},
      {"cache_stale_max_age_hours", "1", "8760", "0", "8761"},
  };
  for (auto const& row : kRows) {
    EXPECT_EQ(one(row.key, row.low), "") << row.key;
    EXPECT_EQ(one(row.key, row.high), "") << row.key;
    for (auto const* bad : {row.below, row.above}) {
      auto const codes = one(row.key, bad);
      EXPECT_TRUE(codes == "error E015, " || codes == "error E016, ")
          << row.key << " " << bad << " " << codes;
    }
  }
  EXPECT_EQ(one("hedge: { after", "p42"), "error E016, ");
  EXPECT_EQ(one("concurrency: { limit", "1e9"), "error E011, ");
}

TEST(DegradationMistakes, AStepSaysOneThing) {
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ { tool: t } ] } }\n"), "error E022, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ { message: m, tool: t } ] } }\n"), "error E022, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ { server: b, message: m } ] } }\n"), "error E023, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ {} ] } }\n"), "error E023, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ { message: \"\" } ] } }\n"), "error E022, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ { server: } ] } }\n"), "error E022, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ { server: zz } ] } }\n"), "warning E025, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ { server: off } ] } }\n"), "warning E025, ");
}

TEST(DegradationMistakes, NoServerStandsInForItself) {
  EXPECT_EQ(World("degradation:\n  a:\n    aliases: [old]\n    fallback: [ { server: old } ]\n").text(),
            "error[WEIR-E023]: `old` cannot stand in for itself\n"
            "  --> weir.yaml:6:27\n"
            "6 |     fallback: [ { server: old } ]\n"
            "  |                           ^^^\n"
            "  = the chain begins when this server has failed\n"
            "  = fix: name another server, or remove the step\n");
  EXPECT_EQ(codes_of("degradation: { a: { tools: { t: { fallback: [ { server: a } ] } } } }\n"),
            "error E023, ");
  EXPECT_EQ(codes_of("degradation: { defaults: { fallback: [ { server: a } ] } }\n"), "");
}

TEST(DegradationMistakes, ABackupWithoutAFolderIsAWarning) {
  EXPECT_EQ(codes_of("degradation: { a: { on_error: use_local_backup } }\n"), "warning E022, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ use_local_backup ] } }\n"), "warning E022, ");
  EXPECT_EQ(codes_of("degradation: { a: { on_error: use_default } }\n"), "") << "an explanatory text";
  for (auto const* said : {"defaults: { local_backup_path: x }, a: { on_error: use_local_backup }",
                           "a: { aliases: [old], on_error: use_local_backup }, old: { local_backup_path: x }",
                           "defaults: { on_error: use_local_backup }, a: { local_backup_path: x }"}) {
    World world("degradation: { " + std::string(said) + " }\n");
    world.environment.files["/here/x"] = "";
    EXPECT_EQ(world.codes(), "") << said;
    world.environment.files.erase("/here/x");
    EXPECT_EQ(world.codes(), "warning E051, ") << said;
    EXPECT_EQ(world.check().exit_code, 0);
  }
}

TEST(DegradationMistakes, AStepThatIsHardlyEverReachedIsAWarning) {
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ use_default, use_cache, skip ] } }\n"),
            "warning E023, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ { message: m }, use_cache ] } }\n"), "warning E023, ");
  EXPECT_EQ(codes_of("degradation: { a: { fallback: [ use_cache, use_default ] } }\n"), "");
}

TEST(DegradationMistakes, TheLongestTimeIsNotShorterThanTheUsualOne) {
  EXPECT_EQ(codes_of("degradation: { a: { timeout_ms: 100, max_timeout_ms: 99 } }\n"), "error E015, ");
  EXPECT_EQ(codes_of("degradation: { a: { timeout_ms: 100, max_timeout_ms: 100 } }\n"), "");
  EXPECT_EQ(codes_of("degradation: { a: { max_timeout_ms: 4999 } }\n"), "error E015, ");
  EXPECT_EQ(codes_of("degradation: { defaults: { timeout_ms: 9 }, a: { max_timeout_ms: 10 } }\n"), "");
  EXPECT_EQ(codes_of("degradation: { a: { timeout_ms: 700000 } }\n"), "") << "the default gives way";
}

TEST(DegradationMistakes, AHedgeNeedsASecondAddress) {
  EXPECT_EQ(codes_of("degradation: { a: { hedge: { enabled: true } } }\n"), "warning E022, ");
  EXPECT_EQ(codes_of("degradation: { pool: { hedge: { enabled: true } } }\n"), "");
  EXPECT_EQ(codes_of("degradation: { defaults: { hedge: { enabled: true } } }\n"), "") << "the pool has two";
}

TEST(DegradationMistakes, APatternWithTheServersNameMatchesNothing) {
  EXPECT_EQ(codes_of("degradation: { a: { tools: { a.get: { timeout_ms: 5 } } } }\n"), "warning E025, ");
  EXPECT_EQ(codes_of("degradation: { a: { retry: { idempotent: [ a__get ] } } }\n"), "warning E025, ");
  EXPECT_EQ(codes_of("degradation: { a: { tools: { b.get: { timeout_ms: 5 } } } }\n"), "");
}

}  // namespace
}  // namespace weir::config
