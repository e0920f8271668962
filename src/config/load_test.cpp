#include "config/load.hpp"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

constexpr char const* kHash = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

struct World {
  MemoryEnvironment environment;
  Sources sources{{"weir.yaml"}, {}, {}, false, false};

  explicit World(std::string text) { environment.files["/here/weir.yaml"] = std::move(text); }
  CheckReport check() const { return config::check(sources, environment); }
  std::string text() const { return render_text(check().problems, false); }
  std::string codes() const {
    std::string out;
    for (auto const& problem : check().problems) out += problem.code.substr(5) + " ";
    return out;
  }
};

TEST(Load, AnEmptyConfigurationHasTheDefaults) {
  World world("");
  world.sources.files.clear();
  world.environment.core_count = 16;
  auto const report = world.check();
  EXPECT_EQ(report.exit_code, 0);
  EXPECT_TRUE(report.problems.empty());
  ASSERT_EQ(report.settings.listeners.size(), 1U);
  EXPECT_EQ(report.settings.listeners[0].bind.shown(), "127.0.0.1:6270");
  EXPECT_EQ(report.settings.admin.bind.shown(), "127.0.0.1:6271");
  EXPECT_EQ(report.settings.workers, 4U);
  world.environment.core_count = 2;
  EXPECT_EQ(world.check().settings.workers, 2U);
}

TEST(Load, ReadsWhatHappensToToolsThatChangeApartFromTheServer) {
  World world(
      "servers: { a: { url: http://a/ }, b: { url: http://b/, pin: ignore }, c: { url: http://c/, pin: "
      "quarantine } }\n");
  auto const settings = world.check().settings;
  EXPECT_EQ(settings.pinning.at("a"), Pinning::warn);
  EXPECT_EQ(settings.pinning.at("b"), Pinning::ignore);
  EXPECT_EQ(settings.pinning.at("c"), Pinning::quarantine);
  world.environment.files["/here/weir.yaml"] =
      "servers: { a: { url: http://a/, pin: quarantine }, b: { url: http://b/ }, c: { url: http://c/ } }\n";
  EXPECT_TRUE(changes(settings, world.check().settings).changed.empty());
  world.environment.files["/here/weir.yaml"] = "servers: { a: { url: http://a/, pin: never } }\n";
  EXPECT_NE(world.check().exit_code, 0);
}

TEST(Load, ReadsServersOfBothKinds) {
  World world(R"(
servers:
  files:
    command: npx
    args: [-y, server-files, /data]
    env: { LEVEL: warn }
    stdio: { restart: 1s..5s }
    required: true
  docs:
    urls: [http://a/mcp, http://b/mcp]
    type: streamable-http
    headers: { X-Key: abc }
    tools: { hide: ["*delete*"], rename: { a: b }, describe: { a: "New text." } }
    expose: false
  old: { url: http://c/sse, type: sse, auth: { type: bearer, token: tkn }, disabled: true }
  some: { url: http://d/mcp, auth: { type: header, name: X-Api, value: v } }
)");
  auto const report = world.check();
  EXPECT_EQ(render_text(report.problems, false), "");
  auto const& files = *report.settings.server("files");
  EXPECT_EQ(files.kind, UpstreamKind::stdio);
  EXPECT_EQ(files.args, (std::vector<std::string>{"-y", "server-files", "/data"}));
  EXPECT_EQ(files.env[0].second.reveal(), "warn");
  EXPECT_EQ(files.stdio.restart_max, milliseconds(5000));
  EXPECT_TRUE(files.required);
  auto const& docs = *report.settings.server("docs");
  EXPECT_EQ(docs.kind, UpstreamKind::streamable_http);
  EXPECT_EQ(docs.urls.size(), 2U);
  EXPECT_EQ(docs.tools.description[0].second, "New text.");
  EXPECT_FALSE(docs.expose);
  EXPECT_EQ(report.settings.server("old")->kind, UpstreamKind::sse);
  EXPECT_EQ(report.settings.server("old")->credential.header, "Authorization");
  EXPECT_EQ(report.settings.server("old")->credential.value.reveal(), "Bearer tkn");
  EXPECT_EQ(report.settings.server("some")->kind, UpstreamKind::http_any);
  EXPECT_EQ(report.settings.server("some")->credential.header, "X-Api");
  EXPECT_EQ(report.settings.provenance.at("files").file, "weir.yaml");
  EXPECT_EQ(report.settings.provenance.at("files").mark.line, 3U);
}

TEST(Load, ReadsEverySectionThatIsInEffect) {
  World world(fmt::format(R"(
workers: 3
listeners:
  - name: a
    bind: "10.0.0.1:80"
    auth: [keys]
    allowed_origins: [https://x]
    allowed_hosts: [h]
    protocol: {{ eras: [legacy] }}
admin: {{ bind: "127.0.0.1:1" }}
auth: {{ keys: [ {{ name: ci, hash: "{}", groups: [bots], expires: 1970-01-02 }} ] }}
names: {{ prefix: "{{server}}-", max: 64 }}
limits: {{ global: {{ in_flight: 7 }}, body_max: 1MiB }}
sessions: {{ idle: 1s, lifetime: 2s, max: 3 }}
streams: {{ keepalive: 3s }}
errors: {{ style: jsonrpc }}
observability:
  log: {{ level: debug, format: json, access: false }}
  metrics: {{ path: /m, max_series: 100 }}
shutdown: {{ drain: 0s }}
)",
                          kHash));
  auto const report = world.check();
  EXPECT_EQ(render_text(report.problems, false), "");
  auto const& s = report.settings;
  EXPECT_EQ(s.workers, 3U);
  EXPECT_FALSE(s.listeners[0].modern);
  EXPECT_TRUE(s.listeners[0].legacy);
  EXPECT_EQ(s.listeners[0].allowed_hosts, std::vector<std::string>{"h"});
  ASSERT_EQ(s.keys.size(), 1U);
  EXPECT_EQ(s.keys[0].sha256[0], 0x9F);
  EXPECT_EQ(s.keys[0].expires->time_since_epoch(), std::chrono::hours(24));
  EXPECT_EQ(s.names, (Names{"{server}-", 64}));
  EXPECT_EQ(s.limits, (Limits{7, 1024 * 1024}));
  EXPECT_EQ(s.sessions.per_principal, 3U);  // the quota defaults to the cap
  EXPECT_EQ(s.streams.keepalive, milliseconds(3000));
  EXPECT_EQ(s.error_style, ErrorStyle::jsonrpc);
  EXPECT_EQ(s.log, (Logging{"debug", "json", false}));
  EXPECT_EQ(s.metrics, (Metrics{"/m", 100}));
  EXPECT_EQ(s.drain, milliseconds(0));
}

TEST(Load, FlagsBeatTheEnvironmentWhichBeatsFiles) {
  World world(
      "listeners: [ { bind: \"127.0.0.1:1\" } ]\nobservability: { log: { level: warn } }\nshutdown: { drain: "
      "1s }\n");
  EXPECT_EQ(world.check().settings.listeners[0].bind.port, 1);
  world.environment.vars["WEIR_LISTEN"] = "127.0.0.1:2";
  world.environment.vars["WEIR_LOG_LEVEL"] = "debug";
  world.environment.vars["WEIR__shutdown__drain"] = "2s";
  auto settings = world.check().settings;
  EXPECT_EQ(settings.listeners[0].bind.port, 2);
  EXPECT_EQ(settings.log.level, "debug");
  EXPECT_EQ(settings.drain, milliseconds(2000));
  world.sources.flags = {{"--listen", "listeners.0.bind", ":3"},
                         {"--insecure-drain", "shutdown.drain", "3s"}};
  world.sources.insecure = true;
  settings = world.check().settings;
  EXPECT_EQ(settings.listeners[0].bind.port, 3);
  EXPECT_EQ(settings.listeners[0].bind.host, "");
  EXPECT_EQ(settings.drain, milliseconds(3000));
  EXPECT_EQ(settings.listeners.size(), 1U);
}

TEST(Load, AnyKeyCanBeSetFromTheEnvironment) {
  World world("servers: { a: { command: c, args: [x] } }");
  world.environment.vars["WEIR__servers__a__disabled"] = "true";
  world.environment.vars["WEIR__servers__a__args"] = "[y, z]";
  world.environment.vars["WEIR__listeners__1__bind"] = "127.0.0.1:9";
  world.environment.vars["WEIR__listeners__1__name"] = "second";
  auto const report = world.check();
  EXPECT_EQ(render_text(report.problems, false), "");
  EXPECT_TRUE(report.settings.server("a")->disabled);
  EXPECT_EQ(report.settings.server("a")->args, (std::vector<std::string>{"y", "z"}));
  ASSERT_EQ(report.settings.listeners.size(), 2U);
  EXPECT_EQ(report.settings.listeners[1].bind.port, 9);
}

TEST(Load, AMistakeInTheEnvironmentIsShownLikeOneInAFile) {
  World world("");
  world.environment.vars["WEIR__sesions__max"] = "5";
  world.sources.flags = {{"--listen", "listeners.0.bind", "nowhere"}};
  EXPECT_EQ(world.text(),
            "error[WEIR-E012]: unknown key `sesions`\n"
            "  --> environment:1:7\n"
            "1 | WEIR__sesions__max=5\n"
            "  |       ^^^^^^^ did you mean `sessions`?\n"
            "  = keys here: admin, auth, caching, degradation, errors, groups, include, limits, …\n"
            "\n"
            "error[WEIR-E016]: expected an address: host:port, unix:/path or fd:name, got `nowhere`\n"
            "  --> command line:1:10\n"
            "1 | --listen nowhere\n"
            "  |          ^^^^^^^\n");
}

TEST(Load, IncludesAreMergedInOrderAndNameServersOnce) {
  World world(
      "include: [conf.d/*.yaml, one.yaml]\nservers: { a: { command: c } }\nshutdown: { drain: 1s }\nworkers: "
      "2\n");
  world.environment.files["/here/conf.d/2.yaml"] = "shutdown: { drain: 3s }\n";
  world.environment.files["/here/conf.d/1.yaml"] =
      "shutdown: { drain: 2s }\nservers: { b: { command: c } }\n";
  world.environment.files["/here/one.yaml"] = "servers: { d: { command: c } }\n";
  auto const report = world.check();
  EXPECT_EQ(render_text(report.problems, false), "");
  EXPECT_EQ(report.settings.drain, milliseconds(3000));
  EXPECT_EQ(report.settings.workers, 2U);
  EXPECT_EQ(report.settings.servers.size(), 3U);

  world.environment.files["/here/one.yaml"] = "servers:\n  a: { command: other }\n";
  EXPECT_EQ(world.text(),
            "error[WEIR-E024]: server `a` is in two files\n"
            "  --> one.yaml:2:3\n"
            "2 |   a: { command: other }\n"
            "  |   ^\n"
            "  = first: weir.yaml:2:12\n"
            "  = fix: rename or remove one of them\n");
  EXPECT_EQ(world.check().settings.server("a")->command, "c") << "the first one stays";
  world.environment.files["/here/one.yaml"] = "include: [x.yaml]\n";
  EXPECT_EQ(world.codes(), "E026 ");
}

TEST(Load, AMissingIncludeIsAnErrorButAnEmptyPatternIsNot) {
  World world("include: [none.yaml, conf.d/*.yaml]\n");
  auto const report = world.check();
  EXPECT_EQ(render_text(report.problems, false),
            "error[WEIR-E001]: `none.yaml` cannot be read: no such file\n"
            "  --> weir.yaml:1:11\n"
            "1 | include: [none.yaml, conf.d/*.yaml]\n"
            "  |           ^^^^^^^^^\n");
  EXPECT_EQ(report.exit_code, 78);
}

TEST(Load, AMissingFileIsExit66) {
  World world("");
  world.sources.files = {"other.yaml"};
  EXPECT_EQ(world.check().exit_code, 66);
  EXPECT_EQ(world.codes(), "E001 ");
}

TEST(Load, AnUnsetVariableDisablesItsServerOnly) {  // acceptance row 5
  World world(R"(servers:
  github: { url: "https://api.example.com/mcp/", headers: { Authorization: "Bearer ${GITHUB_TOKEN}" } }
  a: { command: c }
  b: { command: c }
)");
  auto const report = world.check();
  EXPECT_EQ(render_text(report.problems, false),
            "error[WEIR-E031]: ${GITHUB_TOKEN} is not set\n"
            "  --> weir.yaml:2:84\n"
            "2 |   github: { url: \"https://api.example.com/mcp/\", headers: { Authorization: \"Bearer "
            "${GITHUB_TOKEN}\"…\n"
            "  |                                                                                    "
            "^^^^^^^^^^^^^^^\n"
            "  = server `github` disabled; 2 others still start\n"
            "  = fix: export GITHUB_TOKEN=…  or ${cred:github}\n");
  EXPECT_EQ(report.exit_code, 78);
  EXPECT_EQ(report.settings.server("github")->unusable, "${GITHUB_TOKEN} is not set");
  EXPECT_EQ(report.settings.server("a")->unusable, "");
  Problems problems;
  load(world.sources, world.environment, problems);
  EXPECT_FALSE(problems.must_not_start());

  world.environment.vars["GITHUB_TOKEN"] = "ghp_0123456789";
  auto const good = world.check();
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_EQ(good.settings.server("github")->headers[0].second.reveal(), "Bearer ghp_0123456789");
}

TEST(Load, AnUnsetVariableOutsideServersStopsTheStart) {
  World world("observability: { traces: { otlp: \"${OTLP}\" } }\n");
  Problems problems;
  load(world.sources, world.environment, problems);
  EXPECT_TRUE(problems.must_not_start());
  EXPECT_EQ(world.codes(), "E060 E031 ");
}

TEST(Load, TheCaretFindsTheReferenceThatFailed) {
  World world(
      "servers:\n  a:\n    command: c\n    args: [\"${X:-ok} ${X} ${X}\"]\n    env:\n      K: |\n        "
      "one\n        ${Y}\n");
  auto const problems = world.check().problems;
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(shown_column(problems[0].mark), 22U);
  EXPECT_EQ(shown_column(problems[1].mark), 27U);
  EXPECT_EQ(problems[2].mark.line, 8U);
  EXPECT_EQ(shown_column(problems[2].mark), 9U);
}

TEST(Load, NumbersAndAddressesMayComeFromVariables) {
  World world("listeners: [ { bind: \"127.0.0.1:${PORT:-7000}\" } ]\nworkers: \"${N}\"\n");
  world.environment.vars["N"] = "3";
  auto const report = world.check();
  EXPECT_EQ(render_text(report.problems, false), "");
  EXPECT_EQ(report.settings.listeners[0].bind.port, 7000);
  EXPECT_EQ(report.settings.workers, 3U);
}

TEST(Load, APublicListenerWithoutAuthIsRefused) {  // acceptance row 7
  World world("listeners: [ { name: agents, bind: 0.0.0.0:6270 } ]\n");
  EXPECT_EQ(world.text(),
            "error[WEIR-E040]: listener `agents` is open to other machines without auth: 0.0.0.0:6270\n"
            "  --> weir.yaml:1:36\n"
            "1 | listeners: [ { name: agents, bind: 0.0.0.0:6270 } ]\n"
            "  |                                    ^^^^^^^^^^^^\n"
            "  = anyone who reaches it could use every tool\n"
            "  = fix: bind it to 127.0.0.1:6270, or set `auth: [keys]` and `auth.keys`\n");
  EXPECT_EQ(world.check().exit_code, 78);
  world.sources.insecure = true;
  EXPECT_EQ(world.check().exit_code, 0);
  EXPECT_EQ(world.check().problems[0].severity, Severity::warning);

  World admin("admin: { bind: \"[::]:6271\" }\n");
  EXPECT_EQ(admin.codes(), "E040 ");
  World flag("");
  flag.sources.flags = {{"--listen", "listeners.0.bind", "0.0.0.0:1"}};
  EXPECT_EQ(flag.codes(), "E040 ");
}

TEST(Load, AMessageNamesAVariableAndNotItsValue) {  // T-43
  World world("listeners: [ { name: \"${NAME}\", bind: \"0.0.0.0${SUFFIX}:6270\" } ]\n");
  world.environment.vars["NAME"] = "sesame";  // just long enough to be hidden
  world.environment.vars["SUFFIX"] = ".sesame.example";
  auto const text = world.text();
  EXPECT_EQ(text.find("sesame"), std::string::npos) << text;
  EXPECT_NE(text.find("listener `${NAME}` is open to other machines without auth: 0.0.0.0${SUFFIX}:6270"),
            std::string::npos)
      << text;
  world.environment.vars["NAME"] = ".sesame";  // the beginning of the other
  EXPECT_EQ(world.text().find("example"), std::string::npos) << world.text();
  world.environment.vars["NAME"] = "house";  // of a word's length: it may stand anywhere
  EXPECT_NE(world.text().find("listener `house`"), std::string::npos);
}

TEST(Load, ServersNeedOneTargetAndAName) {
  World world(R"(servers:
  none: { required: true }
  both: { command: c, url: http://a/ }
  bad__name: { command: c }
  mixed: { command: c, headers: { A: b } }
  typed: { url: http://a/, type: stdio }
  bearer: { url: http://a/, auth: { type: bearer } }
  args: { url: http://a/, args: [x] }
  header: { url: http://a/, headers: { "a b": "x" } }
  split: { url: http://a/, headers: { A: "x\r\nB: y" } }
  empty:
)");
  EXPECT_EQ(world.codes(), "E022 E023 E021 E023 E023 E022 E023 E021 E016 E022 ");
}

TEST(Load, TwoListenersCannotHaveOneAddress) {
  World world(
      "listeners:\n  - { name: x, bind: 127.0.0.1:1 }\n  - { name: y, bind: localhost:1 }\n"
      "  - { name: z, bind: 127.0.0.1:0 }\n  - { name: v, bind: \"[::1]:2\" }\nadmin: { bind: 127.0.0.1:1 "
      "}\n");
  EXPECT_EQ(world.codes(), "E024 E024 ");
  auto const text = world.text();
  EXPECT_EQ(text.find("error[WEIR-E024]: listener `y` cannot listen on localhost:1 beside listener `x`\n"
                      "  --> weir.yaml:3:22\n"),
            0U)
      << text;
  EXPECT_NE(text.find("the admin listener cannot listen on 127.0.0.1:1 beside listener `x`\n"
                      "  --> weir.yaml:6:16\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(World("listeners: [ { bind: 127.0.0.1:6271 } ]\n").codes(), "E024 ") << "the admin's, by default";
  EXPECT_EQ(World("listeners: [ { name: a, bind: 127.0.0.2:6271 }, { name: b, bind: 127.0.0.1:0 },"
                  " { name: c, bind: 127.0.0.1:0 } ]\n")
                .codes(),
            "");
  EXPECT_EQ(World("listeners: [ { bind: \"${A}\" } ]\nadmin: { bind: 127.0.0.1:6270 }\n").codes(), "E031 ")
      << "what is not set has no address yet";
  World everywhere(
      "listeners: [ { name: a, bind: 0.0.0.0:1 }, { name: b, bind: 127.0.0.1:1 }, "
      "{ name: c, bind: \"[::1]:1\" } ]\n");
  everywhere.sources.insecure = true;
  EXPECT_EQ(everywhere.codes(), "E040 E024 ");
}

TEST(Load, ListenersAndKeysHaveDistinctNames) {
  World world(fmt::format(
      "listeners: [ {{ bind: \"127.0.0.1:1\" }}, {{ bind: \"127.0.0.1:2\" }} ]\n"
      "auth: {{ keys: [ {{ name: a, hash: \"{0}\" }}, {{ name: a, hash: \"{0}\" }}, {{ name: b }} ] }}\n",
      kHash));
  EXPECT_EQ(world.codes(), "E024 E024 E022 ");
  EXPECT_EQ(world.check().settings.keys.size(), 2U);  // a key without a hash is no key
  World none("listeners: [ { auth: [keys] } ]\n");
  EXPECT_EQ(none.codes(), "E022 ");
  EXPECT_EQ(none.check().exit_code, 0);
  none.sources.strict = true;
  EXPECT_EQ(none.check().exit_code, 78);
}

TEST(Load, SectionsOfUnknownServersAreSkippedWithAWarning) {  // C-7
  World world(
      "servers: { confluence: { url: http://a/ } }\n"
      "caching:\n  per_server:\n    wiki: { ttl: 5 }\n    conflunce: { ttl: 5 }\n"
      "degradation: { confluence: { aliases: [wiki] } }\n");
  auto const problems = world.check().problems;
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].code, "WEIR-E050");
  EXPECT_EQ(problems[0].label, "did you mean `confluence`?");
}

TEST(Load, TimeoutsComeFromTheServersSectionOrAnAliasOrTheDefaults) {
  World world(
      "servers: { a: { command: c }, kellerai: { command: c }, z: { command: c } }\n"
      "degradation:\n  defaults: { timeout_ms: 7000, start_timeout_ms: 9 }\n  a: { timeout_ms: 700000 }\n"
      "  kellerai_standards: { aliases: [kellerai], timeout_ms: 2000 }\n");
  auto const report = world.check();
  EXPECT_EQ(render_text(report.problems, false), "");
  EXPECT_EQ(report.settings.server("a")->timeouts.call, milliseconds(700'000));
  EXPECT_EQ(report.settings.server("a")->timeouts.call_max, milliseconds(700'000));  // never below the first
  EXPECT_EQ(report.settings.server("a")->timeouts.start, milliseconds(9));
  EXPECT_EQ(report.settings.server("kellerai")->timeouts.call, milliseconds(2000));
  EXPECT_EQ(report.settings.server("z")->timeouts.call, milliseconds(7000));
}

TEST(Load, NoRenderingShowsAnExpandedSecret) {
  World world(
      "servers: { a: { url: \"${U}\", type: \"${K}\", headers: { A: \"${K}\" } } }\nworkers: \"${K}\"\n");
  world.environment.vars = {{"U", "ftp://top-secret-1/"}, {"K", "top-secret-2"}};
  auto const report = world.check();
  EXPECT_GE(report.problems.size(), 3U);
  auto const all =
      render_text(report.problems, false) + render_json(report.problems) + render_sarif(report.problems);
  EXPECT_EQ(all.find("top-secret"), std::string::npos) << all;
  for (auto const& origin : origins(report.tree))
    EXPECT_EQ(origin.text.find("top-secret"), std::string::npos);
}

TEST(Load, ExplainsWhereEachKeyCameFrom) {
  World world(
      "workers: 2\nservers: { a: { command: c, args: [x], env: { API_KEY: literal, OTHER: \"${V:-}\" } } "
      "}\n");
  world.environment.vars["WEIR_LOG_LEVEL"] = "debug";
  std::string all;
  for (auto const& origin : origins(world.check().tree)) {
    all += origin.path + " = " + origin.text + " (" + origin.origin + ")\n";
  }
  EXPECT_EQ(all,
            "observability.log.level = debug (environment:1:16)\n"
            "servers.a.args.0 = x (weir.yaml:2:36)\n"
            "servers.a.command = c (weir.yaml:2:26)\n"
            "servers.a.env.API_KEY = *** (weir.yaml:2:56)\n"
            "servers.a.env.OTHER = ${V:-} (weir.yaml:2:72)\n"
            "workers = 2 (weir.yaml:1:10)\n");
}

TEST(Load, AReloadKnowsWhichServersChanged) {
  World before("servers: { same: { command: c }, edited: { command: c }, gone: { command: c } }");
  World after(
      "# moved\nservers: { edited: { command: c, args: [x] }, fresh: { command: c }, same: { command: c } }");
  auto const difference = changes(before.check().settings, after.check().settings);
  EXPECT_EQ(difference.added, std::vector<std::string>{"fresh"});
  EXPECT_EQ(difference.removed, std::vector<std::string>{"gone"});
  EXPECT_EQ(difference.changed, std::vector<std::string>{"edited"});
  World broken("servers: { same: { command: c }, edited: { command: \"${X}\" }, gone: { command: c } }");
  EXPECT_EQ(changes(before.check().settings, broken.check().settings).changed,
            std::vector<std::string>{"edited"});
}

TEST(Load, EnvFilesComeBeforeEnv) {
  World world("servers: { a: { command: c, envFile: .env.test, env: { B: own } } }");
  EXPECT_EQ(world.codes(), "E051 ");
  EXPECT_NE(world.check().settings.server("a")->unusable, "");
  world.environment.files["/here/.env.test"] =
      "# c\nexport A=\"quoted value\"\nB=file\r\n\n=x\nAPI_TOKEN='from-file'\n";
  auto const settings = world.check().settings;
  auto const& env = settings.server("a")->env;
  ASSERT_EQ(env.size(), 3U);
  EXPECT_EQ(env[0].first + "=" + std::string(env[0].second.reveal()), "A=quoted value");
  EXPECT_EQ(env[1].second.reveal(), "from-file");
  EXPECT_EQ(env[2].first + "=" + std::string(env[2].second.reveal()), "B=own");
  ASSERT_EQ(settings.secrets.size(), 1U);
  EXPECT_EQ(settings.secrets[0].reveal(), "from-file");
}

TEST(FindFiles, FollowTheirOrder) {
  MemoryEnvironment environment;
  environment.vars["HOME"] = "/home/u";
  using List = std::vector<std::string>;
  EXPECT_EQ(find_files("", environment), List{});
  environment.files["/etc/weir/conf.d/b.yaml"] = environment.files["/etc/weir/conf.d/a.yaml"] = "";
  environment.files["/etc/weir/weir.yaml"] = "";
  EXPECT_EQ(find_files("", environment),
            (List{"/etc/weir/weir.yaml", "/etc/weir/conf.d/a.yaml", "/etc/weir/conf.d/b.yaml"}));
  environment.files["/home/u/.config/weir/weir.yaml"] = "";
  EXPECT_EQ(find_files("", environment), List{"/home/u/.config/weir/weir.yaml"});
  environment.files["/here/weir.yaml"] = "";
  EXPECT_EQ(find_files("", environment), List{"weir.yaml"});
  environment.vars["WEIR_CONFIG"] = "/x.yaml";
  EXPECT_EQ(find_files("", environment), List{"/x.yaml"});
  EXPECT_EQ(find_files("/y.yaml", environment), List{"/y.yaml"});
}

}  // namespace
}  // namespace weir::config
