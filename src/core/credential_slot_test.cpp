#include "core/credential_slot.hpp"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

using namespace std::chrono_literals;

CredentialFields fields(std::string_view value) { return {{"Authorization", base::Secret(value)}}; }

struct Slot : testing::Test {
  base::VirtualClock clock;
  std::vector<CredentialNews> news;
  CredentialSlot slot{fields("old"), true, [this](CredentialNews what) { news.push_back(what); }};

  std::string shown() const { return std::string(slot.use().fields->at(0).second.reveal()); }
  std::string other(std::uint64_t edition) {
    auto const use = slot.instead_of(edition, clock.now());
    return use ? std::string(use->fields->at(0).second.reveal()) : "-";
  }
  void set(std::string_view value) { slot.set(fields(value), 60s, clock.now()); }
  void answered(std::uint64_t edition, int status) { slot.answered(edition, status, clock.now()); }
};

TEST_F(Slot, EqualFieldsAreNoNewEdition) {
  set("old");
  EXPECT_EQ(slot.edition(), 1U);
  set("new");
  EXPECT_EQ(slot.edition(), 2U);
  EXPECT_EQ(shown(), "new");
}

TEST_F(Slot, TheOneBeforeStaysForTheOverlapAfterTheFirstSuccess_R059_F30) {
  set("new");
  EXPECT_EQ(other(2), "old");
  answered(2, 200);
  EXPECT_EQ(news, std::vector{CredentialNews::good});
  clock.advance(60s - 1ns);
  slot.expire(clock.now());
  EXPECT_EQ(other(2), "old") << "an address of the server may learn of the new one late";
  clock.advance(1ns);
  slot.expire(clock.now());
  EXPECT_EQ(other(2), "-");
  EXPECT_EQ(shown(), "new");
}

TEST_F(Slot, AReserveWhoseTimeIsOverLeavesMemory_R011) {
  std::weak_ptr<CredentialFields const> const old = slot.use().fields;
  set("new");
  answered(2, 200);
  slot.expire(clock.now() + 60s - 1ns);
  EXPECT_FALSE(old.expired());
  slot.expire(clock.now() + 60s);
  EXPECT_TRUE(old.expired()) << "base::Secret wipes with its last user";
}

TEST_F(Slot, ANewOneThatIsRefusedGivesWayToTheOneBefore_F30) {
  set("bad");
  answered(2, 401);
  EXPECT_TRUE(news.empty());
  EXPECT_EQ(other(2), "old");
  answered(1, 200);
  EXPECT_EQ(news, std::vector{CredentialNews::bad});
  EXPECT_EQ(shown(), "old");
  EXPECT_EQ(slot.edition(), 1U);
  set("good");
  EXPECT_EQ(slot.edition(), 3U) << "a number is never used again";
}

TEST_F(Slot, AnAnswerToAnOlderRequestSaysNothingOfTheNewOne) {
  set("new");
  answered(1, 200);
  EXPECT_TRUE(news.empty());
  EXPECT_EQ(shown(), "new");
}

TEST_F(Slot, WhatIsTakenBackUntriedIsForgotten) {
  set("new");
  EXPECT_TRUE(slot.on_trial());
  set("old");
  EXPECT_FALSE(slot.on_trial());
  EXPECT_EQ(slot.edition(), 1U);
  EXPECT_EQ(other(1), "-") << "there is no other";
  set("new");
  answered(slot.edition(), 200);
  set("old");
  EXPECT_TRUE(slot.on_trial()) << "the new one has proved itself: the old one has to do so again";
  EXPECT_EQ(other(slot.edition()), "new");
}

TEST_F(Slot, WhatWasRefusedIsNotTakenAgainAtOnce) {
  std::weak_ptr<CredentialFields const> bad;
  auto const refuse = [&] {
    set("bad");
    EXPECT_EQ(shown(), "bad");
    bad = slot.use().fields;
    EXPECT_EQ(other(slot.edition()), "old");
    answered(1, 200);
  };
  refuse();
  clock.advance(5s - 1ns);
  set("bad");
  EXPECT_EQ(shown(), "old");
  EXPECT_FALSE(bad.expired());
  clock.advance(1ns);
  slot.expire(clock.now());
  EXPECT_TRUE(bad.expired());
  refuse();
  set("another");
  EXPECT_EQ(shown(), "another");
}

TEST_F(Slot, OnlyWhatWasSentInItsPlaceTellsAgainstTheNewOne) {
  set("new");
  EXPECT_EQ(other(2), "old");  // refused for another reason, perhaps
  slot.accepted(1, clock.now(), false);
  EXPECT_EQ(shown(), "new") << "it was under way before";
  slot.accepted(1, clock.now(), true);
  EXPECT_EQ(shown(), "old");
}

TEST_F(Slot, MayBecomeRenewable) {
  CredentialSlot fixed(fields("a"), false, {});
  fixed.set_renewable(true);
  EXPECT_EQ(fixed.patience(clock.now()), clock.now() + 1s);
}

TEST_F(Slot, WhereBothAreRefusedNothingIsLearned) {
  set("new");
  EXPECT_EQ(other(2), "old");
  answered(1, 401);
  EXPECT_TRUE(news.empty());
  EXPECT_EQ(shown(), "new");
}

TEST_F(Slot, FailuresOfOtherKindsProveNothing) {
  set("new");
  for (int const status : {403, 407, 500, 503}) answered(2, status);
  EXPECT_TRUE(news.empty());
  answered(2, 404);  // the server looked at what was asked for
  EXPECT_EQ(news, std::vector{CredentialNews::good});
}

TEST_F(Slot, ARequestThatWasUnderWayMayBeSentWithTheNewOne) {
  set("new");
  answered(2, 200);
  EXPECT_EQ(other(1), "new");
}

TEST_F(Slot, TwoNewOnesInARowFallBackToTheLastGoodOne_F30) {
  set("worse");
  set("bad");
  EXPECT_EQ(other(3), "old");
  answered(1, 200);
  EXPECT_EQ(shown(), "old");
}

TEST_F(Slot, ATrialThatNobodyDecidesEnds) {
  set("new");
  clock.advance(1h - 1ns);
  slot.expire(clock.now());
  EXPECT_EQ(other(2), "old");
  clock.advance(1ns);
  slot.expire(clock.now());
  EXPECT_EQ(other(2), "-");
}

TEST_F(Slot, WaitsForANewOneSeldomAndNotForLong) {
  EXPECT_EQ(other(1), "-");
  EXPECT_EQ(slot.patience(clock.now()), clock.now() + 1s);
  clock.advance(400ms);
  EXPECT_EQ(slot.patience(clock.now()), clock.now() + 600ms) << "others wait along";
  clock.advance(600ms);
  EXPECT_EQ(slot.patience(clock.now()), clock.now());
  clock.advance(4s);
  EXPECT_EQ(slot.patience(clock.now()), clock.now() + 1s);
  EXPECT_EQ(news.size(), 2U);
  CredentialSlot fixed(fields("a"), false, {});
  EXPECT_EQ(fixed.patience(clock.now()), clock.now());
}

}  // namespace
}  // namespace weir::core
