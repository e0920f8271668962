#include "fallback/degraded_mark.hpp"

#include <gtest/gtest.h>

namespace weir::fallback {
namespace {

using namespace std::chrono_literals;
using core::Substitute;

std::string text_of(core::Outcome const& outcome) {
  std::string text;
  outcome.edits.append_to(text);
  return text;
}

TEST(DegradedMark, SaysSourceReasonAgeAndServer_F55) {
  EXPECT_EQ(json_of({Substitute::stale, "timed_out", "docs", 3600s}),
            R"({"source":"stale","reason":"timed_out","ageSeconds":3600,"server":"docs"})");
  EXPECT_EQ(json_of({Substitute::standard, "breaker_open", "docs", 0s}),
            R"({"source":"default","reason":"breaker_open","server":"docs"})");
}

TEST(DegradedMark, JoinsTheMetaThatIsThere) {
  auto outcome = core::from_result(R"({"content":[],"_meta":{"a":1}})");
  mark_degraded(outcome, {Substitute::server, "timed_out", "mirror", 0s});
  EXPECT_EQ(text_of(outcome),
            R"({"jsonrpc":"2.0","id":0,"result":{"content":[],"_meta":{"dev.weir/degraded":)"
            R"({"source":"server","reason":"timed_out","server":"mirror"},"a":1}}})");
}

TEST(DegradedMark, MakesOneMetaOnly) {
  auto outcome = core::from_result(R"({"content":[]})");
  outcome.edits.insert_member(outcome.message.span(mcp::Field::result), "_meta", R"({"dev.weir/cache":{}})");
  mark_degraded(outcome, {Substitute::stale, "timed_out", "docs", 1s});
  auto const text = text_of(outcome);
  EXPECT_EQ(text.find("_meta"), text.rfind("_meta")) << text;
  EXPECT_NE(text.find("dev.weir/cache"), std::string::npos);
  EXPECT_NE(text.find(R"("dev.weir/degraded":{"source":"stale")"), std::string::npos);
}

TEST(DegradedMark, LeavesErrorsAlone) {
  auto outcome = core::from_error(-32603, "no");
  auto const before = text_of(outcome);
  mark_degraded(outcome, {Substitute::stale, "timed_out", "docs", 1s});
  EXPECT_EQ(text_of(outcome), before);
}

}  // namespace
}  // namespace weir::fallback
