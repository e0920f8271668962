#include "edge/degraded_field.hpp"

#include <gtest/gtest.h>

namespace weir::edge {
namespace {

using namespace std::chrono_literals;
using core::Substitute;

std::string line_of(core::DegradedFacts const& facts) {
  std::string fields;
  append_degraded_field(fields, facts);
  return fields;
}

TEST(DegradedField, IsAbsentFromOrdinaryAnswers) { EXPECT_EQ(line_of({}), ""); }

TEST(DegradedField, NamesSourceReasonAndAge_F55) {
  EXPECT_EQ(line_of({Substitute::stale, "timed_out", 3600s, {}}),
            "Weir-Degraded: stale; reason=timed_out; age=3600\r\n");
  EXPECT_EQ(line_of({Substitute::server, "breaker_open", 0s, "mirror"}),
            "Weir-Degraded: server; reason=breaker_open; server=mirror\r\n");
  EXPECT_EQ(line_of({Substitute::backup, "connect_failed", 61s, {}}),
            "Weir-Degraded: backup; reason=connect_failed; age=61\r\n");
  EXPECT_EQ(line_of({Substitute::standard, "throttled", 0s, {}}),
            "Weir-Degraded: default; reason=throttled\r\n");
}

}  // namespace
}  // namespace weir::edge
