// `caching:` from text to settings, and what is said of mistakes in it (R-080…R-086).
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/load.hpp"

namespace weir::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

struct World {
  MemoryEnvironment environment;
  Sources sources{{"weir.yaml"}, {}, {}, false, false};

  explicit World(std::string text) { environment.files["/here/weir.yaml"] = std::move(text); }
  CheckReport check() const { return config::check(sources, environment); }
  Caching caching() const {
    auto report = check();
    EXPECT_EQ(render_text(report.problems, false), "");
    return report.settings.caching;
  }
  std::string text() const { return render_text(check().problems, false); }
  std::string codes() const {
    std::string out;
    for (auto const& problem : check().problems)
      out += std::string(name_of(problem.severity)) + " " + problem.code.substr(5) + ", ";
    return out;
  }
};

std::string example(std::string const& name) {
  std::ifstream in(std::string(WEIR_SOURCE_DIR "/examples/") + name);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(Caching, WithoutASectionThereIsMemoryOnly) {  // C-2
  for (auto const* text : {"", "caching:\n"}) {
    auto const caching = World(text).caching();
    EXPECT_EQ(caching, Caching()) << text;
    EXPECT_FALSE(caching.configured);
    EXPECT_TRUE(caching.memory.enabled);
    EXPECT_EQ(caching.store.kind, StoreKind::none);
  }
}

TEST(Caching, ASectionBringsTheEmbeddedStore) {
  auto const caching = World("caching: {}").caching();
  EXPECT_TRUE(caching.configured);
  EXPECT_EQ(caching.store.kind, StoreKind::embedded);
  EXPECT_EQ(caching.store.path, "");
  EXPECT_EQ(caching.memory, CacheMemory());  // R-080
  EXPECT_EQ(caching.store.ttl, hours(1));    // R-081
  EXPECT_EQ(caching.store.bytes_max, 100'000'000U);
}

TEST(Caching, TheStoreIsWhatTheSectionsSay) {
  auto const kind = [](std::string const& text) { return World("caching: " + text).caching().store.kind; };
  EXPECT_EQ(kind("{ l2: { path: p } }"), StoreKind::embedded);
  EXPECT_EQ(kind("{ l2: { type: none } }"), StoreKind::none);
  EXPECT_EQ(kind("{ l2: { type: redis, host: h } }"), StoreKind::redis);
  EXPECT_EQ(kind("{ l2_redis: { host: h } }"), StoreKind::redis);
  EXPECT_EQ(kind("{ l2_redis: {} }"), StoreKind::redis);
  EXPECT_EQ(kind("{ l2_redis: { enabled: false } }"), StoreKind::none);
  EXPECT_EQ(kind("{ l2_redis: { enabled: false }, l2: { ttl_seconds: 5 } }"), StoreKind::embedded);
  EXPECT_EQ(kind("{ l2_redis: , l2: }"), StoreKind::embedded);
  EXPECT_EQ(kind("{ enabled: false }"), StoreKind::none);
  EXPECT_EQ(kind("{ enabled: false, l2_redis: { host: h } }"), StoreKind::none);
  EXPECT_FALSE(World("caching: { enabled: false }").caching().enabled);
  EXPECT_EQ(World("caching: { l2: { type: none }, l2_redis: { host: h } }").codes(), "error E023, ");
  EXPECT_EQ(World("caching: { l2: { ttl_seconds: 7 }, l2_redis: { enabled: false, ttl_seconds: 8 } }")
                .caching()
                .store.ttl,
            seconds(7));
}

TEST(Caching, EveryKeyOfRedisArrivesInBothSections) {
  constexpr char const* kKeys =
      "host: r.example, port: 7000, tls: true, ca: ca.pem, username: weir, password: \"${REDIS_PASSWORD}\",\n"
      "  database: 3, prefix: \"team:\", secret: 0123456789abcdef, ttl_seconds: 60, max_memory: 2GiB } }\n";
  for (std::string const begin :
       {"caching: { l2: { type: redis, ", "caching: { l2_redis: { enabled: true, "}) {
    World world(begin + kKeys);
    world.environment.vars["REDIS_PASSWORD"] = "hunter2";
    world.environment.files["/here/ca.pem"] = "pem";
    auto const store = world.caching().store;
    EXPECT_EQ(store.kind, StoreKind::redis);
    EXPECT_EQ(store.host, "r.example");
    EXPECT_EQ(store.port, 7000);
    EXPECT_TRUE(store.tls);
    EXPECT_EQ(store.ca, "/here/ca.pem");
    EXPECT_EQ(store.username, "weir");
    EXPECT_EQ(store.password.reveal(), "hunter2");
    EXPECT_EQ(store.database, 3U);
    EXPECT_EQ(store.prefix, "team:");
    EXPECT_EQ(store.secret.reveal(), "0123456789abcdef");
    EXPECT_EQ(store.ttl, seconds(60));
    EXPECT_EQ(store.bytes_max, 2ull << 30);
  }
}

TEST(Caching, CredentialsOfTheStoreAreMasked) {  // T-58
  World world("caching: { l2_redis: { password: hunter2hunter2, secret: 0123456789abcdef } }\n");
  auto const report = world.check();
  std::string secrets;
  for (auto const& secret : report.settings.secrets) secrets += std::string(secret.reveal()) + " ";
  EXPECT_EQ(secrets, "hunter2hunter2 0123456789abcdef ");
  for (auto const& key : origins(report.tree)) {
    EXPECT_EQ(key.text, "***") << key.path;
  }
}

TEST(Caching, LearnsHowLongStaleCopiesAreKeptFromDegradation_C3) {
  auto const caching = World(R"(
servers: { a: { url: "http://a/" }, b: { url: "http://b/" }, c: { url: "http://c/" } }
degradation:
  bee: { cache_stale_max_age_hours: 24 }
  b: { aliases: [bee] }
  defaults: { cache_stale_max_age_hours: 2 }
  c: { cache_stale_max_age_hours: 1 }
)")
                           .check()
                           .settings.caching;
  EXPECT_EQ(caching.stale, (std::vector<CacheStaleRule>{{"a", hours(2)}, {"b", hours(24)}, {"c", hours(1)}}));
}

TEST(Caching, EveryOtherKeyArrives) {
  auto const caching = World(R"(
servers: { a: { url: "http://a/" }, b: { url: "http://b/" } }
degradation: { b: { aliases: [bee] } }
caching:
  l1_in_memory: { enabled: false, ttl_seconds: 9, max_size: 8, max_memory: 7mb, policy: lru }
  l2: { path: store, secret: "0123456789abcdef" }
  partition: principal
  stale_while_revalidate: 1m
  negative: 0s
  honour_ttl_hints: false
  trust_hints: true
  waiters_max: 5
  per_server: { a: { ttl: 90 }, b: { max_size: 3 }, bee: { ttl: 2m } }
  tools:
    "a.get_*": { ttl: 60s, stale_while_revalidate: 5m, ignore_args: [id, trace], tags: [hot] }
    "b.*": { ttl: 0s }
    "*": { scope: public }
  invalidation:
    on_update: false
    updates: { a: ["create_*", edit], bee: [x] }
    timezone: Europe/Berlin
    scheduled:
      - { cron: "0 2 * * *" }
      - { cron: "*/5 * * * *", purge: "a.*", spread: 0s, timezone: UTC }
      - { cron: "0 3 * * 0", refresh: "b.list" }
)")
                           .caching();
  EXPECT_EQ(caching.memory, (CacheMemory{false, seconds(9), 8, 7'000'000, true}));
  EXPECT_EQ(caching.store.path, "/here/store");
  EXPECT_TRUE(caching.by_principal);
  EXPECT_EQ(caching.stale_while_revalidate, seconds(60));
  EXPECT_EQ(caching.negative, seconds(0));
  EXPECT_FALSE(caching.honour_hints);
  EXPECT_TRUE(caching.trust_hints);
  EXPECT_EQ(caching.waiters_max, 5U);
  EXPECT_EQ(caching.servers, (std::vector<CacheServerRule>{{"a", seconds(90), {}}, {"b", seconds(120), 3}}));
  EXPECT_EQ(caching.tools, (std::vector<CacheToolRule>{
                               {"a.get_*", seconds(60), seconds(300), {"id", "trace"}, false, {"hot"}},
                               {"b.*", seconds(0), {}, {}, false, {}},
                               {"*", {}, {}, {}, true, {}}}));
  EXPECT_FALSE(caching.on_update);
  EXPECT_EQ(caching.updates, (std::vector<CacheUpdateRule>{{"a", {"create_*", "edit"}}, {"b", {"x"}}}));
  EXPECT_EQ(caching.schedules,
            (std::vector<CacheSchedule>{{"0 2 * * *", "Europe/Berlin", "*", "", seconds(300)},
                                        {"*/5 * * * *", "UTC", "a.*", "", seconds(0)},
                                        {"0 3 * * 0", "Europe/Berlin", "", "b.list", seconds(300)}}));
}

TEST(Caching, TheSeedsFileMeansWhatItSays) {  // R-080…R-086
  World world(
      "include: [cache-config.yaml]\n"
      "servers: { context7: { command: c }, confluence: { command: c }, notion: { command: c },\n"
      "  kellerai_standards: { command: c } }\n");
  world.environment.files["/here/cache-config.yaml"] = example("cache-config.yaml");
  auto const caching = world.caching();
  EXPECT_EQ(caching.memory, CacheMemory());
  CacheStore store;
  store.kind = StoreKind::redis;
  EXPECT_EQ(caching.store, store);
  EXPECT_EQ(caching.servers, (std::vector<CacheServerRule>{{"context7", seconds(7200), 50},
                                                           {"confluence", seconds(1800), 200},
                                                           {"notion", seconds(900), 100},
                                                           {"kellerai_standards", seconds(3600), 50}}));
  EXPECT_TRUE(caching.on_update);
  EXPECT_EQ(caching.schedules, (std::vector<CacheSchedule>{{"0 2 * * *", "UTC", "*", "", seconds(300)}}));

  World alone(example("cache-config.yaml"));
  EXPECT_EQ(alone.check().exit_code, 0);
  EXPECT_TRUE(alone.check().settings.caching.servers.empty()) << "sections without a server are skipped";
}

TEST(Caching, AReloadThatChangesNothingHereIsSeen) {
  World const before("caching: { l2_redis: { password: a } }");
  EXPECT_EQ(before.caching(), World("# moved\ncaching:\n  l2_redis: { password: a }").caching());
  EXPECT_NE(before.caching(), World("caching: { l2_redis: { password: b } }").caching());
}

std::string complaint(std::string const& text) {
  auto const problems = World("caching: " + text).check().problems;
  if (problems.size() != 1) return fmt::format("{} problems", problems.size());
  return fmt::format("{} {}:{} {}", problems[0].code, problems[0].mark.line, shown_column(problems[0].mark),
                     problems[0].message);
}

TEST(Caching, AnAbsurdSizeIsAnErrorWithLineAndCaret) {  // issue 4, point 8
  EXPECT_EQ(World("caching:\n  l2: { max_memory: 99999999999999999999gb }\n").text(),
            "error[WEIR-E016]: expected a size, such as 64mb (decimal) or 10MiB (binary), got "
            "`99999999999999999999gb`\n"
            "  --> weir.yaml:2:21\n"
            "2 |   l2: { max_memory: 99999999999999999999gb }\n"
            "  |                     ^^^^^^^^^^^^^^^^^^^^^^\n");
  EXPECT_EQ(World("caching: { l2: { max_memory: 100mb } }").caching().store.bytes_max, 100'000'000U);
  EXPECT_EQ(World("caching: { l2: { max_memory: \"100MiB\" } }").caching().store.bytes_max, 100U << 20);
  for (std::string const size : {"-1", "-1mb", "1.5mb", "mb", "100 mb", "9999999999gb", "1e9"}) {
    EXPECT_EQ(complaint("{ l2: { max_memory: " + size + " } }"),
              "WEIR-E016 1:30 expected a size, such as 64mb (decimal) or 10MiB (binary), got `" + size + "`");
  }
  EXPECT_EQ(complaint("{ l2: { max_memory: 0 } }"), "WEIR-E015 1:30 `0` is outside 1mb..1024GiB");
  EXPECT_EQ(complaint("{ l1_in_memory: { max_memory: 999kb } }"),
            "WEIR-E015 1:40 `999kb` is outside 1mb..1024GiB");
  EXPECT_EQ(complaint("{ l1_in_memory: { max_memory: 1025GiB } }"),
            "WEIR-E015 1:40 `1025GiB` is outside 1mb..1024GiB");
}

TEST(Caching, AnAbsurdTimeOrCountIsAnErrorWithLineAndCaret) {
  EXPECT_EQ(complaint("{ l1_in_memory: { ttl_seconds: 0 } }"), "WEIR-E015 1:41 `0` is outside 1..31536000");
  EXPECT_EQ(complaint("{ l1_in_memory: { ttl_seconds: -1 } }"), "WEIR-E015 1:41 `-1` is outside 1..31536000");
  EXPECT_EQ(complaint("{ l1_in_memory: { ttl_seconds: 31536001 } }"),
            "WEIR-E015 1:41 `31536001` is outside 1..31536000");
  EXPECT_EQ(complaint("{ l1_in_memory: { ttl_seconds: 99999999999999999999 } }"),
            "WEIR-E011 1:41 expected a whole number, got `99999999999999999999`");
  EXPECT_EQ(complaint("{ l1_in_memory: { max_size: 0 } }"), "WEIR-E015 1:38 `0` is outside 1..10000000");
  EXPECT_EQ(complaint("{ tools: { \"*\": { ttl: 1.5 days } } }"),
            "WEIR-E016 1:33 expected a duration, such as 30s, or a number of seconds, got `1.5 days`");
  EXPECT_EQ(complaint("{ tools: { \"*\": { ttl: -1 } } }"),
            "WEIR-E016 1:33 expected a duration, such as 30s, or a number of seconds, got `-1`");
  EXPECT_EQ(complaint("{ negative: 61m }"), "WEIR-E015 1:22 `61m` is outside 0s..1h");
  EXPECT_EQ(complaint("{ stale_while_revalidate: 99999999999999999999h }"),
            "WEIR-E016 1:36 expected a duration, such as 100ms, 30s, 5m or 1h, got `99999999999999999999h`");
  EXPECT_EQ(complaint("{ waiters_max: 0 }"), "WEIR-E015 1:25 `0` is outside 1..1000000");
  EXPECT_EQ(complaint("{ l2_redis: { port: 65536 } }"), "WEIR-E015 1:30 `65536` is outside 1..65535");
  EXPECT_EQ(complaint("{ l2_redis: { prot: 6379 } }"), "WEIR-E012 1:24 unknown key `prot`");
}

TEST(Caching, ATimeThatNeverComesOrAZoneThatIsUnknownIsAnError) {  // F-42
  EXPECT_EQ(complaint("{ invalidation: { scheduled: \"0 0 30 2 *\" } }"),
            "WEIR-E016 1:39 `0 0 30 2 *` names a day that no year has");
  EXPECT_EQ(complaint("{ invalidation: { scheduled: \"0 0 29 2 *\" } }"), "0 problems");
  EXPECT_EQ(complaint("{ invalidation: { scheduled: \"0 2 * * MON-FRI\", timezone: Europe/Berlin } }"),
            "0 problems");
  EXPECT_EQ(complaint("{ invalidation: { timezone: Europe/Berlyn } }"),
            "WEIR-E016 1:38 expected a time zone, such as UTC or Europe/Berlin, got `Europe/Berlyn`");
  EXPECT_EQ(complaint("{ invalidation: { scheduled: [ { cron: \"0 2 * * *\", timezone: ../UTC } ] } }"),
            "WEIR-E016 1:72 expected a time zone, such as UTC or Europe/Berlin, got `../UTC`");
}

TEST(Caching, ServersThatAreNotConfiguredAreWarnings) {
  EXPECT_EQ(World("servers: { github: { command: c } }\n"
                  "caching:\n  invalidation: { updates: { githib: [x] } }\n")
                .text(),
            "warning[WEIR-E050]: server `githib` is not configured\n"
            "  --> weir.yaml:3:30\n"
            "3 |   invalidation: { updates: { githib: [x] } }\n"
            "  |                              ^^^^^^ did you mean `github`?\n"
            "  = the section is skipped\n");
  auto const warned = [](std::string const& pattern) {
    return World("servers: { github: { command: c } }\ncaching: { tools: { \"" + pattern +
                 "\": { ttl: 1s } } }\n")
        .codes();
  };
  EXPECT_EQ(warned("githib.get"), "warning E050, ");
  EXPECT_EQ(warned("github.get"), "");
  EXPECT_EQ(warned("git*.get"), "");
  EXPECT_EQ(warned("*"), "");
  EXPECT_EQ(warned("github"), "warning E025, ");
  EXPECT_EQ(warned("github__get_*"), "warning E025, ");
}

TEST(Caching, KeysThatDoNotGoTogetherAreSaid) {
  EXPECT_EQ(World("caching: { l2: { host: h } }").codes(), "warning E023, ");
  EXPECT_EQ(World("caching: { l2: { type: redis, path: p } }").codes(), "warning E023, ");
  EXPECT_EQ(World("caching: { l2: { type: none, host: h, path: p } }").codes(), "");
  EXPECT_EQ(World("caching: { l2_redis: { ca: x } }").codes(), "error E022, ");
  EXPECT_EQ(World("caching: { l2_redis: { ca: x, tls: true } }").codes(), "warning E051, ");
  EXPECT_EQ(World("caching: { l2_redis: { secret: 0123456789abcde } }").codes(), "error E016, ");
  EXPECT_EQ(World("caching: { l2_redis: { prefix: \"a*\" } }").codes(), "error E016, ");
  EXPECT_EQ(World("caching: { l2_redis: { prefix: " + std::string(64, 'a') + " } }").codes(), "");
  EXPECT_EQ(World("caching: { l2_redis: { prefix: " + std::string(65, 'a') + " } }").codes(), "error E016, ");
  EXPECT_EQ(World("caching: { invalidation: { scheduled: [ { purge: \"*\" } ] } }").codes(), "error E022, ");
  EXPECT_EQ(World("caching: { invalidation: { scheduled: [ { cron: \"0 2 * * *\", purge: \"*\", refresh: "
                  "\"*\" } ] } }")
                .codes(),
            "error E023, ");
}

}  // namespace
}  // namespace weir::config
