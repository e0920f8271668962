#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace weir::base {
namespace {

TEST(Random, TheSameSeedGivesTheSameBytes) {
  SeededRandom a(42);
  SeededRandom b(42);
  SeededRandom c(43);
  EXPECT_EQ(a.token(32), b.token(32));
  EXPECT_NE(a.token(32), c.token(32));
}

TEST(Random, TokensCarryTheirBytesAndDoNotRepeat) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    auto const token = random.token(16);
    EXPECT_EQ(token.size(), 22U);
    seen.insert(token);
  }
  EXPECT_EQ(seen.size(), 10'000U);
}

TEST(Random, BelowStaysBelow) {
  SeededRandom random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
  EXPECT_EQ(*seen.rbegin(), 6U);
  EXPECT_EQ(seen.size(), 7U);
}

TEST(Random, JitterReachesBothSidesAndNoFurther) {
  SeededRandom random(1);
  auto least = Duration::max(), most = Duration::min();
  for (int i = 0; i < 1000; ++i) {
    auto const one = jittered(std::chrono::seconds(10), 20, random);
    least = std::min(least, one);
    most = std::max(most, one);
  }
  EXPECT_GE(least, std::chrono::seconds(8));
  EXPECT_LT(least, std::chrono::milliseconds(8100));
  EXPECT_LE(most, std::chrono::seconds(12));
  EXPECT_GT(most, std::chrono::milliseconds(11900));
}

}  // namespace
}  // namespace weir::base
