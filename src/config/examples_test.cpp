// The configuration files of examples/, as they are shipped (R-086, R-093, R-099…R-102).
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/load.hpp"

namespace weir::config {
namespace {

std::string example(std::string const& name) {
  std::ifstream in(std::string(WEIR_SOURCE_DIR "/examples/") + name);
  std::ostringstream out;
  out << in.rdbuf();
  EXPECT_FALSE(out.str().empty()) << name;
  return out.str();
}

CheckReport check_text(std::string text, MemoryEnvironment environment = {}, bool strict = false) {
  environment.files["/here/weir.yaml"] = std::move(text);
  return check({{"weir.yaml"}, {}, {}, false, strict}, environment);
}

constexpr char const* kServers =
    "include: [cache-config.yaml, degraded-mode.yaml]\n"
    "servers:\n"
    "  context7: { url: http://127.0.0.1:1/mcp }\n"
    "  confluence: { url: http://127.0.0.1:2/mcp }\n"
    "  notion: { url: http://127.0.0.1:3/mcp }\n"
    "  kellerai_standards: { url: http://127.0.0.1:4/mcp }\n";

TEST(Examples, TheSeedsLoadAloneWithWarningsOnly) {
  for (auto const* name : {"cache-config.yaml", "degraded-mode.yaml"}) {
    auto const report = check_text(example(name));
    EXPECT_EQ(report.exit_code, 0) << render_text(report.problems, false);
    std::size_t warnings = 0;
    for (auto const& problem : report.problems) {
      EXPECT_NE(problem.severity, Severity::error);
      EXPECT_GT(problem.mark.line, 0U);
      warnings += problem.severity == Severity::warning ? 1 : 0;
    }
    EXPECT_EQ(warnings, name[0] == 'c' ? 4U : 6U);
    EXPECT_EQ(check_text(example(name), {}, true).exit_code, 78) << "with --strict";
  }
}

TEST(Examples, TheSeedsLoadThroughIncludeWithTheirServersConfigured) {
  MemoryEnvironment environment;
  environment.files["/here/cache-config.yaml"] = example("cache-config.yaml");
  environment.files["/here/degraded-mode.yaml"] = example("degraded-mode.yaml");
  auto const report = check_text(kServers, environment);
  EXPECT_EQ(report.exit_code, 0);
  std::string codes;
  for (auto const& problem : report.problems) codes += problem.code + " ";
  EXPECT_EQ(codes, "WEIR-E051 WEIR-E051 ");
  EXPECT_EQ(report.settings.server("kellerai_standards")->timeouts.call, milliseconds(2000));
  EXPECT_EQ(report.settings.server("confluence")->timeouts.call, milliseconds(5000));

  environment.files["/data/confluence-backup/page.md"] = "";
  environment.files["/etc/kellerai/default-standards.yaml"] = "";
  EXPECT_EQ(check_text(kServers, environment, true).exit_code, 0) << "nothing to warn of";
}

Degradation degradation_of(Settings const& settings, std::string_view server) {
  for (auto const& one : settings.degradation) {
    if (one.server == server) return one;
  }
  ADD_FAILURE() << server;
  return {};
}

TEST(Examples, TheSeedsSayWhatAnswersWhenTheirServersFail) {
  MemoryEnvironment environment;
  environment.files["/here/cache-config.yaml"] = example("cache-config.yaml");
  environment.files["/here/degraded-mode.yaml"] = example("degraded-mode.yaml");
  auto const settings = check_text(kServers, environment).settings;
  EXPECT_TRUE(settings.deferred.empty());

  using Kind = FallbackKind;
  Degradation context7;
  context7.server = "context7";
  context7.fallback = {false, {}, Kind::any_copy, Kind::skip, {}, {}};
  context7.stale_ok = true;
  EXPECT_EQ(degradation_of(settings, "context7"), context7);
  auto confluence = context7;
  confluence.server = "confluence";
  confluence.fallback = {false, {}, Kind::stale_copy, Kind::backup, {}, {}};
  confluence.backup_path = "/data/confluence-backup/";
  EXPECT_EQ(degradation_of(settings, "confluence"), confluence);
  auto notion = context7;
  notion.server = "notion";
  EXPECT_EQ(degradation_of(settings, "notion"), notion);
  Degradation standards;
  standards.server = "kellerai_standards";
  standards.fallback = {false, {}, Kind::standard, Kind::standard, {}, {}};
  standards.standards_path = "/etc/kellerai/default-standards.yaml";
  EXPECT_EQ(degradation_of(settings, "kellerai_standards"), standards);
  ASSERT_EQ(settings.caching.stale.size(), 1U) << "C-3: for the others 24 lifetimes";
  EXPECT_EQ(settings.caching.stale[0].server, "context7");
}

TEST(Examples, TheSeedsTakeABreakerForEachServer) {  // R-093, C-7
  constexpr char const* kBreakers =
      "degradation:\n"
      "  context7: { breaker: { failure_threshold: 5, recovery_timeout_s: 60 } }\n"
      "  confluence: { breaker: { failure_threshold: 3, recovery_timeout_s: 30 } }\n"
      "  notion: { breaker: { failure_threshold: 3, recovery_timeout_s: 30 } }\n"
      "  kellerai_standards: { aliases: [kellerai] }\n"
      "  kellerai: { breaker: { failure_threshold: 2, recovery_timeout_s: 10 } }\n";
  MemoryEnvironment environment;
  environment.files["/here/cache-config.yaml"] = example("cache-config.yaml");
  environment.files["/here/degraded-mode.yaml"] = example("degraded-mode.yaml");
  auto const report = check_text(std::string(kServers) + kBreakers, environment);
  EXPECT_EQ(report.exit_code, 0) << render_text(report.problems, false);
  std::tuple<char const*, unsigned, int> const rows[] = {
      {"context7", 5, 60}, {"confluence", 3, 30}, {"notion", 3, 30}, {"kellerai_standards", 2, 10}};
  for (auto const& [server, failures, recovery] : rows) {
    auto const of = degradation_of(report.settings, server);
    EXPECT_EQ(of.breaker.failure_threshold, failures) << server;
    EXPECT_EQ(of.breaker.recovery, std::chrono::seconds(recovery)) << server;
    EXPECT_EQ(of.breaker.success_threshold, 2U);
    EXPECT_TRUE(of.fallback.on_error) << "the example's own lines stay";
  }
}

TEST(Examples, AMissingPathIsAWarningWithLineAndCaret) {
  MemoryEnvironment environment;
  environment.files["/here/cache-config.yaml"] = example("cache-config.yaml");
  environment.files["/here/degraded-mode.yaml"] = example("degraded-mode.yaml");
  auto const text = render_text(check_text(kServers, environment).problems, false);
  EXPECT_NE(text.find("warning[WEIR-E051]: `/data/confluence-backup/` does not exist\n"
                      "  --> degraded-mode.yaml:12:24\n"
                      "12 |     local_backup_path: \"/data/confluence-backup/\"\n"
                      "   |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
                      "   = `use_local_backup` is skipped and counted at run time\n"),
            std::string::npos)
      << text;
}

MemoryEnvironment with_files_of_the_full_example() {
  MemoryEnvironment environment;
  environment.files["/etc/weir/tls.pem"] = "pem";
  environment.files["/run/secrets/tls_key"] = "pem";
  environment.files["/run/secrets/github_token"] = "ghp_example";
  environment.files["/data/confluence-backup/index.md"] = "";
  return environment;
}

TEST(Examples, TheFullExampleHasNeitherErrorNorWarning) {  // acceptance row 10
  auto const report = check_text(example("full.yaml"), with_files_of_the_full_example(), true);
  EXPECT_EQ(report.exit_code, 0);
  for (auto const& problem : report.problems) {
    EXPECT_EQ(problem.severity, Severity::note) << render_text(report.problems, false);
  }
  auto const& settings = report.settings;
  EXPECT_EQ(settings.servers.size(), 5U);
  EXPECT_EQ(settings.server("github")->credential.value.reveal(), "Bearer ghp_example");
  EXPECT_TRUE(settings.listeners[0].tls);
  EXPECT_TRUE(settings.server("files")->required);
  EXPECT_EQ(settings.server("search")->urls.size(), 2U);
  EXPECT_FALSE(settings.server("confluence_mirror")->expose);
}

TEST(Examples, TheFullExampleTellsWhichProtectionsAreNotInEffect) {
  auto const report = check_text(example("full.yaml"), with_files_of_the_full_example());
  std::string protections;
  for (auto const& deferred : report.settings.deferred)
    protections += deferred.loss != Loss::none ? deferred.path + " " : "";
  EXPECT_EQ(protections, "admin.roles observability.audit ");
}

// Every block of these pages is a file of its own that has nothing to be said about it.
std::size_t blocks_of(std::string const& page) {
  std::ifstream in(WEIR_SOURCE_DIR "/docs/" + page);
  std::string block;
  std::size_t blocks = 0;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (inside && line == "```") {
      MemoryEnvironment environment;
      environment.files["/data/wiki-backup/page.md"] = "";
      environment.files["/data/confluence-backup/page.md"] = "";
      environment.files["/run/secrets/wiki"] = "secret-of-the-wiki";
      EXPECT_EQ(render_text(check_text(block, environment, true).problems, false), "") << block;
      ++blocks;
    }
    if (inside) block += line + "\n";
    if (line == "```yaml") block.clear();
    inside = line == "```yaml" || (inside && line != "```");
  }
  return blocks;
}

TEST(Examples, TheBlocksOfTheDegradationPageLoad) { EXPECT_GE(blocks_of("degradation.md"), 5U); }
TEST(Examples, TheBlocksOfTheTokensPageLoad) { EXPECT_GE(blocks_of("tokens.md"), 1U); }

}  // namespace
}  // namespace weir::config
