#include "upstream/pool_world_test.hpp"

// How the addresses of a pool are opened, compared and listened to.
namespace weir::upstream {
namespace {

struct PoolKeeping : PoolWorld {
  static base::Task<void> run_listen(core::Backend& to, std::string& into) {
    auto const end = co_await to.listen("{}", [](mcp::Message const&) {});
    into = end ? "over" : base::name_of(end.error().fault);
  }
  static base::Task<void> run_close(core::Backend& of, base::TimePoint deadline, bool& closed) {
    co_await of.close(deadline);
    closed = true;
  }
  bool ready() const { return opened && opened->has_value(); }
};

TEST_F(PoolKeeping, TheFirstAddressThatAnswersIsEnoughAndTheOthersFollow) {
  build(3);
  at(0).silent = true;
  at(1).open_takes = 3s;
  at(2).open_takes = 1s;
  open();
  EXPECT_FALSE(opened.has_value());
  loop.advance(1s);
  ASSERT_TRUE(ready());
  EXPECT_EQ((*opened)->instructions, "docs");
  EXPECT_EQ(usable(), 1);
  loop.advance(2s);
  EXPECT_EQ(usable(), 2);
  EXPECT_EQ(pool->endpoints(), 2U);
  at(0).silent = false;
  loop.advance(40s);
  EXPECT_EQ(usable(), 3);
  EXPECT_EQ(pool->status().cause, "");
}

TEST_F(PoolKeeping, WhereNoneAnswersTheErrorNamesAllAndLaterAttemptsSucceed) {
  build(2);
  at(0).dead = at(1).dead = true;
  open();
  ASSERT_TRUE(opened && !opened->has_value());
  EXPECT_EQ(opened->error().detail, "none of its 2 addresses answers: host0 (refused), host1 (refused)");
  EXPECT_EQ(opened->error().server, "s");
  EXPECT_EQ(pool->status().state, core::ServerState::failed);
  at(1).dead = false;
  open();
  EXPECT_TRUE(ready());
  EXPECT_EQ(usable(), 1);
}

TEST_F(PoolKeeping, ADeadAddressIsTriedAgainWithGrowingPausesAndComesBack) {
  build(2);
  at(1).dead = true;
  open();
  EXPECT_TRUE(ready());
  loop.advance(5min);
  EXPECT_GE(at(1).opens, 10);
  EXPECT_LE(at(1).opens, 18) << "1, 2, 4, 8, 16 s, then every 30";
  at(1).dead = false;
  loop.advance(36s);
  EXPECT_EQ(usable(), 2);
}

TEST_F(PoolKeeping, ABackendThatSaysItsServerIsGoneGetsNoCallsUntilItIsOpenedAnew) {
  build(2);
  open();
  loop.advance(1s);
  at(0).state = core::ServerState::failed;
  at(0).dead = true;
  at(0).observer.state_changed("s");
  loop.advance(0s);
  EXPECT_EQ(usable(), 1);
  EXPECT_EQ(ejections(), 1);
  at(0).dead = false;
  at(0).state = core::ServerState::ready;
  at(0).observer.state_changed("s");
  loop.advance(0s);
  EXPECT_EQ(usable(), 2);
  EXPECT_EQ(states, (std::vector{core::ServerState::ready})) << "the pool was ready all the time";
}

TEST_F(PoolKeeping, AnotherServerAmongTheAddressesIsLeftOutAndNamed) {
  build(3);
  at(0).server = "wiki";
  at(1).open_takes = at(2).open_takes = 1s;
  open();
  EXPECT_EQ((*opened)->instructions, "wiki") << "it was first";
  loop.advance(1s);
  EXPECT_EQ(eras_changed, 1) << "the catalogue is to ask again";
  open();
  EXPECT_EQ((*opened)->instructions, "docs");
  EXPECT_EQ(usable(), 2);
  EXPECT_EQ(pool->status().cause,
            "1 of 3 addresses get no calls: host0 (is another server, 2026-07-28 wiki)");
  at(1).dead = at(2).dead = true;
  EXPECT_EQ(call()->fault(), "connect_failed") << "it does not stand in for them";
  EXPECT_EQ(at(0).executed, 0);
  at(0).server = "docs";
  loop.advance(80s);
  EXPECT_TRUE(call()->well());
}

TEST_F(PoolKeeping, AnUpdateToTheNextRevisionMovesThePoolOnceMostHaveIt) {
  build(3);
  for (auto const& replica : replicas) replica->revision = mcp::kNewestLegacy;
  open();
  loop.advance(1s);
  for (unsigned i = 0; i < 3; ++i) {
    at(i).revision = mcp::kNewest;
    at(i).observer.era_changed("s");
    loop.advance(0s);
    EXPECT_EQ(usable(), i == 0 ? 2 : i + 1);
    EXPECT_EQ(eras_changed, i == 0 ? 0 : 1);
  }
  open();
  EXPECT_EQ((*opened)->revision, mcp::kNewest);
}

TEST_F(PoolKeeping, TheNextRevisionTakesOverWhereNobodyElseIsLeft) {
  build(2);
  for (auto const& replica : replicas) replica->revision = mcp::kNewestLegacy;
  open();
  loop.advance(1s);
  at(1).revision = mcp::kNewest;
  at(1).observer.era_changed("s");
  loop.advance(0s);
  EXPECT_EQ(usable(), 1);
  at(0).dead = true;
  call();
  EXPECT_EQ(eras_changed, 1);
  EXPECT_TRUE(call()->well());
  EXPECT_EQ(at(1).executed, 1);
}

TEST_F(PoolKeeping, QuestionsGoToTheLeadAndToAnotherWhenItIsDead) {
  build(3);
  open();
  loop.advance(1s);
  EXPECT_EQ(ask(), "answered");
  EXPECT_EQ(at(0).asked, 1);
  int const before = missed;
  at(0).dead = true;
  EXPECT_EQ(ask(), "answered");
  EXPECT_EQ(at(0).asked + at(1).asked + at(2).asked, 3);
  EXPECT_EQ(lists_changed, 3) << "what was said meanwhile was heard by nobody";
  EXPECT_EQ(missed, before + 1);
}

TEST_F(PoolKeeping, ALeadThatDoesNotAnswerQuestionsIsReplaced) {
  build(2);
  open();
  loop.advance(1s);
  at(0).silent = true;
  EXPECT_EQ(ask(1s), "dropped") << "too early to blame it";
  EXPECT_EQ(usable(), 2);
  EXPECT_EQ(ask(2s), "dropped");
  EXPECT_EQ(usable(), 1);
  EXPECT_EQ(ask(1s), "answered");
}

TEST_F(PoolKeeping, ASubscriptionEndsWhenTheLeadMoves) {
  build(2);
  open();
  loop.advance(1s);
  std::string end;
  tasks.spawn(run_listen(*pool, end));
  loop.advance(0s);
  EXPECT_EQ(at(0).listened, 1);
  at(0).dead = true;
  for (int i = 0; i < 4; ++i) call();
  EXPECT_EQ(ejections(), 1);
  loop.advance(0s);
  EXPECT_EQ(end, "connection_lost");
  tasks.spawn(run_listen(*pool, end));
  loop.advance(0s);
  EXPECT_EQ(at(1).listened, 1);
}

TEST_F(PoolKeeping, ALeadThatLeavesASubscriptionWithoutAnswerIsReplaced) {
  build(2);
  open();
  loop.advance(1s);
  std::string end;
  {
    base::TaskGroup patient(loop);
    patient.spawn(run_listen(*pool, end));
    loop.advance(2s);
  }
  loop.advance(0s);
  EXPECT_EQ(usable(), 1);
  tasks.spawn(run_listen(*pool, end));
  loop.advance(0s);
  EXPECT_EQ(at(1).listened, 1);
  at(1).acknowledges = true;
  {
    base::TaskGroup patient(loop);
    patient.spawn(run_listen(*pool, end));
    loop.advance(1h);
  }
  loop.advance(0s);
  EXPECT_EQ(at(1).listened, 2);
  EXPECT_EQ(ejections(), 1) << "one that was heard and is not wanted any more says nothing";
}

TEST_F(PoolKeeping, UpdatesAreHeardFromAllAndGapsFromTheLead) {
  build(2);
  open();
  loop.advance(1s);
  int const before = missed;
  for (auto const& replica : replicas) {
    replica->resources->resource_updated("res://1");
    replica->resources->resources_missed();
    replica->observer.list_changed("s", mcp::Method::tools_list);
  }
  EXPECT_EQ(updated.size(), 2U);
  EXPECT_EQ(missed, before + 1);
  EXPECT_EQ(lists_changed, 1);
}

TEST_F(PoolKeeping, ClosingClosesAllAtTheSameTimeAndTakesTheGaugeBack) {
  build(3);
  open();
  loop.advance(1s);
  EXPECT_EQ(usable(), 3);
  bool closed = false;
  tasks.spawn(run_close(*pool, loop.now() + 10s, closed));
  loop.advance(1s);
  EXPECT_TRUE(closed);
  for (auto const& replica : replicas) EXPECT_TRUE(replica->closed);
  EXPECT_EQ(usable(), 0);
  EXPECT_EQ(pool->status().state, core::ServerState::stopped);
  int const opens = at(0).opens;
  at(0).dead = true;
  call();
  loop.advance(10min);
  EXPECT_EQ(at(0).opens, opens);
}

}  // namespace
}  // namespace weir::upstream
