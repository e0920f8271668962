#include "edge/rate_field.hpp"

#include <gtest/gtest.h>

namespace weir::edge {
namespace {

using namespace std::chrono_literals;

TEST(RateField, SaysQuotaAndWhatIsLeft) {
  std::string fields = "A: b\r\n";
  append_rate_fields(fields, {100, 41, 11200ms, 60s});
  EXPECT_EQ(fields, "A: b\r\nRateLimit-Policy: \"caller\";q=100;w=60\r\nRateLimit: \"caller\";r=41;t=12\r\n");
}

TEST(RateField, IsAbsentWithoutARate) {
  std::string fields;
  append_rate_fields(fields, {});
  EXPECT_EQ(fields, "");
}

}  // namespace
}  // namespace weir::edge
