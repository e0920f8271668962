#include "cache/kept_answer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace weir::cache {
namespace {

using namespace std::chrono_literals;

store::Labels const kLabels{"github", "search_issues", "file:///a", "0123456789abcdef0123456789abcdef"};

AnswerFacts facts_of(base::Duration fresh_for) {
  AnswerFacts facts;
  facts.fetched = base::TimePoint(1000h + 17ms);
  facts.fresh_for = fresh_for;
  facts.kept_for = 24 * fresh_for;
  facts.cost = 250ms;
  facts.born = 77;
  facts.meta_at = 2;
  return facts;
}

TEST(KeptAnswer, GivesBackWhatItWasMadeOf) {
  auto facts = facts_of(300s);
  facts.negative = true;
  auto const answer = KeptAnswer::make(facts, kLabels, R"({"id":1})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer.bytes(), R"({"id":1})");
  EXPECT_EQ(answer.labels(), kLabels);
  auto const seen = answer.facts();
  EXPECT_EQ(seen.fetched, facts.fetched);
  EXPECT_EQ(seen.fresh_for, 300s);
  EXPECT_EQ(seen.kept_for, 7200s);
  EXPECT_EQ(seen.cost, 250ms);
  EXPECT_EQ(seen.born, 77U);
  EXPECT_EQ(seen.meta_at, 2U);
  EXPECT_TRUE(seen.negative);
  EXPECT_FALSE(seen.from_store);
}

// F-33: an empty answer is an answer.
TEST(KeptAnswer, IsSomethingEvenWithoutBytes) {
  auto const answer = KeptAnswer::make({}, {}, "");
  EXPECT_TRUE(answer);
  EXPECT_EQ(answer.bytes(), "");
  EXPECT_EQ(answer.labels(), store::Labels{});
  EXPECT_FALSE(KeptAnswer{});
}

TEST(KeptAnswer, RoundsLifetimesDownAndCostsUp) {
  for (base::Duration const lifetime : {1h, 24h, 48h}) {  // what people write is kept as it is
    EXPECT_EQ(KeptAnswer::make(facts_of(lifetime), {}, "{}").facts().fresh_for, lifetime);
  }
  for (std::int64_t ms = 1; ms < 100'000'000'000; ms = ms * 7 / 3 + 11) {
    auto facts = facts_of(std::chrono::milliseconds(ms) + 999us);
    facts.cost = std::chrono::milliseconds(std::min<std::int64_t>(ms, 30'000'000)) - 1ns;
    auto const seen = KeptAnswer::make(facts, {}, "{}").facts();
    EXPECT_LE(seen.fresh_for, facts.fresh_for);
    EXPECT_GE(seen.fresh_for, facts.fresh_for - facts.fresh_for / (1 << 18) - 1ms) << ms;
    EXPECT_GE(seen.cost, facts.cost);
    EXPECT_LE(seen.cost, facts.cost + facts.cost / 512 + 1ms) << ms;
  }
}

TEST(KeptAnswer, ClampsWhatDoesNotFitSoThatItIsGoodForLess) {
  AnswerFacts facts;
  facts.fresh_for = -5s;
  facts.kept_for = base::Duration::max();
  facts.cost = 100h;
  facts.born = std::numeric_limits<std::uint64_t>::max();
  auto const seen = KeptAnswer::make(facts, {}, "").facts();
  EXPECT_EQ(seen.fresh_for, 0s);
  EXPECT_LE(seen.kept_for, base::Duration::max());
  EXPECT_GE(seen.kept_for, 24h * 365 * 200);
  EXPECT_GE(seen.cost, 9h);
  EXPECT_EQ(seen.born, (1ULL << 40U) - 1);
}

TEST(KeptAnswer, HoldsUpToItsLimitAndNothingAboveIt) {
  std::string bytes(KeptAnswer::kBytesMax, 'x');
  auto const answer = KeptAnswer::make({}, kLabels, bytes);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer.bytes().size(), KeptAnswer::kBytesMax);
  EXPECT_EQ(answer.labels(), kLabels);
  bytes += 'x';
  EXPECT_FALSE(KeptAnswer::make({}, kLabels, bytes));
}

TEST(KeptAnswer, KeepsAnyLabels) {
  for (std::string const& who : {std::string("a1"), std::string("abc"), std::string("A1"), std::string("bob"),
                                 std::string(300, 'f'), std::string("\0\x80\xff", 3)}) {
    store::Labels const labels{std::string(127, 's'), std::string(128, 'o'), std::string(70'000, 't'), who};
    auto const answer = KeptAnswer::make({}, labels, "{}");
    EXPECT_EQ(answer.labels(), labels);
    EXPECT_GE(answer.footprint(), 28 + 2 + 127 + 128 + 70'000 + who.size() / 2);
  }
}

TEST(KeptAnswer, RaisesBornAndNeverLowersIt) {
  auto const answer = KeptAnswer::make(facts_of(1s), {}, "{}");
  answer.raise_born(80);
  EXPECT_EQ(answer.born(), 80U);
  answer.raise_born(79);
  EXPECT_EQ(answer.born(), 80U);
}

TEST(KeptAnswer, IsSharedByThreadsThatCopyAndRaiseAtOnce) {
  auto const answer = KeptAnswer::make(facts_of(1s), kLabels, "{}");
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&answer, t] {
      for (std::uint64_t i = 0; i < 5'000; ++i) {
        KeptAnswer const copy = answer;
        copy.raise_born(i * 4 + t);
        EXPECT_EQ(copy.bytes(), "{}");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answer.born(), 4'999U * 4 + 3);
}

}  // namespace
}  // namespace weir::cache
