#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "sim/degraded_play.hpp"

#ifdef __SANITIZE_ADDRESS__
// To remember where everything was allocated takes a sixth of the time, and a seed that fails can be played
// again with ASAN_OPTIONS=malloc_context_size=30.
extern "C" char const* __asan_default_options() { return "malloc_context_size=1"; }
#endif

// Seeded simulation of failing servers: breakers, retries, limits, deadlines and what stands in for answers,
// with both eras, reloads, stepped clocks and children that die (T-66).
namespace weir::test {
namespace {

struct Range {
  std::uint64_t first = 1, last = 2000;
};

Range seeds() {
  Range range;
  char const* const tier = std::getenv("WEIR_TEST_TIER");
  if (tier != nullptr && std::string_view(tier) == "quick") range.last = 50;
  if (long_run()) range.last = 20'000;
  if (char const* const one = std::getenv("WEIR_SEED")) {
    char* rest = nullptr;  // one seed, or FIRST-LAST
    range.first = range.last = std::strtoull(one, &rest, 10);
    if (*rest == '-') range.last = std::strtoull(rest + 1, nullptr, 10);
  }
  return range;
}

TEST(DegradedSeeds, WhateverFailsWhatWasPromisedHoldsAtEveryStep_T66) {
  auto const range = seeds();
  DegradedWitness::Sum sum;
  for (auto seed = range.first; seed <= range.last; ++seed) {
    auto const breaches = play_degraded(seed, {}, nullptr, &sum);
    ASSERT_EQ(breaches, "") << fmt::format(
        "seed={} (run it alone with WEIR_SEED={} and --gtest_filter=DegradedSeeds.What*)", seed, seed);
  }
  RecordProperty("answers", std::to_string(sum.answers));
  fmt::print("{} seeds: {} answers, {} of them results, {} stand-ins, breakers moved {} times\n",
             range.last - range.first + 1, sum.answers, sum.results, sum.stand_ins, sum.moves);
  if (range.first == range.last) return;
  EXPECT_GT(sum.results * 2, sum.answers) << "too few calls succeed for this to say anything";
  EXPECT_GT(sum.stand_ins * 50, sum.answers) << "too little stands in for answers";
  EXPECT_GT(sum.moves, range.last - range.first) << "too few breakers move";
}

TEST(DegradedSeeds, TheSameSeedIsTheSameStory_T66) {
  std::uint64_t before = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::uint64_t one = 0, other = 0;
    play_degraded(seed, {}, &one);
    play_degraded(seed, {}, &other);
    EXPECT_EQ(one, other) << "seed " << seed;
    EXPECT_NE(one, before) << "seed " << seed << " as the one before";
    before = one;
  }
}

}  // namespace
}  // namespace weir::test
