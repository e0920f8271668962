#include "upstream/endpoint_choice.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/outcome.hpp"

namespace weir::upstream {
namespace {

using namespace std::chrono_literals;
using base::Blame;
using base::Error;
using base::Fault;
using base::Retry;
using Verdict = EndpointVerdict;

struct Addresses {
  explicit Addresses(unsigned count, Balance balance = Balance::least_inflight)
      : choice(labels(count), with(balance), random) {
    for (unsigned i = 0; i < count; ++i) choice.opened(i);
  }
  static std::vector<std::string> labels(unsigned count) {
    std::vector<std::string> made;
    for (unsigned i = 0; i < count; ++i) made.push_back("host" + std::to_string(i) + ":80");
    return made;
  }
  static EndpointChoiceOptions with(Balance balance) {
    EndpointChoiceOptions options;
    options.balance = balance;
    return options;
  }
  EndpointChoice::Pick pick(std::string_view key = {}, std::optional<unsigned> holder = {}) {
    EndpointChoice::Wanted wanted;
    wanted.key = key;
    wanted.holder = holder;
    auto const picked = choice.pick(wanted, now);
    EXPECT_TRUE(picked.has_value());
    return picked.value_or(EndpointChoice::Pick{});
  }
  bool over(EndpointChoice::Pick const& pick, Verdict verdict, base::Duration retry_after = {}) {
    return choice.over(pick, verdict, retry_after, now);
  }
  // One call to `to`, whatever the balance says.
  bool call(unsigned to, Verdict verdict) { return over(pick({}, to), verdict); }
  bool fail_in_a_row(unsigned to, int times) {
    bool out = false;
    for (int i = 0; i < times; ++i) out = call(to, Verdict::bad);
    return out;
  }
  std::map<unsigned, int> spread(int calls) {
    std::map<unsigned, int> got;
    for (int i = 0; i < calls; ++i) {
      auto const picked = pick();
      ++got[picked.endpoint];
      over(picked, Verdict::good);
    }
    return got;
  }
  base::SeededRandom random{7};
  base::TimePoint now{100s};
  EndpointChoice choice;
};

TEST(EndpointChoice, TheOneWithTheFewestCallsInFlightGetsTheNext) {
  Addresses of(3);
  auto const a = of.pick(), b = of.pick(), c = of.pick();
  EXPECT_EQ((std::set{a.endpoint, b.endpoint, c.endpoint}).size(), 3U);
  of.over(b, Verdict::good);
  EXPECT_EQ(of.pick().endpoint, b.endpoint);
}

TEST(EndpointChoice, EqualLoadIsServedInTurn) {
  Addresses of(3);
  EXPECT_EQ(of.spread(9), (std::map<unsigned, int>{{0, 3}, {1, 3}, {2, 3}}));
}

TEST(EndpointChoice, RoundRobinDoesNotLookAtLoad) {
  Addresses of(2, Balance::round_robin);
  for (unsigned i = 0; i < 6; ++i) {
    auto const picked = of.pick();
    EXPECT_EQ(picked.endpoint, i % 2);
    if (picked.endpoint == 0) of.over(picked, Verdict::good);
  }
  EXPECT_EQ(of.choice.in_flight(1), 3U);
}

TEST(EndpointChoice, ACallerStaysWhereItsHashLeadsAndOnlyCallersOfALostAddressMove) {
  Addresses of(4, Balance::hash_principal);
  std::map<std::string, unsigned> first;
  std::map<unsigned, int> share;
  for (int i = 0; i < 400; ++i) {
    auto const key = "key:" + std::to_string(i);
    auto const picked = of.pick(key);
    first[key] = picked.endpoint;
    ++share[picked.endpoint];
    of.over(picked, Verdict::good);
  }
  for (auto const& [endpoint, callers] : share) EXPECT_NEAR(callers, 100, 40) << endpoint;
  of.choice.closed(2);
  for (auto const& [key, endpoint] : first) {
    auto const picked = of.pick(key);
    if (endpoint == 2) {
      EXPECT_NE(picked.endpoint, 2U);
    } else {
      EXPECT_EQ(picked.endpoint, endpoint);
    }
    of.over(picked, Verdict::good);
  }
}

TEST(EndpointChoice, AnAddressThatCannotBeReachedIsOutUntilItIsOpenedAnew) {
  Addresses of(3);
  EXPECT_TRUE(of.call(1, Verdict::unreachable));
  EXPECT_EQ(of.spread(10).count(1), 0U);
  of.now += 1h;
  EXPECT_EQ(of.spread(10).count(1), 0U);
  of.choice.opened(1);
  EXPECT_GT(of.spread(10)[1], 0);
}

TEST(EndpointChoice, FiveFailuresInARowEjectAndFourDoNot) {
  Addresses of(3);
  EXPECT_FALSE(of.fail_in_a_row(1, 4));
  of.call(1, Verdict::good);
  EXPECT_FALSE(of.fail_in_a_row(1, 4));
  EXPECT_EQ(of.choice.count_in_use(), 3U);
  EXPECT_TRUE(of.call(1, Verdict::bad));
  EXPECT_TRUE(of.choice.is_ejected(1));
  EXPECT_EQ(of.spread(10).count(1), 0U);
}

TEST(EndpointChoice, ClearlyMoreFailuresThanTheOthersEject) {  // F-45
  Addresses of(2);
  bool out = false;
  for (int i = 0; i < 20 && !out; ++i) {
    of.call(0, Verdict::good);
    out = of.call(1, i % 2 == 0 ? Verdict::bad : Verdict::good);
  }
  EXPECT_TRUE(out) << "every second call fails, never five in a row";
}

TEST(EndpointChoice, AFailureRateThatAllHaveEjectsNobody) {
  Addresses of(2);
  for (int i = 0; i < 100; ++i) {
    auto const verdict = i % 2 == 0 ? Verdict::bad : Verdict::good;
    EXPECT_FALSE(of.call(0, verdict));
    EXPECT_FALSE(of.call(1, verdict));
  }
}

TEST(EndpointChoice, TooFewCallsSayNothingOfARate) {
  Addresses of(2);
  for (int i = 0; i < 9; ++i) of.call(0, Verdict::good);
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(of.call(1, i % 2 == 0 ? Verdict::bad : Verdict::good));
  of.call(0, Verdict::good);
  EXPECT_TRUE(of.call(1, Verdict::bad)) << "the tenth of each";
}

TEST(EndpointChoice, FailuresOfElevenSecondsAgoAreForgotten) {
  Addresses of(2);
  for (int i = 0; i < 12; ++i) of.call(0, Verdict::good);
  for (int i = 0; i < 9; ++i) of.call(1, i % 2 == 0 ? Verdict::bad : Verdict::good);
  of.now += 11s;
  for (int i = 0; i < 12; ++i) of.call(0, Verdict::good);
  EXPECT_FALSE(of.call(1, Verdict::bad));
}

TEST(EndpointChoice, AtMostHalfAreEjectedAndNeverAll) {
  for (unsigned count = 1; count <= 5; ++count) {
    Addresses of(count);
    for (unsigned i = 0; i < count; ++i) of.fail_in_a_row(i, 20);
    EXPECT_EQ(of.choice.count_in_use(), count - count / 2) << count;
  }
}

TEST(EndpointChoice, ADeadAddressDoesNotProtectABadOne) {
  Addresses of(3);
  of.call(0, Verdict::unreachable);
  EXPECT_TRUE(of.fail_in_a_row(1, 5));
  EXPECT_EQ(of.spread(4), (std::map<unsigned, int>{{2, 4}}));
}

TEST(EndpointChoice, WhereAllLookBadAllAreUsed) {
  Addresses of(3);
  for (unsigned i = 0; i < 3; ++i) of.fail_in_a_row(i, 5);
  EXPECT_EQ(of.choice.count_in_use(), 2U);
  std::set<unsigned> used;
  for (int i = 0; i < 9; ++i) {
    auto const picked = of.pick();
    used.insert(picked.endpoint);
    of.over(picked, Verdict::bad);
  }
  EXPECT_EQ(used.size(), 3U);
  Addresses dead(2);
  for (unsigned i = 0; i < 2; ++i) dead.call(i, Verdict::unreachable);
  EXPECT_EQ(dead.spread(4), (std::map<unsigned, int>{{0, 2}, {1, 2}}));
}

TEST(EndpointChoice, AfterItsTimeOneCallIsTheProbeAndTheOthersGoElsewhere) {  // F-45
  Addresses of(3);
  of.fail_in_a_row(1, 5);
  of.now += 30s;
  EXPECT_EQ(of.spread(6).count(1), 0U) << "it was not opened anew";
  of.choice.opened(1);
  auto const probe = of.pick();
  EXPECT_EQ(probe.endpoint, 1U);
  EXPECT_TRUE(probe.probe);
  for (int i = 0; i < 10'000; ++i) {
    auto const other = of.pick();
    ASSERT_NE(other.endpoint, 1U);
    of.over(other, Verdict::good);
  }
  of.over(probe, Verdict::good);
  EXPECT_FALSE(of.choice.is_ejected(1));
  EXPECT_GT(of.spread(6)[1], 1);
}

TEST(EndpointChoice, BeforeItsTimeThereIsNoProbe) {
  Addresses of(2);
  of.fail_in_a_row(1, 5);
  of.choice.opened(1);
  of.now = of.choice.out_until(1) - 1ns;
  EXPECT_FALSE(of.pick().probe);
  of.now += 1ns;
  EXPECT_TRUE(of.pick().probe);
}

TEST(EndpointChoice, AProbeThatIsDroppedGivesItsPlaceBack) {
  Addresses of(2);
  of.fail_in_a_row(1, 5);
  of.now += 30s;
  of.choice.opened(1);
  auto const probe = of.pick();
  EXPECT_FALSE(of.over(probe, Verdict::none));
  EXPECT_TRUE(of.choice.is_ejected(1));
  EXPECT_TRUE(of.pick().probe);
}

TEST(EndpointChoice, EachEjectionIsLongerUpToFiveMinutes) {
  Addresses of(2);
  of.fail_in_a_row(1, 5);
  for (int times = 1; times <= 15; ++times) {
    auto const whole = std::min<base::Duration>(30s * times, 5min);
    auto const out = of.choice.out_until(1) - of.now;
    EXPECT_LE(out, whole);
    EXPECT_GE(out, whole * 4 / 5);
    of.now = of.choice.out_until(1);
    of.choice.opened(1);
    auto const probe = of.pick();
    ASSERT_TRUE(probe.probe);
    EXPECT_TRUE(of.over(probe, Verdict::bad)) << "one failure is enough";
  }
}

TEST(EndpointChoice, FiveGoodMinutesClearTheRecordAndLessDoNot) {
  for (bool const cleared : {false, true}) {
    Addresses of(2);
    of.fail_in_a_row(1, 5);
    of.now = of.choice.out_until(1);
    of.choice.opened(1);
    of.over(of.pick(), Verdict::good);
    of.now += 5min - (cleared ? 0s : 1s);
    ASSERT_TRUE(of.fail_in_a_row(1, 5));
    auto const out = of.choice.out_until(1) - of.now;
    EXPECT_EQ(out <= 30s, cleared) << std::chrono::duration_cast<std::chrono::seconds>(out).count();
  }
}

TEST(EndpointChoice, WhatBeganBeforeAnEjectionChangesNothingAfterIt) {  // F-45
  Addresses of(2);
  std::vector<EndpointChoice::Pick> early;
  for (int i = 0; i < 20; ++i) early.push_back(of.pick({}, 1));
  for (int i = 0; i < 5; ++i) of.over(early[static_cast<std::size_t>(i)], Verdict::bad);
  auto const until = of.choice.out_until(1);
  EXPECT_FALSE(of.over(early[5], Verdict::good));
  EXPECT_TRUE(of.choice.is_ejected(1));
  EXPECT_FALSE(of.over(early[6], Verdict::bad));
  EXPECT_EQ(of.choice.out_until(1), until);
  of.now = until;
  of.choice.opened(1);
  of.over(of.pick(), Verdict::good);
  for (std::size_t i = 7; i < 20; ++i) EXPECT_FALSE(of.over(early[i], Verdict::bad));
  EXPECT_FALSE(of.choice.is_ejected(1));
  EXPECT_EQ(of.choice.in_flight(1), 0U);
}

TEST(EndpointChoice, OneThatAsksForAPauseGetsNothingUntilThenUnlessAllDo) {
  Addresses of(2);
  EXPECT_FALSE(of.over(of.pick({}, 0), Verdict::throttled, 10s));
  EXPECT_EQ(of.spread(6).count(0), 0U);
  of.over(of.pick({}, 1), Verdict::throttled, 20s);
  EXPECT_EQ(of.spread(6), (std::map<unsigned, int>{{0, 3}, {1, 3}}));
  of.now += 10s;
  EXPECT_EQ(of.spread(6).count(1), 0U);
}

TEST(EndpointChoice, APauseIsFiveMinutesAtMost) {
  Addresses of(2);
  of.over(of.pick({}, 0), Verdict::throttled, 100h);
  of.now += 5min - 1ns;
  EXPECT_EQ(of.spread(6).count(0), 0U);
  of.now += 1ns;
  EXPECT_GT(of.spread(6)[0], 0);
}

TEST(EndpointChoice, AHolderIsKeptWhileItIsInUse) {
  Addresses of(2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(of.pick({}, 1).endpoint, 1U) << "though it is busier";
  of.choice.closed(1);
  EXPECT_EQ(of.pick({}, 1).endpoint, 0U);
}

TEST(EndpointChoice, WhatWasTriedIsNotTriedAgain) {
  Addresses of(3);
  std::vector<unsigned> tried;
  EndpointChoice::Wanted wanted;
  for (int i = 0; i < 3; ++i) {
    wanted.tried = tried;
    auto const picked = of.choice.pick(wanted, of.now);
    ASSERT_TRUE(picked.has_value());
    of.over(*picked, Verdict::unreachable);
    tried.push_back(picked->endpoint);
  }
  EXPECT_EQ(std::set(tried.begin(), tried.end()).size(), 3U);
  wanted.tried = tried;
  EXPECT_FALSE(of.choice.pick(wanted, of.now).has_value());
}

TEST(EndpointChoice, AnotherServerGetsNothingEvenWhereAllLookBad) {
  Addresses of(2);
  of.choice.set_odd(1, true);
  of.call(0, Verdict::unreachable);
  EXPECT_EQ(of.spread(4), (std::map<unsigned, int>{{0, 4}}));
}

Verdict of_error(Fault fault, Blame blame, Retry retry = Retry::never, base::Duration again = {}) {
  return verdict_of(Error(fault, blame, "x", retry).again_in(again));
}

TEST(EndpointVerdict, FailuresAreTheServersOwnAndNothingElse) {  // F-45, F-46
  EXPECT_EQ(of_error(Fault::connect_failed, Blame::upstream, Retry::always), Verdict::unreachable);
  EXPECT_EQ(of_error(Fault::timed_out, Blame::upstream, Retry::always), Verdict::unreachable);
  EXPECT_EQ(of_error(Fault::timed_out, Blame::upstream, Retry::if_idempotent), Verdict::bad);
  EXPECT_EQ(of_error(Fault::connection_lost, Blame::upstream), Verdict::bad);
  EXPECT_EQ(of_error(Fault::protocol, Blame::upstream), Verdict::bad);
  EXPECT_EQ(of_error(Fault::unavailable, Blame::upstream), Verdict::bad);
  EXPECT_EQ(of_error(Fault::throttled, Blame::upstream), Verdict::bad);
  EXPECT_EQ(of_error(Fault::throttled, Blame::upstream, Retry::never, 1s), Verdict::throttled);
  EXPECT_EQ(of_error(Fault::refused, Blame::upstream), Verdict::good) << "4xx";
  EXPECT_EQ(of_error(Fault::unavailable, Blame::gateway, Retry::always), Verdict::none) << "401, 403";
  EXPECT_EQ(of_error(Fault::timed_out, Blame::gateway, Retry::always), Verdict::none) << "its issuer";
  EXPECT_EQ(of_error(Fault::throttled, Blame::gateway, Retry::never, 1s), Verdict::none) << "its issuer";
  EXPECT_EQ(of_error(Fault::protocol, Blame::gateway, Retry::always), Verdict::none) << "another version";
  EXPECT_EQ(of_error(Fault::connection_lost, Blame::client), Verdict::none);
  for (auto const fault : {Fault::busy, Fault::limited, Fault::starting, Fault::breaker_open, Fault::denied,
                           Fault::cancelled, Fault::internal, Fault::not_found})
    EXPECT_EQ(of_error(fault, Blame::gateway), Verdict::none) << base::name_of(fault);
}

TEST(EndpointVerdict, OfErrorsThatAServerReportsOnlyItsInternalOneIsAFailure) {
  EXPECT_EQ(verdict_of(base::Result<core::Outcome>(core::from_error(-32603, "broken"))), Verdict::bad);
  EXPECT_EQ(verdict_of(base::Result<core::Outcome>(core::from_error(-32602, "no"))), Verdict::good);
  EXPECT_EQ(verdict_of(base::Result<core::Outcome>(core::from_result(R"({"isError":true})"))), Verdict::good);
}

TEST(EndpointVerdict, OnlyWhatWasNeverSentMayGoElsewhereAtOnce) {  // T-03
  EXPECT_TRUE(never_sent(Error(Fault::connect_failed, Blame::upstream, "x", Retry::always)));
  EXPECT_TRUE(never_sent(Error(Fault::connect_failed, Blame::upstream, "its certificate has expired")));
  EXPECT_TRUE(never_sent(Error(Fault::starting, Blame::upstream, "x", Retry::always)));
  EXPECT_FALSE(never_sent(Error(Fault::timed_out, Blame::upstream, "x", Retry::if_idempotent)));
  EXPECT_FALSE(never_sent(Error(Fault::connection_lost, Blame::upstream, "x", Retry::if_idempotent)));
  EXPECT_FALSE(never_sent(Error(Fault::unavailable, Blame::gateway, "401", Retry::always)));
}

}  // namespace
}  // namespace weir::upstream
