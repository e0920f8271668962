#include "secrets/secret_table.hpp"

#include <gtest/gtest.h>

#include <set>

namespace weir::secrets {
namespace {

using namespace std::chrono_literals;
using Change = SecretTable::Change;

SecretReference vault(std::string key = "token", std::string document = "mcp/credentials") {
  return {Store::vault, std::move(document), std::move(key)};
}

StoreAnswer answer(std::string_view value, std::string version = "1", base::Duration lease = {}) {
  StoreAnswer out;
  out.values.emplace_back("token", base::Secret(value));
  out.version = std::move(version);
  out.lease = lease;
  return out;
}

struct TableOfSecrets : testing::Test {
  base::VirtualClock clock;
  base::SeededRandom random{7};
  SecretTableOptions options;
  SecretTable table{options, random};

  void pass(base::Duration by) {
    clock.advance(by);
    table.expire(clock.now());
  }
  SecretTable::Changes bring(StoreAnswer const& what) {
    auto due = table.take_due(clock.now(), 10);
    EXPECT_EQ(due.size(), 1U);
    return due.empty() ? SecretTable::Changes{} : due[0].brought(what, clock.now(), clock.wall());
  }
  void fail(std::string why) {
    auto due = table.take_due(clock.now(), 10);
    ASSERT_EQ(due.size(), 1U);
    due[0].failed(std::move(why), clock.now());
  }
  std::string value(SecretReference const& of = vault()) {
    auto const* const found = table.value(of);
    return found == nullptr ? "-" : std::string(found->reveal());
  }
  std::string reserve() {
    auto const* const found = table.reserve(vault());
    return found == nullptr ? "-" : std::string(found->reveal());
  }
  void begin(std::string_view first = "old") {
    EXPECT_TRUE(table.want(vault(), 90 * 24h, clock.now()));
    bring(answer(first));
  }
};

TEST_F(TableOfSecrets, WhatIsWantedIsDueAtOnceAndThenAgainWithinTheRefreshTime_F28) {
  EXPECT_TRUE(table.want(vault(), {}, clock.now()));
  EXPECT_EQ(value(), "-");
  auto const first = bring(answer("old"));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].second, Change::first);
  EXPECT_EQ(value(), "old");
  EXPECT_TRUE(table.take_due(clock.now() + 23s, 10).empty());
  pass(30s);
  auto const then = bring(answer("new", "2"));
  ASSERT_EQ(then.size(), 1U);
  EXPECT_EQ(then[0].second, Change::replaced);
  EXPECT_EQ(value(), "new");
}

TEST_F(TableOfSecrets, DueTimesAreSpreadButNeverLate) {
  std::set<base::TimePoint> times;
  for (int i = 0; i < 200; ++i) {
    begin();
    auto const due = table.next_event();
    EXPECT_GE(due, clock.now() + 24s);
    EXPECT_LE(due, clock.now() + 30s);
    times.insert(due);
    pass(30s);
  }
  EXPECT_GT(times.size(), 100U);
}

TEST_F(TableOfSecrets, ALeaseIsRenewedAtTwoThirds_F29) {
  options.refresh = 1h;
  table.set_options(options);
  table.want(vault(), {}, clock.now());
  bring(answer("old", "1", 60s));
  EXPECT_GE(table.next_event(), clock.now() + 32s);
  EXPECT_LE(table.next_event(), clock.now() + 40s);
}

TEST_F(TableOfSecrets, FilesAreLookedAtMoreOften) {
  table.want({Store::file, "/k", ""}, {}, clock.now());
  StoreAnswer whole;
  whole.values.emplace_back("", base::Secret("x"));
  bring(whole);
  EXPECT_LE(table.next_event(), clock.now() + 2s);
  EXPECT_GE(table.next_event(), clock.now() + 1600ms);
}

TEST_F(TableOfSecrets, AStoreThatFailsLeavesTheLastGoodValueAndRaisesAnAlarm_F29) {
  begin();
  for (int i = 0; i < 20; ++i) {
    pass(30s);
    fail("no answer in time");
    EXPECT_EQ(value(), "old");
    EXPECT_EQ(table.alarm(vault()), "no answer in time");
    EXPECT_LE(table.next_event(), clock.now() + 30s);
  }
  EXPECT_EQ(table.views()[0].failures, 20U);
  pass(30s);
  EXPECT_TRUE(bring(answer("old")).empty());
  EXPECT_EQ(table.alarm(vault()), "");
  EXPECT_EQ(table.views()[0].failures, 0U);
}

TEST_F(TableOfSecrets, ADocumentThatLosesTheTextLeavesTheLastGoodValueToo_F29) {
  begin();
  StoreAnswer other;
  other.values.emplace_back("another", base::Secret("x"));
  for (auto const& without : {other, answer("")}) {
    pass(30s);
    EXPECT_TRUE(bring(without).empty());
    EXPECT_EQ(value(), "old");
    EXPECT_EQ(table.alarm(vault()), "it has no text under `token`");
  }
}

TEST_F(TableOfSecrets, TriesAgainSoonAndThenLessOften) {
  begin();
  pass(30s);
  fail("down");
  EXPECT_LE(table.next_event(), clock.now() + 1s);
  pass(1s);
  fail("down");
  EXPECT_GT(table.next_event(), clock.now() + 1500ms);
  EXPECT_LE(table.next_event(), clock.now() + 2s);
}

TEST_F(TableOfSecrets, TheOneBeforeStaysUntilSuccessAndOverlap_F30) {
  begin();
  pass(30s);
  bring(answer("new"));
  EXPECT_EQ(reserve(), "old");
  pass(10min);
  EXPECT_EQ(reserve(), "old") << "nobody has used the new one yet";
  EXPECT_TRUE(table.in_reserve(base::Secret("old")));
  EXPECT_FALSE(table.in_reserve(base::Secret("new"))) << "it is in use";
  table.confirm(vault(), clock.now());
  pass(59s);
  EXPECT_EQ(reserve(), "old");
  pass(1s);
  EXPECT_EQ(reserve(), "-");
  EXPECT_FALSE(table.in_reserve(base::Secret("old")));
  EXPECT_EQ(value(), "new");
}

TEST_F(TableOfSecrets, TheEndOfAReserveIsAnEventOfItsOwn_R011) {
  begin();
  pass(30s);
  bring(answer("new"));
  options.refresh = 1h;
  table.set_options(options);
  pass(30s);
  bring(answer("new"));
  table.confirm(vault(), clock.now());
  EXPECT_EQ(table.next_event(), clock.now() + 60s) << "the store is due much later";
}

TEST_F(TableOfSecrets, OfWhichNobodyTellsAreNotOnTrialAndTheOneBeforeGoesAfterTheOverlap_R011) {
  EXPECT_TRUE(table.want(vault(), {}, clock.now(), false));
  bring(answer("old"));
  pass(30s);
  bring(answer("new"));
  EXPECT_FALSE(table.views()[0].on_trial);
  EXPECT_FALSE(table.reject(vault(), clock.now()));
  EXPECT_EQ(value(), "new");
  pass(59s);
  EXPECT_EQ(reserve(), "old");
  pass(1s);
  EXPECT_EQ(reserve(), "-");
}

TEST_F(TableOfSecrets, WhereNobodyTellsOfSuccessTheTrialEnds) {
  begin();
  pass(30s);
  bring(answer("new"));
  pass(1h - 1ns);
  EXPECT_EQ(reserve(), "old");
  pass(1ns);
  EXPECT_EQ(reserve(), "-");
  EXPECT_FALSE(table.views()[0].on_trial);
}

TEST_F(TableOfSecrets, ABadValueIsRolledBackAndNotTakenAgain_F30) {
  begin();
  pass(30s);
  bring(answer("bad", "2"));
  EXPECT_TRUE(table.reject(vault(), clock.now()));
  EXPECT_EQ(value(), "old");
  EXPECT_EQ(reserve(), "-") << "it is in use";
  EXPECT_TRUE(table.views()[0].rolled_back);
  EXPECT_EQ(table.views()[0].version, "1");
  pass(30s);
  EXPECT_TRUE(bring(answer("bad", "2")).empty());
  EXPECT_EQ(value(), "old");
  pass(30s);
  EXPECT_EQ(bring(answer("good", "3")).size(), 1U);
  EXPECT_EQ(value(), "good");
  EXPECT_FALSE(table.views()[0].rolled_back);
}

// Two users of one secret, of which a new value has come.
struct SharedSecret : TableOfSecrets {
  using Names = std::vector<std::string>;
  void SetUp() override {
    begin();
    table.set_users(vault(), {"a", "b"});
    pass(30s);
    bring(answer("new", "2"));
  }
  bool reject(std::string_view user) { return table.reject(vault(), clock.now(), user); }
  void confirm(std::string_view user) { table.confirm(vault(), clock.now(), user); }
  Names refused_by() { return table.views().at(0).refused_by; }
};

TEST_F(SharedSecret, IsRolledBackOnceAllRefuseIt_F30) {
  EXPECT_TRUE(refused_by().empty());
  EXPECT_FALSE(reject("b"));
  EXPECT_FALSE(reject("b")) << "tried again";
  EXPECT_EQ(refused_by(), Names{"b"});
  EXPECT_EQ(value(), "new");
  EXPECT_TRUE(reject("a"));
  EXPECT_EQ(value(), "old");
  EXPECT_TRUE(refused_by().empty()) << "all use the one before";
}

TEST_F(SharedSecret, ThatOneUserRefusesIsKnownWhicheverSpeaksFirst_F30) {
  reject("b");
  confirm("a");
  EXPECT_EQ(refused_by(), Names{"b"});
  confirm("b");
  EXPECT_TRUE(refused_by().empty()) << "it takes it by now";
  pass(30s);
  bring(answer("next", "3"));
  confirm("a");
  pass(61s);
  EXPECT_EQ(reserve(), "-");
  EXPECT_TRUE(table.on_trial(vault(), "b", clock.now()));
  EXPECT_FALSE(table.on_trial(vault(), "a", clock.now()));
  EXPECT_FALSE(reject("b"));
  EXPECT_EQ(refused_by(), Names{"b"});
  EXPECT_EQ(value(), "next") << "the other one uses it";
}

TEST_F(SharedSecret, ARefusalIsForgottenWithTheValueOrTheUser) {
  reject("b");
  pass(30s);
  bring(answer("next", "3"));
  EXPECT_TRUE(refused_by().empty());
  reject("b");
  table.forget_user("b");
  EXPECT_TRUE(refused_by().empty()) << "another server of that name";
  pass(30s);
  bring(answer("last", "4"));
  reject("b");
  table.set_users(vault(), {"a"});
  EXPECT_TRUE(refused_by().empty()) << "it uses it no more";
  EXPECT_TRUE(reject("a"));
}

TEST_F(SharedSecret, WhoHasSaidNothingForTheTimeOfATrialHasAcceptedIt) {
  confirm("a");
  pass(1h);
  EXPECT_FALSE(table.on_trial(vault(), "b", clock.now())) << "what it refuses now is another one";
  EXPECT_FALSE(reject("b"));
  EXPECT_TRUE(refused_by().empty());
}

TEST_F(TableOfSecrets, ARejectedValueIsTakenOnceTheOneInItsPlaceIsRefused_F30) {
  begin();
  pass(30s);
  bring(answer("new", "2"));
  EXPECT_TRUE(table.on_trial(vault()));
  EXPECT_TRUE(table.reject(vault(), clock.now()));
  EXPECT_FALSE(table.on_trial(vault()));
  pass(30s);
  bring(answer("new", "2"));
  EXPECT_EQ(value(), "old");
  table.forgive(vault());
  pass(30s);
  EXPECT_EQ(bring(answer("new", "2")).size(), 1U);
  EXPECT_EQ(value(), "new");
  EXPECT_EQ(reserve(), "old");
}

TEST_F(TableOfSecrets, OneOfWhichNothingCanBeMadeIsNotForgiven) {
  begin();
  table.judge({}, true);
  pass(30s);
  bring(answer("no key", "2"));
  EXPECT_TRUE(table.judge(std::vector<Misfit>{{vault(), "it is no key"}}, false).at(0).rolled_back);
  table.forgive(vault());
  pass(30s);
  EXPECT_TRUE(bring(answer("no key", "2")).empty());
  EXPECT_EQ(value(), "old");
}

TEST_F(TableOfSecrets, AStoreThatTakesANewValueBackLeavesNothingRejected) {
  begin();
  pass(30s);
  bring(answer("new", "2"));
  pass(30s);
  EXPECT_EQ(bring(answer("old", "3")).size(), 1U);
  EXPECT_EQ(value(), "old");
  EXPECT_EQ(reserve(), "-");
  EXPECT_FALSE(table.reject(vault(), clock.now()));
  EXPECT_FALSE(table.views().at(0).rolled_back);
}

TEST_F(TableOfSecrets, OnlyAValueOnTrialCanBeRejected) {
  begin();
  EXPECT_FALSE(table.reject(vault(), clock.now()));
  pass(30s);
  bring(answer("new"));
  table.confirm(vault(), clock.now());
  EXPECT_FALSE(table.reject(vault(), clock.now()));
  EXPECT_EQ(value(), "new");
}

TEST_F(TableOfSecrets, TwoNewValuesInARowFallBackToTheLastGoodOne) {
  begin();
  pass(30s);
  bring(answer("worse"));
  pass(30s);
  bring(answer("bad"));
  EXPECT_EQ(reserve(), "old");
  EXPECT_TRUE(table.reject(vault(), clock.now()));
  EXPECT_EQ(value(), "old");
}

TEST_F(TableOfSecrets, AValueThatNothingCanBeMadeOfGivesWayAlsoWhereNobodyTells_F28) {
  EXPECT_TRUE(table.want(vault(), {}, clock.now(), false));
  bring(answer("old"));
  EXPECT_TRUE(table.judge({}, true).empty());
  pass(30s);
  bring(answer("garbage", "2"));
  std::vector<Misfit> const misfits{{vault(), "it is no key"}};
  auto const news = table.judge(misfits, true);
  ASSERT_EQ(news.size(), 1U);
  EXPECT_TRUE(news[0].rolled_back);
  EXPECT_EQ(value(), "old");
  EXPECT_EQ(reserve(), "-");
  EXPECT_TRUE(table.judge({}, true).empty());
  EXPECT_TRUE(table.views()[0].rolled_back);
  EXPECT_EQ(table.views()[0].alarm, "it is no key");
  pass(30s);
  EXPECT_TRUE(bring(answer("garbage", "2")).empty()) << "it is not tried again";
  pass(30s);
  EXPECT_EQ(bring(answer("new", "3")).size(), 1U);
  EXPECT_EQ(value(), "new");
  EXPECT_EQ(reserve(), "old");
  EXPECT_FALSE(table.views()[0].rolled_back);
  EXPECT_EQ(table.views()[0].alarm, "");
}

TEST_F(TableOfSecrets, WithNothingToGoBackToAnUnusableValueStaysAndIsNoReserve) {
  begin("garbage");
  std::vector<Misfit> const misfits{{vault(), "it is no key"}};
  auto const news = table.judge(misfits, true);
  ASSERT_EQ(news.size(), 1U);
  EXPECT_FALSE(news[0].rolled_back);
  EXPECT_TRUE(table.judge(misfits, true).empty()) << "told once";
  EXPECT_EQ(value(), "garbage");
  EXPECT_EQ(table.views()[0].alarm, "it is no key");
  pass(30s);
  EXPECT_EQ(bring(answer("good", "2")).size(), 1U);
  EXPECT_EQ(reserve(), "-");
  EXPECT_TRUE(table.judge({}, true).empty());
  pass(30s);
  bring(answer("bad", "3"));
  EXPECT_TRUE(table.judge(misfits, true).at(0).rolled_back);
  EXPECT_EQ(value(), "good");
}

TEST_F(TableOfSecrets, AValueThatWasOfUseBeforeIsNotWhatHasChanged) {
  begin();
  pass(30s);
  bring(answer("new"));
  EXPECT_TRUE(table.judge({}, false).empty()) << "says nothing of the others";
  EXPECT_TRUE(table.judge({}, true).empty());
  std::vector<Misfit> const misfits{{vault(), "no header can have it"}};  // other settings
  EXPECT_FALSE(table.judge(misfits, true).at(0).rolled_back);
  EXPECT_EQ(value(), "new");
}

TEST_F(TableOfSecrets, OneLineEndIsNoPartOfAValueWhereverItComesFrom) {
  table.want(vault(), {}, clock.now());
  table.want(vault("other"), {}, clock.now());
  StoreAnswer both;
  both.values.emplace_back("token", base::Secret("abc\n"));
  both.values.emplace_back("other", base::Secret("a\nb\r\n"));
  EXPECT_EQ(bring(both).size(), 2U);
  EXPECT_EQ(value(), "abc");
  EXPECT_EQ(value(vault("other")), "a\nb");
  pass(30s);
  EXPECT_TRUE(bring(both).empty());
  pass(30s);
  EXPECT_TRUE(bring(answer("\n")).empty()) << "nothing is left of it";
  EXPECT_EQ(value(), "abc");
}

TEST_F(TableOfSecrets, ASignalMakesEverythingDueAlsoWhatIsBeingAsked_T60) {
  begin();
  table.hurry(clock.now());
  auto due = table.take_due(clock.now(), 10);
  ASSERT_EQ(due.size(), 1U);
  table.hurry(clock.now());  // the store may have answered just before the change
  EXPECT_TRUE(table.take_due(clock.now(), 10).empty());
  due[0].brought(answer("old"), clock.now(), clock.wall());
  EXPECT_EQ(table.take_due(clock.now(), 10).size(), 1U);
}

TEST_F(TableOfSecrets, AQuestionThatIsDroppedIsDueAgain) {
  begin();
  pass(30s);
  { auto const dropped = table.take_due(clock.now(), 10); }
  EXPECT_EQ(table.take_due(clock.now(), 10).size(), 1U);
}

TEST_F(TableOfSecrets, OneQuestionServesAllKeysOfADocumentAndAMissingKeyIsAnAlarm) {
  table.want(vault("token"), {}, clock.now());
  table.want(vault("other"), {}, clock.now());
  auto const changes = bring(answer("abc"));
  EXPECT_EQ(changes.size(), 1U);
  EXPECT_EQ(value(vault("token")), "abc");
  EXPECT_EQ(value(vault("other")), "-");
  EXPECT_EQ(table.alarm(vault("other")), "it has no text under `other`");
}

TEST_F(TableOfSecrets, HoldsAThousandAndSaysNoToOneMore) {
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(table.want(vault("k", std::to_string(i)), {}, clock.now()));
  EXPECT_FALSE(table.want(vault("k", "1000"), {}, clock.now()));
  EXPECT_TRUE(table.want(vault("k", "5"), {}, clock.now()));
  std::vector<SecretReference> const wanted{vault("k", "5")};
  table.keep_only(wanted);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_TRUE(table.want(vault("k", "1000"), {}, clock.now()));
}

TEST_F(TableOfSecrets, NobodyIsAskedForWhatIsNotWantedAnyMore) {
  begin();
  table.keep_only({});
  pass(1h);
  EXPECT_TRUE(table.take_due(clock.now(), 10).empty());
  EXPECT_EQ(table.next_event(), base::TimePoint::max());
}

TEST_F(TableOfSecrets, AnAnswerForWhatNobodyWantsAnyMoreIsDropped) {
  table.want(vault(), {}, clock.now());
  auto due = table.take_due(clock.now(), 10);
  table.keep_only({});
  EXPECT_TRUE(due[0].brought(answer("x"), clock.now(), clock.wall()).empty());
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(TableOfSecrets, KnowsWhatIsTooOld_R056_R057) {
  table.want(vault(), 90 * 24h, clock.now());
  auto const wall = clock.wall();
  auto first = answer("old");
  first.created = wall - 24h;
  bring(first);
  auto const view = table.views()[0];
  EXPECT_EQ(view.age(wall), 24h);
  EXPECT_FALSE(view.overdue(wall + 89 * 24h - 1ms));
  EXPECT_TRUE(view.overdue(wall + 89 * 24h));
}

}  // namespace
}  // namespace weir::secrets
