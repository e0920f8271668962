#include "chaos/fault_deck.hpp"

#include <gtest/gtest.h>

namespace weir::chaos {
namespace {

FaultStep step_of(unsigned per_thousand) { return FaultScript::of_share(per_thousand).steps[0]; }

std::vector<FaultKind> drawn(std::uint64_t seed, int count) {
  FaultDeck deck(seed);
  std::vector<FaultKind> kinds;
  for (int i = 0; i < count; ++i) kinds.push_back(deck.draw(step_of(200)));
  return kinds;
}

TEST(FaultDeck, DrawsTheSameFaultsForTheSameSeed) {
  EXPECT_EQ(drawn(7, 1000), drawn(7, 1000));
  EXPECT_NE(drawn(7, 1000), drawn(8, 1000));
}

TEST(FaultDeck, WaitingDoesNotChangeWhatIsDrawn) {
  auto step = step_of(200);
  step.jitter = std::chrono::milliseconds{5};
  FaultDeck deck(7);
  std::vector<FaultKind> kinds;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(deck.wait(step), step.jitter);
    kinds.push_back(deck.draw(step));
  }
  EXPECT_EQ(kinds, drawn(7, 1000));
}

// T-01: the mix is what was asked for, also in a short run.
TEST(FaultDeck, GivesEveryKindItsPartOfTheMix) {
  FaultDeck deck(3);
  for (int i = 0; i < 1000; ++i) deck.draw(step_of(200));
  auto const& counts = deck.counts();
  EXPECT_EQ(counts.answers, 1000u);
  EXPECT_NEAR(static_cast<double>(counts.harmed_in_all()), 200, 40);
  for (std::size_t i = 1; i < kFaultKinds; ++i) {
    if (FaultMix::equal().weights[i] == 0) continue;
    EXPECT_GE(counts.harmed[i] * 10, counts.harmed_in_all()) << name_of(static_cast<FaultKind>(i));
  }
}

TEST(FaultDeck, HarmsNothingAtNoShareAndEverythingAtAll) {
  FaultDeck none(1), all(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(none.draw(step_of(0)), FaultKind::none);
    EXPECT_NE(all.draw(step_of(1000)), FaultKind::none);
  }
}

TEST(FaultDeck, WhatAKillHarmsBesidePaysForLaterKills) {
  FaultStep step = step_of(1000);
  step.mix = {};
  step.mix[FaultKind::kill] = 1;
  FaultDeck deck(1);
  EXPECT_EQ(deck.draw(step), FaultKind::kill);
  deck.also_harmed(FaultKind::kill);
  deck.also_harmed(FaultKind::kill);
  EXPECT_EQ(deck.draw(step), FaultKind::none);
  EXPECT_EQ(deck.draw(step), FaultKind::none);
  EXPECT_EQ(deck.draw(step), FaultKind::kill);
  EXPECT_EQ(deck.counts().of(FaultKind::kill), 4u);
  EXPECT_EQ(deck.counts().kills, 2u);
}

TEST(FaultDeck, AFaultThatCouldNotBeDoneDoesNotCount) {
  FaultStep step = step_of(1000);
  step.mix = {};
  step.mix[FaultKind::wrong_id] = 1;
  FaultDeck deck(1);
  deck.take_back(deck.draw(step));
  EXPECT_EQ(deck.counts().harmed_in_all(), 0u);
}

}  // namespace
}  // namespace weir::chaos
