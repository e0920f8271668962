#include "upstream/pool_backend.hpp"

#include "upstream/pool_world_test.hpp"

// Where calls go, and what becomes of those whose address fails them.
namespace weir::upstream {
namespace {

struct PoolCalls : PoolWorld {
  void start(unsigned count, PoolOptions options = {}) {
    build(count, options);
    open();
    loop.advance(1s);
    ASSERT_TRUE(opened && opened->has_value());
  }
  int executed() const {
    int sum = 0;
    for (auto const& replica : replicas) sum += replica->executed;
    return sum;
  }
};

TEST_F(PoolCalls, AreSpreadByWhatIsInFlight) {
  start(3);
  for (auto const& replica : replicas) replica->takes = 1s;
  std::vector<std::shared_ptr<Asking>> asking;
  for (int i = 0; i < 9; ++i) asking.push_back(call());
  for (auto const& replica : replicas) EXPECT_EQ(replica->inside, 3);
  loop.advance(1s);
  for (auto const& one : asking) EXPECT_TRUE(one->well());
}

TEST_F(PoolCalls, ACallThatCouldNotBeSentIsTriedElsewhereWithinTheCall) {
  start(3);
  at(0).dead = at(2).dead = true;
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(call()->well());
  EXPECT_EQ(at(1).executed, 6);
  EXPECT_EQ(usable(), 1);
  EXPECT_EQ(ejections(), 2);
  EXPECT_EQ(pool->endpoints(), 1U);
}

TEST_F(PoolCalls, WhatWasSentIsNeverSentAgain) {  // T-03
  start(2);
  for (auto const fault : {base::Fault::connection_lost, base::Fault::protocol, base::Fault::unavailable}) {
    int const before = executed();
    for (auto const& replica : replicas)
      replica->broken = base::Error(fault, base::Blame::upstream, "x", base::Retry::if_idempotent);
    EXPECT_EQ(call()->fault(), base::name_of(fault));
    EXPECT_EQ(executed(), before + 1);
  }
}

TEST_F(PoolCalls, ALateAnswerIsNotAskedForElsewhereEither) {  // T-03
  start(2);
  at(0).silent = at(1).silent = true;
  auto const asking = call();
  loop.advance(5s);
  EXPECT_EQ(asking->fault(), "waiting");
  EXPECT_EQ(executed(), 1);
}

TEST_F(PoolCalls, AllDeadGivesOneClearErrorAtOnce) {
  start(3);
  for (auto const& replica : replicas) replica->dead = true;
  auto const asking = call();
  ASSERT_EQ(asking->fault(), "connect_failed");
  EXPECT_EQ(asking->answer->error().detail, "none of its 3 addresses can be reached; the last: refused");
  EXPECT_EQ(pool->status().state, core::ServerState::failed);
  EXPECT_EQ(states.back(), core::ServerState::failed);
  EXPECT_EQ(call()->fault(), "connect_failed") << "all are tried, because all look bad";
  at(1).dead = false;
  EXPECT_TRUE(call()->well());
}

TEST_F(PoolCalls, FiveTimeoutsEjectAnAddressAndFourDoNot) {
  start(2);
  at(1).silent = true;
  for (int failures = 0; failures < 5;) {
    EXPECT_EQ(usable(), 2) << failures;
    auto const asking = call();
    if (asking->answer) continue;
    ++failures;
    loop.advance(5s);
  }
  EXPECT_EQ(usable(), 1);
  EXPECT_EQ(ejections(), 1);
  EXPECT_EQ(pool->status().state, core::ServerState::ready);
  EXPECT_EQ(pool->status().cause, "1 of 2 addresses get no calls: host1 (no answer in time)");
}

TEST_F(PoolCalls, ThatAreDroppedBeforeTheirDeadlineSayNothing) {  // T-10
  start(2);
  at(1).silent = true;
  for (int i = 0; i < 100; ++i) {
    auto const asking = call();
    loop.advance(4s);
    asking->task->cancel();
  }
  EXPECT_EQ(usable(), 2);
  for (auto const& replica : replicas) EXPECT_EQ(replica->inside, 0);
  at(1).silent = false;
  at(0).takes = at(1).takes = 1s;
  std::vector<std::shared_ptr<Asking>> asking;
  for (int i = 0; i < 10; ++i) asking.push_back(call());
  EXPECT_EQ(at(0).inside, 5) << "no mark of a dropped call is left";
}

TEST_F(PoolCalls, AnEjectedAddressIsOpenedAnewAndThenReturnsByOneProbe) {  // F-45
  start(2);
  at(1).silent = true;
  for (int i = 0; i < 20 && ejections() == 0; ++i) {
    auto const asking = call();
    loop.advance(5s);
  }
  int const before = at(1).executed;
  int const opens = at(1).opens;
  loop.advance(60s);
  EXPECT_GT(at(1).opens, opens);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(call()->well());
  EXPECT_EQ(at(1).executed, before) << "no client's call is spent on one that does not even open";
  at(1).silent = false;
  loop.advance(60s);
  at(1).takes = 1s;
  auto const probe = call();
  EXPECT_EQ(at(1).inside, 1);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(call()->well());
  EXPECT_EQ(at(1).executed, before + 1);
  EXPECT_EQ(usable(), 1);
  loop.advance(1s);
  EXPECT_TRUE(probe->well());
  EXPECT_EQ(usable(), 2);
  EXPECT_EQ(pool->status().cause, "");
}

TEST_F(PoolCalls, OfOneLegacySessionStayTogether) {
  start(3);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(call("one")->well());
  std::multiset<int> counts;
  for (auto const& replica : replicas) counts.insert(replica->executed);
  EXPECT_EQ(counts, (std::multiset{0, 0, 30}));
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(call("session " + std::to_string(i))->well());
  for (auto const& replica : replicas) EXPECT_GE(replica->executed, 10) << "others are spread";
}

TEST_F(PoolCalls, OfASessionWhoseAddressDiesGoToAnotherAndStayThere) {
  start(2);
  call("one");
  unsigned const holder = at(0).executed == 1 ? 0 : 1;
  at(holder).dead = true;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(call("one")->well());
  at(holder).dead = false;
  loop.advance(10s);
  EXPECT_EQ(usable(), 2);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(call("one")->well());
  EXPECT_EQ(at(1 - holder).executed, 10);
  pool->session_ended("one");
  for (auto const& replica : replicas) EXPECT_TRUE(replica->ended.contains("one"));
}

TEST_F(PoolCalls, ThatAnAddressDoesNotGetDoNotKeepItFromANewCredential_R011) {
  start(2);
  at(1).dead = true;
  call("one");
  pool->credential_changed();
  for (auto const& replica : replicas) EXPECT_EQ(replica->credentials, 1);
}

TEST_F(PoolCalls, OfMoreSessionsThanAreRememberedStayTogetherByHash) {
  PoolOptions options;
  options.sessions_max = 2;
  start(3, options);
  for (auto const* session : {"one", "two", "three", "four", "five"}) {
    std::multiset<int> counts;
    std::vector<int> before;
    for (auto const& replica : replicas) before.push_back(replica->executed);
    for (int i = 0; i < 4; ++i) call(session);
    for (unsigned i = 0; i < 3; ++i) counts.insert(at(i).executed - before[i]);
    EXPECT_EQ(counts, (std::multiset{0, 0, 4})) << session;
  }
}

TEST_F(PoolCalls, GoToAnotherAddressWhileOneAsksForAPause) {
  start(2);
  at(0).broken = base::Error(base::Fault::throttled, base::Blame::upstream, "429").again_in(10s);
  for (int i = 0; i < 10; ++i) call();
  EXPECT_EQ(at(0).executed, 1);
  EXPECT_EQ(usable(), 2) << "it is well";
  loop.advance(10s);
  for (int i = 0; i < 2; ++i) call();
  EXPECT_EQ(at(0).executed, 2);
}

TEST_F(PoolCalls, ThatTheServerRefusesEjectNobody) {  // F-45
  start(2);
  for (auto const& replica : replicas)
    replica->broken = base::Error(base::Fault::refused, base::Blame::upstream, "HTTP 400");
  for (int i = 0; i < 1000; ++i) call();
  EXPECT_EQ(usable(), 2);
  EXPECT_EQ(ejections(), 0);
}

TEST_F(PoolCalls, BeforeAnAddressIsConnectedSayThatItStarts) {
  build(2);
  EXPECT_EQ(call()->fault(), "starting");
  EXPECT_EQ(pool->status().state, core::ServerState::starting);
}

}  // namespace
}  // namespace weir::upstream
