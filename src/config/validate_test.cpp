#include <gtest/gtest.h>

#include "config/option_table.hpp"
#include "config/reader.hpp"

namespace weir::config {
namespace {

std::vector<Problem> problems_of(std::string text) {
  Problems problems;
  auto const root = read_yaml(make_source("weir.yaml", std::move(text), 0), problems);
  validate(root, problems);
  return problems.sorted();
}

// "CODE line:column message" of the only problem.
std::string only(std::string text) {
  auto const problems = problems_of(std::move(text));
  if (problems.size() != 1) return std::to_string(problems.size()) + " problems";
  auto const& p = problems[0];
  return p.code + " " + std::to_string(p.mark.line) + ":" + std::to_string(p.mark.column) + " " + p.message;
}

TEST(Validate, AnUnknownKeyIsShownWithTheOneThatWasMeant) {
  auto const problems = problems_of("limits:\n  globl: { in_flight: 5 }\n");
  EXPECT_EQ(render_text(problems, false),
            "error[WEIR-E012]: unknown key `globl`\n"
            "  --> weir.yaml:2:3\n"
            "2 |   globl: { in_flight: 5 }\n"
            "  |   ^^^^^ did you mean `global`?\n"
            "  = keys here: body_max, global, per_principal, shed\n");
}

TEST(Validate, FindsEverythingInOneRunSortedByPlace) {
  auto const problems = problems_of(
      "workers: 99\n"
      "sessions: { idle: 5x, max: many }\n"
      "streams: [1]\n"
      "errors: { style: tool-result }\n"
      "listeners: [ { bind: nowhere, protocol: { legacy_sse: yes } } ]\n"
      "serverz: {}\n");
  std::string codes;
  for (auto const& problem : problems)
    codes += problem.code.substr(5) + "@" + std::to_string(problem.mark.line) + " ";
  EXPECT_EQ(codes, "E015@1 E016@2 E011@2 E011@3 E013@4 E016@5 E014@5 E012@6 ");
}

TEST(Validate, SaysWhatIsExpected) {
  EXPECT_EQ(only("workers: 65"), "WEIR-E015 1:10 `65` is outside 1..64");
  EXPECT_EQ(only("workers: 0"), "WEIR-E015 1:10 `0` is outside 1..64");
  EXPECT_EQ(only("workers: 64"), "0 problems");
  EXPECT_EQ(only("workers: \"4\""), "WEIR-E011 1:10 expected a whole number, got text");
  EXPECT_EQ(only("workers: 1.5"), "WEIR-E011 1:10 expected a whole number, got `1.5`");
  EXPECT_EQ(only("workers: [1]"), "WEIR-E011 1:10 expected a whole number, got a list");
  EXPECT_EQ(only("servers: x"), "WEIR-E011 1:10 expected a map, got `x`");
  EXPECT_EQ(only("just text"), "WEIR-E011 1:1 expected a map, got `just text`");
  EXPECT_EQ(only("shutdown: { drain: 2h }"), "WEIR-E015 1:20 `2h` is outside 0s..1h");
  EXPECT_EQ(only("shutdown: { drain: 10 }"),
            "WEIR-E016 1:20 expected a duration, such as 100ms, 30s, 5m or 1h, got `10`");
  EXPECT_EQ(only("sessions: { store: disk }"), "WEIR-E013 1:20 `disk` is not one of memory, redis");
  EXPECT_EQ(only("observability: { log: { access: off } }"),
            "WEIR-E014 1:33 `off` is text in YAML 1.2, not a boolean");
  EXPECT_EQ(only("observability: { log: { access: maybe } }"),
            "WEIR-E011 1:33 expected true or false, got `maybe`");
  EXPECT_EQ(only("caching: { invalidation: { scheduled: \"* * *\" } }"),
            "WEIR-E016 1:39 expected a cron line of five fields, such as \"0 2 * * *\", got `* * *`");
  EXPECT_EQ(only("servers: { a: { url: \"ftp://x\" } }"),
            "WEIR-E016 1:22 expected an http or https URL without a user name in it, got `ftp://x`");
}

TEST(Validate, AValueMayHaveSeveralShapes) {
  EXPECT_EQ(only("caching: { invalidation: { scheduled: [ { cron: \"0 2 * * *\", purge: \"a.*\" } ] } }"),
            "0 problems");
  EXPECT_EQ(only("degradation: { a: { fallback: [use_cache, { server: b }] } }"), "0 problems");
  EXPECT_EQ(only("degradation: { a: { fallback: [use_cach] } }"),
            "WEIR-E013 1:32 `use_cach` is not one of use_cache, use_stale_cache, use_local_backup, "
            "use_default, skip");
  EXPECT_EQ(only("degradation: { a: { concurrency: { limit: adaptive } } }"), "0 problems");
  EXPECT_EQ(only("degradation: { a: { concurrency: { limit: 7 } } }"), "0 problems");
  EXPECT_EQ(only("degradation: { a: { concurrency: { limit: some } } }"),
            "WEIR-E011 1:43 expected a whole number or adaptive, got `some`");
  EXPECT_EQ(only("caching: { per_server: { a: { ttl: 1800 }, b: { ttl: 30m } } }"), "0 problems");
}

TEST(Validate, NothingMeansTheDefault) {
  EXPECT_EQ(only("servers:\nlisteners: ~\nworkers: null\nnames: { prefix: }\n"), "0 problems");
  EXPECT_EQ(only(""), "0 problems");
}

TEST(Validate, TextTakesNumbersAsTheyAreWritten) {
  EXPECT_EQ(only("servers: { a: { command: c, args: [--port, 3000, 1.50, true], env: { N: 007 } } }"),
            "0 problems");
}

}  // namespace
}  // namespace weir::config
