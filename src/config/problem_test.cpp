#include "config/problem.hpp"

#include <gtest/gtest.h>

#include <set>

#include "config/reader.hpp"

namespace weir::config {
namespace {

Problem sample() {
  auto const source = make_source("weir.yaml", std::string(13, '\n') + "    cahce: { ttl: 60s }\nx\n", 0);
  Problem problem;
  problem.code = "WEIR-E012";
  problem.mark = Mark{source, 14, 5, 5};
  problem.message = "unknown key `cahce`";
  problem.label = "did you mean `cache`?";
  problem.notes = {"keys here: auth, cache, limits, tools, …"};
  return problem;
}

std::string text_of(Problem const& problem, bool colour = false) {
  return render_text(std::vector{problem}, colour);
}

TEST(ProblemText, ShowsCodePlaceCaretAndReason) {
  EXPECT_EQ(text_of(sample()),
            "error[WEIR-E012]: unknown key `cahce`\n"
            "  --> weir.yaml:14:5\n"
            "14 |     cahce: { ttl: 60s }\n"
            "   |     ^^^^^ did you mean `cache`?\n"
            "   = keys here: auth, cache, limits, tools, …\n");
}

TEST(ProblemText, ShowsTheFixLast) {
  auto problem = sample();
  problem.severity = Severity::warning;
  problem.label = "";
  problem.fix = "write cache";
  EXPECT_EQ(text_of(problem),
            "warning[WEIR-E012]: unknown key `cahce`\n"
            "  --> weir.yaml:14:5\n"
            "14 |     cahce: { ttl: 60s }\n"
            "   |     ^^^^^\n"
            "   = keys here: auth, cache, limits, tools, …\n"
            "   = fix: write cache\n");
}

TEST(ProblemText, ColoursOnlyWhenAsked) {
  EXPECT_EQ(text_of(sample()).find('\x1b'), std::string::npos);
  EXPECT_EQ(text_of(sample(), true),
            "\x1b[1;31merror[WEIR-E012]\x1b[0m: \x1b[1munknown key `cahce`\x1b[0m\n"
            "  \x1b[34m-->\x1b[0m weir.yaml:14:5\n"
            "\x1b[34m14 |\x1b[0m     cahce: { ttl: 60s }\n"
            "\x1b[34m   |\x1b[0m     \x1b[1;31m^^^^^ did you mean `cache`?\x1b[0m\n"
            "   \x1b[34m=\x1b[0m keys here: auth, cache, limits, tools, …\n");
}

TEST(ProblemText, TheCaretCountsCharactersAndRepeatsTabs) {
  Problem problem;
  problem.code = "WEIR-E003";
  problem.message = "m";
  problem.mark = Mark{make_source("f", "\tné: x", 0), 1, 7, 1};
  EXPECT_EQ(text_of(problem), "error[WEIR-E003]: m\n  --> f:1:6\n1 | \tné: x\n  | \t    ^\n");
}

TEST(ProblemText, CutsLongLinesAroundTheCaret) {
  Problem problem;
  problem.code = "WEIR-E003";
  problem.message = "m";
  problem.mark =
      Mark{make_source("f", std::string(5000, 'a') + "HERE" + std::string(5000, 'b'), 0), 1, 5001, 4};
  auto const text = text_of(problem);
  EXPECT_EQ(text, "error[WEIR-E003]: m\n  --> f:1:5001\n1 | …" + std::string(49, 'a') + "HERE" +
                      std::string(45, 'b') + "…\n  | " + std::string(50, ' ') + "^^^^\n");
}

TEST(ProblemText, ALongValueAtTheFrontIsCutBehind) {
  Problem problem;
  problem.code = "WEIR-E003";
  problem.message = "m";
  problem.mark = Mark{make_source("f", "key: " + std::string(5000, 'a'), 0), 1, 6, 5000};
  EXPECT_EQ(text_of(problem), "error[WEIR-E003]: m\n  --> f:1:6\n1 | key: " + std::string(94, 'a') +
                                  "…\n  |      " + std::string(95, '^') + "\n");
}

TEST(ProblemText, HostileTextCannotControlTheTerminal) {
  Problem problem;
  problem.code = "WEIR-E012";
  problem.message = "unknown key `\x1b[2J`";
  problem.mark = Mark{make_source("f",
                                  "a\x1b[31mb\xE2\x80\xAE"
                                  "c\xC2\x9B\xFF",
                                  0),
                      1, 1, 1};
  auto const text = text_of(problem);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("1 | a?[31mb?c??\n"), std::string::npos) << text;
}

TEST(ProblemText, WorksWithoutALineAndWithoutAFile) {
  Problem problem;
  problem.code = "WEIR-E001";
  problem.message = "`x` cannot be read: no such file";
  EXPECT_EQ(text_of(problem), "error[WEIR-E001]: `x` cannot be read: no such file\n");
  problem.mark = Mark{make_source("x", "", 0), 0, 0, 1};
  EXPECT_EQ(text_of(problem), "error[WEIR-E001]: `x` cannot be read: no such file\n  --> x\n");
  problem.mark = Mark{make_source("x", "one", 0), 99, 9, 1};  // a place behind the end
  EXPECT_FALSE(text_of(problem).empty());
}

TEST(ProblemText, ProblemsAreSeparatedByAnEmptyLineAndSummedUp) {
  auto warning = sample();
  warning.severity = Severity::warning;
  std::vector const problems{sample(), warning, sample()};
  EXPECT_NE(render_text(problems, false).find("…\n\nwarning["), std::string::npos);
  EXPECT_EQ(summary(problems), "2 errors, 1 warning");
  EXPECT_EQ(summary({}), "");
}

TEST(ProblemJson, IsOneVersionedObject) {
  auto problem = sample();
  problem.fix = "say \"cache\"";
  EXPECT_EQ(
      render_json(std::vector{problem}),
      R"({"version":1,"errors":1,"warnings":0,"notes":0,"problems":[{"severity":"error","code":"WEIR-E012",)"
      R"("file":"weir.yaml","line":14,"column":5,"length":5,"message":"unknown key `cahce`",)"
      R"("label":"did you mean `cache`?","notes":["keys here: auth, cache, limits, tools, …"],)"
      R"("fix":"say \"cache\""}]})"
      "\n");
  EXPECT_EQ(render_json({}), "{\"version\":1,\"errors\":0,\"warnings\":0,\"notes\":0,\"problems\":[]}\n");
}

TEST(ProblemJson, StaysJsonWhateverTheTextHolds) {
  Problem problem;
  problem.code = "WEIR-E012";
  problem.message = "\x01\xFF\"\\\n\t\x7F";
  Problems ignored;
  auto const root = read_json(make_source("r.json", render_json(std::vector{problem}), 0), ignored);
  EXPECT_FALSE(ignored.has_errors());
  EXPECT_EQ(root.find("problems")->items[0].find("message")->text, "\x01\xEF\xBF\xBD\"\\\n\t\x7F");
}

TEST(ProblemSarif, HasRulesAndRegions) {
  auto problem = sample();
  problem.mark.source = make_source("a dir/weir.yaml", problem.mark.source->text, 0);
  EXPECT_EQ(
      render_sarif(std::vector{problem}),
      R"({"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":)"
      R"({"driver":)"
      R"({"name":"weir","rules":[{"id":"WEIR-E012","shortDescription":{"text":"The key is unknown here. )"
      R"(Unknown )"
      R"(keys are never ignored."}}]}},"columnKind":"unicodeCodePoints","results":[{"ruleId":"WEIR-E012",)"
      R"("level":"error","message":{"text":"unknown key `cahce`: did you mean `cache`?; keys here: auth, )"
      R"(cache, )"
      R"(limits, tools, …"},"locations":[{"physicalLocation":{"artifactLocation":)"
      R"({"uri":"a%20dir/weir.yaml"},)"
      R"("region":{"startLine":14,"startColumn":5,"endColumn":10}}}]}]}]})"
      "\n");
}

TEST(Problems, AreSortedByFileAndPlace) {
  auto const first = make_source("first", "", 0);
  auto const second = make_source("second", "", 1);
  Problems problems;
  problems.error("d", Mark{}, "");
  problems.error("c", Mark{second, 1, 1, 1}, "");
  problems.error("b", Mark{first, 9, 2, 1}, "");
  problems.error("a", Mark{first, 9, 1, 1}, "");
  std::string order;
  for (auto const& problem : problems.sorted()) order += problem.code;
  EXPECT_EQ(order, "abcd");
}

TEST(Problems, KeepTwoHundredAndCountTheRest) {
  Problems problems;
  for (std::size_t i = 0; i < Problems::kProblemsMax; ++i) problems.warning("WEIR-E050", {}, "m");
  EXPECT_EQ(problems.sorted().size(), Problems::kProblemsMax);
  problems.error("WEIR-E012", {}, "m");
  auto const sorted = problems.sorted();
  ASSERT_EQ(sorted.size(), Problems::kProblemsMax + 1);
  EXPECT_EQ(sorted.back().code, "WEIR-E099");
  EXPECT_EQ(sorted.back().message, "1 more problems are not shown");
  EXPECT_TRUE(problems.must_not_start());
}

TEST(Problems, OnlyUnconfinedErrorsKeepTheGatewayDown) {
  Problems problems;
  problems.warning("WEIR-E050", {}, "m");
  problems.error("WEIR-E031", {}, "m").confined = true;
  EXPECT_TRUE(problems.has_errors());
  EXPECT_FALSE(problems.must_not_start());
  problems.error("WEIR-E012", {}, "m");
  EXPECT_TRUE(problems.must_not_start());
}

TEST(Catalogue, ExplainsEveryCodeInAnySpelling) {
  std::set<std::string_view> seen;
  for (auto const& entry : catalogue()) {
    EXPECT_TRUE(seen.insert(entry.code).second) << entry.code;
    EXPECT_TRUE(entry.code.starts_with("WEIR-E"));
    EXPECT_TRUE(entry.text.ends_with('.'));
  }
  ASSERT_NE(explain("WEIR-E012"), nullptr);
  EXPECT_EQ(explain("E012"), explain("WEIR-E012"));
  EXPECT_EQ(explain("e012"), explain("WEIR-E012"));
  EXPECT_EQ(explain("E000"), nullptr);
}

}  // namespace
}  // namespace weir::config
