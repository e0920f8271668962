#include "oauth/token_source_io.hpp"

#include <gtest/gtest.h>

#include <future>

#include "oauth/source_rig_test.hpp"
#include "oauth/token_reaper_loop.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;
using base::Fault;

using Sources = ExchangeRig;

TEST_F(Sources, ACallersTokenIsExchangedOnceAndNeverSentOn_R001) {
  begin();
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  ASSERT_EQ(issuer.asked.size(), 1U);
  EXPECT_NE(issuer.asked[0].form.find("subject_token=caller-token-of-ann&"), std::string::npos);
  EXPECT_NE(issuer.asked[0].form.find("&resource=https%3A%2F%2Fserver.test%2Fmcp"), std::string::npos);
  auto const bob = user("bob");
  EXPECT_EQ(text(&bob), "Bearer x-2");
  auto const forged = user("ann", "t", "forged.by.ann");
  EXPECT_EQ(text(&forged), "Bearer x-3");
  EXPECT_EQ(text(nullptr), "Bearer x-4");  // the gateway's own, for lists
  EXPECT_NE(issuer.asked.back().form.find("grant_type=client_credentials"), std::string::npos);
}

TEST_F(Sources, EveryQuestionAndEveryHitIsTold_R009_R010) {
  begin();
  auto const ann = user("ann");
  text(&ann);
  text(&ann);
  text(nullptr);
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(400, R"({"error":"invalid_scope"})");
  };
  auto const bob = user("bob");
  text(&bob);
  text(&bob);  // remembered: nobody is asked
  EXPECT_EQ(hits, 1);
  EXPECT_EQ(cache.stats().hits, 1U);
  EXPECT_EQ(cache.stats().misses, 3U);
  EXPECT_EQ(cache.stats().refusals, 1U);
  EXPECT_EQ(outcomes,
            (std::vector<std::string>{"token_exchange ok", "client_credentials ok", "token_exchange scope"}));
}

base::Task<OAuthResult<TokenPlace>> found(TokenPlace place) { co_return place; }

TEST_F(Sources, WhenAUserIsGoneTheIssuerIsToldWhereItSaysSo_F11) {
  TokenPlace place;
  place.endpoint = *net::parse_url("https://issuer.test/token");
  place.issuer = "https://issuer.test";
  begin([&place](base::TimePoint, bool) { return found(place); });
  auto const ann = user("ann");
  auto const bob = user("bob");
  text(&ann);
  EXPECT_EQ(cache.drop_subject(keys.subject("https://login.test", "ann")), 1U);
  loop.advance(1s);
  EXPECT_EQ(issuer.asked.size(), 1U) << "it has named no place for that";
  place.revocation = net::parse_url("https://issuer.test/revoke").value();
  EXPECT_EQ(text(&ann), "Bearer x-2");
  EXPECT_EQ(text(&bob), "Bearer x-3");
  EXPECT_EQ(cache.drop_subject(keys.subject("https://login.test", "ann")), 1U);
  loop.advance(1s);
  ASSERT_EQ(issuer.asked.size(), 4U);
  EXPECT_EQ(issuer.asked[3].url, "https://issuer.test/revoke");
  EXPECT_EQ(issuer.asked[3].form, "token=x-2&token_type_hint=access_token");
  EXPECT_NE(issuer.asked[3].field("Authorization"), "");
  EXPECT_EQ(returned, std::vector<std::string>{"done"});
}

TEST_F(Sources, WhatIsAskedForWhenAUserGoesIsNotKeptAndGoesBack_F11) {
  TokenPlace place;
  place.endpoint = *net::parse_url("https://issuer.test/token");
  place.issuer = "https://issuer.test";
  place.revocation = net::parse_url("https://issuer.test/revoke").value();
  begin([&place](base::TimePoint, bool) { return found(place); });
  issuer.takes = 1s;
  auto const ann = user("ann");
  auto const bob = user("bob");
  Got anns;
  Got bobs;
  base::TaskGroup tasks(loop);
  tasks.spawn(take(*source, &ann, loop.now() + 5s, anns));
  tasks.spawn(take(*source, &bob, loop.now() + 5s, bobs));
  loop.advance(500ms);
  EXPECT_EQ(issuer.asked.size(), 2U);
  EXPECT_EQ(cache.drop_subject(keys.subject("https://login.test", "ann")), 0U);
  loop.advance(600ms);
  EXPECT_TRUE(bobs && *bobs) << "another user";
  EXPECT_FALSE(anns) << "what came is not theirs to use";
  EXPECT_EQ(cache.size(), 1U);
  ASSERT_EQ(issuer.asked.size(), 4U);
  std::vector<std::string> forms{issuer.asked[2].form, issuer.asked[3].form};
  EXPECT_TRUE(std::count(forms.begin(), forms.end(), "token=x-1&token_type_hint=access_token")) << forms[0];
  loop.advance(1s);
  ASSERT_TRUE(anns && *anns) << "asked for anew, since the issuer still knows them";
  EXPECT_NE((**anns)->reveal(), "Bearer x-1");
  EXPECT_EQ(cache.size(), 2U);
}

TEST_F(Sources, NothingIsRememberedOfWhatWasRefusedToAUserWhoWentMeanwhile_F11) {
  begin();
  issuer.takes = 1s;
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(400, R"({"error":"invalid_grant"})");
  };
  auto const ann = user("ann");
  Got anns;
  base::TaskGroup tasks(loop);
  tasks.spawn(take(*source, &ann, loop.now() + 5s, anns));
  loop.advance(500ms);
  cache.drop_subject(keys.subject("https://login.test", "ann"));
  loop.advance(600ms);
  ASSERT_TRUE(anns);
  EXPECT_FALSE(*anns);
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(Sources, WhoHasShownNoTokenGetsNone_F14) {
  begin();
  core::Principal const key{"key:ci", "key", {}, {}, {}};
  EXPECT_EQ(text(&key), "denied");
  auto const nameless = user("");
  EXPECT_EQ(text(&nameless), "denied");
  EXPECT_TRUE(issuer.asked.empty());
}

TEST_F(Sources, TenThousandUsersThroughTheRealWayStayWithinTheCap_R012_F05_T59) {
  begin();
  std::vector<core::Principal> users;
  std::vector<Got> got(10'000);
  for (int i = 0; i < 10'000; ++i) users.push_back(user("user" + std::to_string(i)));
  issuer.takes = 20ms;
  base::TaskGroup tasks(loop);
  for (std::size_t i = 0; i < users.size();) {
    for (std::size_t wave = 0; wave < 1000; ++wave, ++i) {
      tasks.spawn(take(*source, &users[i], loop.now() + 60s, got[i]));
    }
    for (int step = 0; step < 70; ++step) {
      loop.advance(10ms);
      ASSERT_LE(cache.size(), 5000U);
    }
  }
  for (auto const& one : got) ASSERT_TRUE(one && *one);
  EXPECT_EQ(issuer.asked.size(), 10'000U);
  EXPECT_EQ(cache.size(), 5000U);
  EXPECT_EQ(source->flights(), 0U);
  TokenReaperLoop reaper(loop, cache);
  reaper.start();
  loop.advance(301s);
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(Sources, AThousandCallersOfOneTokenCostOneExchange_F04_T59) {
  begin();
  auto const ann = user("ann");
  issuer.takes = 200ms;
  std::vector<Got> got(1000);
  base::TaskGroup tasks(loop);
  auto const all = [&] {
    for (auto& one : got) {
      one.reset();
      tasks.spawn(take(*source, &ann, loop.now() + 5s, one));
    }
    loop.advance(1s);
    for (auto const& one : got) ASSERT_TRUE(one && *one);
  };
  all();
  EXPECT_EQ(issuer.asked.size(), 1U);
  loop.advance(400s);  // it is over
  all();
  EXPECT_EQ(issuer.asked.size(), 2U);
}

TEST_F(Sources, WhileAnIssuerIsAskedEverybodyElseFindsTheirTokens_R008_F06) {
  begin();
  auto const ann = user("ann");
  auto const bob = user("bob");
  EXPECT_EQ(text(&bob), "Bearer x-1");
  issuer.takes = 1s;
  Got anns;
  base::TaskGroup tasks(loop);
  tasks.spawn(take(*source, &ann, loop.now() + 5s, anns));
  loop.advance(500ms);
  ASSERT_EQ(issuer.asked.size(), 2U);
  // From another worker, since a lock that is held would stop this one. In vain if it has to wait for more.
  auto looked = std::async(std::launch::async, [this] { return cache.stats().entries; });
  bool const free = looked.wait_for(30s) == std::future_status::ready;
  if (free) {
    EXPECT_EQ(source->ready(&bob)->reveal(), "Bearer x-1");
    EXPECT_FALSE(anns);
  }
  loop.advance(1s);  // gives back whatever was held
  EXPECT_TRUE(free) << "the cache is locked while an issuer is asked";
  EXPECT_EQ(looked.get(), free ? 1U : 2U);
  EXPECT_TRUE(anns && *anns);
}

TEST_F(Sources, AnExchangeGoesOnWhenItsFirstCallerLeaves) {
  begin();
  auto const ann = user("ann");
  issuer.takes = 100ms;
  Got first;
  Got second;
  auto leaving = std::make_unique<base::TaskGroup>(loop);
  base::TaskGroup staying(loop);
  leaving->spawn(take(*source, &ann, loop.now() + 5s, first));
  staying.spawn(take(*source, &ann, loop.now() + 5s, second));
  loop.advance(50ms);
  leaving.reset();
  loop.advance(100ms);
  EXPECT_FALSE(first);
  EXPECT_TRUE(second && *second);
  EXPECT_EQ(issuer.asked.size(), 1U);
}

TEST_F(Sources, ATokenIsRenewedAheadByOneWhileTheOldOneServes) {
  begin();
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  loop.advance(260s);  // beyond 85 % of 300 s
  issuer.takes = 1s;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(source->ready(&ann)->reveal(), "Bearer x-1");
  loop.advance(2s);
  EXPECT_EQ(source->ready(&ann)->reveal(), "Bearer x-2");
  EXPECT_EQ(issuer.asked.size(), 2U);
}

TEST_F(Sources, NothingIsServedAfterItsEndWithTheIssuerDown_F02_F09_T59) {
  begin();
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  auto const end = loop.now() + 300s;
  issuer.asked.clear();
  issuer.at.clear();
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::Reply(
        base::Error(Fault::connect_failed, base::Blame::upstream, "down", base::Retry::always));
  };
  for (int i = 0; i < 5000; ++i) {
    loop.advance(100ms);
    auto const value = source->ready(&ann);
    if (loop.now() >= end) {
      ASSERT_EQ(value, nullptr);
    } else if (loop.now() < end - 1s) {
      ASSERT_NE(value, nullptr);
    }
    if (value) continue;
    EXPECT_EQ(text(&ann), "unavailable");
  }
  auto const asking = loop.now() - issuer.at.front();
  EXPECT_LE(static_cast<long>(issuer.at.size()), std::chrono::ceil<std::chrono::seconds>(asking).count());
  EXPECT_GE(issuer.at.size(), 10U);
}

TEST_F(Sources, AStepOfTheWallClockNeitherEndsATokenNorKeepsOne_F08) {
  begin();
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  auto const end = loop.now() + 300s;
  loop.step_wall(24h);
  ASSERT_NE(source->ready(&ann), nullptr);
  loop.step_wall(-48h);
  issuer.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::json(503, ""); };
  loop.advance(end - loop.now() - 1s);
  ASSERT_NE(source->ready(&ann), nullptr);
  loop.advance(1s);
  EXPECT_EQ(source->ready(&ann), nullptr);
}

TEST_F(Sources, ADeadIssuerIsLeftAloneByEverybody_F09) {
  begin();
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::Reply(
        base::Error(Fault::connect_failed, base::Blame::upstream, "down", base::Retry::always));
  };
  for (int i = 0; i < 1000; ++i) {
    auto const one = user("user" + std::to_string(i));
    EXPECT_EQ(text(&one), "unavailable");
  }
  EXPECT_LE(issuer.asked.size(), 20U);
}

TEST_F(Sources, OneCallersFaultIsNotAnothers_F09) {
  begin();
  issuer.answer = [this](FakeIssuer::Asked const& asked) {
    if (asked.form.find("mallory") == std::string::npos) return fresh();
    bool const odd = made % 2 == 0;
    return FakeIssuer::json(400, odd ? R"({"error":"invalid_request"})" : R"({"error":"invalid_grant"})");
  };
  for (int i = 0; i < 20; ++i) {
    auto const bad = user("mallory" + std::to_string(i));
    auto const good = user("good" + std::to_string(i));
    EXPECT_FALSE(get(&bad));
    EXPECT_TRUE(get(&good));
  }
  auto const mallory = user("mallory0");
  auto const asked = issuer.asked.size();
  EXPECT_FALSE(get(&mallory));  // and is remembered
  EXPECT_EQ(issuer.asked.size(), asked);
  EXPECT_TRUE(alarms.empty());
}

TEST_F(Sources, ADeadSubjectTokenAsksTheCallerToSignInAgain) {
  begin();
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(400, R"({"error":"invalid_grant"})");
  };
  auto const ann = user("ann");
  auto const got = get(&ann);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::unauthenticated);
  EXPECT_EQ(got.error().server, "github");
}

TEST_F(Sources, ATokenNeverOutlivesTheOneItWasExchangedFor) {
  begin();
  auto ann = user("ann");
  auto shown = *ann.token;
  shown.expires = loop.clock().wall() + 60s;
  ann.token = std::make_shared<core::SubjectToken const>(shown);
  EXPECT_EQ(text(&ann), "Bearer x-1");
  loop.advance(60s);
  EXPECT_EQ(source->ready(&ann), nullptr);
  EXPECT_FALSE(get(&ann));  // what would come is over already
}

// Callers are let in until the listener's leeway is over, which no issuer has to share.
TEST_F(Sources, WhoseOwnTokenHasEndedIsToldToSignInAndNobodyIsAsked) {
  begin();
  auto const ann = user("ann");
  loop.advance(1h);
  EXPECT_EQ(text(&ann), "unauthenticated");
  EXPECT_TRUE(issuer.asked.empty());
  auto const eve = user("eve");
  issuer.takes = 2s;
  loop.advance(1h - 1s);
  EXPECT_EQ(text(&eve), "unauthenticated") << "it ended while the issuer was asked";
  EXPECT_EQ(issuer.asked.size(), 1U);
}

TEST_F(Sources, AnIssuerThatGivesTheCallersTokenBackIsNotBelieved_R001_T57) {
  auto const ann = user("ann");
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(200,
                            R"({"access_token":"caller-token-of-ann","token_type":"Bearer","expires_in":60,)"
                            R"("issued_token_type":"urn:ietf:params:oauth:token-type:access_token"})");
  };
  begin();
  EXPECT_EQ(text(&ann), "config");
  EXPECT_EQ(outcomes, std::vector<std::string>{"token_exchange policy"});
  EXPECT_EQ(alarms.size(), 1U);
}

TEST_F(Sources, ATokenThatTheServerRefusesTwiceIsNotFetchedAThirdTime) {
  begin();
  auto const ann = user("ann");
  auto const first = *get(&ann);
  source->refused(&ann, first, false);
  auto const second = *get(&ann);
  EXPECT_EQ(second->reveal(), "Bearer x-2");
  source->refused(&ann, first, false);  // late: says nothing about the second
  EXPECT_EQ(text(&ann), "Bearer x-2");
  source->refused(&ann, second, true);
  EXPECT_EQ(text(&ann), "config");
  EXPECT_EQ(issuer.asked.size(), 2U);
  loop.advance(10s);
  EXPECT_EQ(text(&ann), "Bearer x-3");
}

TEST_F(Sources, TheGatewaysOwnTokenLivesAsLongAsItSays_R060) {
  options.grant = Grant::client_credentials;
  begin();
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  loop.advance(2000s);
  EXPECT_EQ(text(&ann), "Bearer x-1");
  EXPECT_EQ(issuer.asked.size(), 1U);
  EXPECT_FALSE(source->per_caller());
}

TEST_F(Sources, AnIdentityAssertionOfTheCompanyBecomesATokenOfTheServersIssuer) {
  options.grant = Grant::id_jag;
  options.company.endpoint = *net::parse_url("https://company.test/token");
  options.company_client =
      ClientIdentity{ClientAuth::post, "weir-at-company", base::Secret("c"), nullptr, nullptr};
  options.subject_type = kIdTokenType;
  issuer.answer = [](FakeIssuer::Asked const& asked) {
    if (asked.url == "https://company.test/token") {
      return FakeIssuer::json(200, R"({"access_token":"jag-1","token_type":"N_A","expires_in":300,)"
                                   R"("issued_token_type":"urn:ietf:params:oauth:token-type:id-jag"})");
    }
    return FakeIssuer::token("x-1");
  };
  begin();
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  ASSERT_EQ(issuer.asked.size(), 2U);
  EXPECT_NE(issuer.asked[0].form.find("audience=https%3A%2F%2Fissuer.test"), std::string::npos);
  EXPECT_NE(issuer.asked[0].form.find("subject_token=caller-token-of-ann"), std::string::npos);
  EXPECT_NE(
      issuer.asked[0].form.find("subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token&"),
      std::string::npos);
  EXPECT_NE(issuer.asked[1].form.find("assertion=jag-1"), std::string::npos);
  EXPECT_EQ(issuer.asked[1].form.find("caller-token"), std::string::npos);
}

TEST_F(Sources, AnIssuerThatIsFoundFirstCostsOneExchangeToo) {
  options.wanted.endpoint = {};
  options.wanted.issuer.clear();
  begin([](base::TimePoint, bool) -> base::Task<OAuthResult<TokenPlace>> {
    TokenPlace place;
    place.endpoint = *net::parse_url("https://found.test/token");
    place.issuer = "https://found.test";
    co_return place;
  });
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  ASSERT_EQ(issuer.asked.size(), 1U);
  EXPECT_EQ(issuer.asked[0].url, "https://found.test/token");
}

TEST_F(Sources, AWaitHasAnEnd) {
  begin();
  issuer.takes = 60s;
  auto const ann = user("ann");
  auto const got = get(&ann, 1s);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::timed_out);
}

}  // namespace
}  // namespace weir::oauth
