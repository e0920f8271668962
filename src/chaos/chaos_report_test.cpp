#include "chaos/chaos_report.hpp"

#include <gtest/gtest.h>

namespace weir::chaos {
namespace {

ChaosReport good() {
  ChaosReport report;
  report.seed = 7;
  report.servers = {"docs"};
  report.useful_min = 990;
  report.calls.issued = report.calls.answered = 1000;
  report.classes[0] = 900;
  report.classes[1] = 90;
  report.classes[5] = 10;
  report.errors["timed_out"] = 10;
  report.faults.answers = 500;
  report.faults.harmed[static_cast<std::size_t>(FaultKind::reset)] = 100;
  return report;
}

TEST(ChaosReport, PassesWhenTheLedgerIsCleanAndAnswersAreUseful) {
  auto const report = good();
  EXPECT_TRUE(complaints(report).empty());
  EXPECT_DOUBLE_EQ(report.useful_percent(), 99.0);
  auto const text = report_text(report);
  EXPECT_NE(text.find("passed   seed 7"), std::string::npos) << text;
  EXPECT_NE(text.find("reset"), std::string::npos);
  EXPECT_EQ(text.find("black_hole"), std::string::npos);
}

TEST(ChaosReport, FailsForEachPromiseThatIsBroken) {
  for (auto const broken : {&Ledger::Totals::lost, &Ledger::Totals::duplicated, &Ledger::Totals::crossed}) {
    auto report = good();
    report.calls.*broken = 1;
    EXPECT_EQ(complaints(report).size(), 1u);
    EXPECT_NE(report_text(report).find("failed   seed 7"), std::string::npos);
  }
  auto late = good();
  late.late = 1;
  EXPECT_EQ(complaints(late).size(), 1u);
  auto useless = good();
  --useless.classes[0];
  ++useless.classes[4];  // a default answer is no useful one
  EXPECT_EQ(complaints(useless).size(), 1u);
  EXPECT_EQ(complaints(ChaosReport()).size(), 1u);
}

TEST(ChaosReport, SaysTheSameAsJson) {
  auto report = good();
  report.left_out.emplace_back("a \"b\"", "it does not answer");
  auto const json = report_json(report);
  EXPECT_NE(json.find(R"("version":1,"seed":7,"servers":["docs"],"left_out":{"a \"b\"":)"), std::string::npos)
      << json;
  EXPECT_NE(
      json.find(R"("answers":{"fresh":900,"stale":90,"backup":0,"other_server":0,"default":0,"error":10})"),
      std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("errors":{"timed_out":10})"), std::string::npos);
  EXPECT_NE(json.find(R"("wrong":[],"passed":true)"), std::string::npos);
}

TEST(ChaosReport, SumsTheMetricsThatItKnows) {
  auto const sums = read_metrics(
      "# HELP weir_retries_total x\nweir_retries_total{server=\"a\",reason=\"lost\"} 2\n"
      "weir_retries_total{server=\"b\",reason=\"lost\"} 3\nmcp_timeouts_total 4\nother 5\nbroken");
  EXPECT_EQ(sums.size(), 2u);
  EXPECT_EQ(sums.at("weir_retries_total"), 5);
  EXPECT_EQ(sums.at("mcp_timeouts_total"), 4);
}

}  // namespace
}  // namespace weir::chaos
