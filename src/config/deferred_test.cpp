#include <gtest/gtest.h>

#include "config/load.hpp"

namespace weir::config {
namespace {

constexpr char const* kKeys =
    "auth: { keys: [ { name: a, hash: "
    "\"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\" },\n"
    "  { name: b, hash: \"sha256:1f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\" } ] }\n";

struct World {
  MemoryEnvironment environment;
  Sources sources{{"weir.yaml"}, {}, {}, false, false};

  explicit World(std::string text) { environment.files["/here/weir.yaml"] = std::move(text); }
  CheckReport check() const { return config::check(sources, environment); }
  std::string seen() const {
    std::string out;
    for (auto const& problem : check().problems)
      out += std::string(name_of(problem.severity)) + " " + problem.code.substr(5) + ", ";
    return out;
  }
};

TEST(Deferred, KeysForLaterAreOneNotePerSection) {
  World world(
      "sessions: { store: redis, max: 5 }\nsecurity: { allow_exec_secrets: true }\n"
      "observability: { log: { bodies: none, sample_ok: 100% }, traces: { sample: 5% } }\n"
      "servers: { a: { command: x, stdio: { instances: 4 } } }\n");
  auto const report = world.check();
  EXPECT_EQ(render_text(report.problems, false),
            "note[WEIR-E060]: parts of `sessions`: accepted; not in effect in this version\n"
            "  --> weir.yaml:1:1\n"
            "1 | sessions: { store: redis, max: 5 }\n"
            "  | ^^^^^^^^\n"
            "  = sessions.store\n"
            "\n"
            "note[WEIR-E060]: parts of `security`: accepted; not in effect in this version\n"
            "  --> weir.yaml:2:1\n"
            "2 | security: { allow_exec_secrets: true }\n"
            "  | ^^^^^^^^\n"
            "  = security.allow_exec_secrets\n"
            "\n"
            "note[WEIR-E060]: parts of `servers`: accepted; not in effect in this version\n"
            "  --> weir.yaml:4:1\n"
            "4 | servers: { a: { command: x, stdio: { instances: 4 } } }\n"
            "  | ^^^^^^^\n"
            "  = servers.a.stdio.instances\n");
  EXPECT_EQ(report.exit_code, 0);
  std::string protections;
  for (auto const& deferred : report.settings.deferred)
    protections += deferred.loss != Loss::none ? deferred.path + " " : "";
  EXPECT_EQ(protections, "security.allow_exec_secrets ");
}

TEST(Deferred, ABoundThatIsNotKeptIsAWarningAtItsPlace) {
  World world("security:\n  allow_exec_secrets: true\nlimits: { global: { in_flight: 9 } }\n");
  world.sources.starting = true;
  EXPECT_EQ(world.seen(), "note E060, warning E061, ");
  auto const problem = world.check().problems.back();
  EXPECT_EQ(problem.mark.line, 2U);
  EXPECT_EQ(problem.message,
            "`security.allow_exec_secrets` asks for a protection that this version does not give");
}

TEST(Deferred, AFeatureForLaterStartsWithANote) {
  World world("sessions: { store: redis }\nobservability: { history: { for: 6m } }\n");
  world.sources.starting = true;
  EXPECT_EQ(world.seen(), "note E060, note E060, ");
}

TEST(Deferred, CallersWhoShareAProcessAreAWarning) {
  World world(std::string(kKeys) + "servers: { files: { command: c } }\n");
  EXPECT_EQ(world.seen(), "");
  world.sources.starting = true;
  EXPECT_EQ(world.seen(), "warning E061, ");
  world.environment.files["/here/weir.yaml"] = "servers: { files: { command: c } }\n";
  EXPECT_EQ(world.seen(), "");  // one anonymous principal
}

TEST(Deferred, ListenersThatCannotBeOpenedAreErrors) {
  World world("listeners: [ { name: a, bind: \"unix:/run/w.sock\" } ]\n");
  EXPECT_EQ(world.seen(), "error E016, ");
  world.environment.files["/here/weir.yaml"] = "admin: { bind: \"unix:/run/w.sock\" }\n";
  EXPECT_EQ(world.seen(), "error E016, ");
  world.environment.files["/here/weir.yaml"] =
      "listeners: [ { name: a, bind: \"127.0.0.1:1\" },\n"
      "  { name: b, bind: \"127.0.0.1:2\", protocol: { eras: [modern] } } ]\n";
  EXPECT_EQ(world.seen(), "");  // each has rules of its own
}

}  // namespace
}  // namespace weir::config
