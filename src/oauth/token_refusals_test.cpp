// What an issuer refuses: whose refusal it is, for how long, and who waits for it.
#include <gtest/gtest.h>

#include "oauth/source_rig_test.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;
using base::Fault;
using Refused = ExchangeRig;

FakeIssuer::Reply patience(std::string seconds, int status = 429) {
  return FakeIssuer::with(FakeIssuer::json(status, ""), "retry-after", std::move(seconds));
}

TEST_F(Refused, OneCallersRefusalWithoutWordsIsNotAnothers_F09) {
  begin();
  for (auto const& reply : {FakeIssuer::json(400, "<html>no</html>"), FakeIssuer::json(401, ""),
                            FakeIssuer::json(403, "no"), patience("100")}) {
    options.server += "x";
    begin();
    issuer.answer = [&](FakeIssuer::Asked const& asked) {
      return asked.form.find("mallory") == std::string::npos ? fresh() : reply;
    };
    auto const bob = user("bob");
    for (int i = 0; i < 5; ++i) {  // over and over: still one caller
      auto const mallory = user("mallory", "t", "mallory-" + std::to_string(i));
      EXPECT_FALSE(get(&mallory));
    }
    EXPECT_TRUE(get(&bob)) << reply->status;
    EXPECT_TRUE(get(nullptr)) << reply->status;
    auto const mallory = user("mallory", "t", "mallory-0");
    auto const asked = issuer.asked.size();
    EXPECT_FALSE(get(&mallory)) << "and is remembered";
    EXPECT_EQ(issuer.asked.size(), asked);
    EXPECT_TRUE(alarms.empty());
  }
}

TEST_F(Refused, WhomTheCompanyDeniesIsDeniedAndNobodyElse_F09) {
  options.grant = Grant::id_jag;
  options.company.endpoint = *net::parse_url("https://company.test/token");
  options.company_client =
      ClientIdentity{ClientAuth::post, "weir-at-company", base::Secret("c"), nullptr, nullptr};
  options.subject_type = kIdTokenType;
  issuer.answer = [this](FakeIssuer::Asked const& asked) {
    if (asked.url != "https://company.test/token") return fresh();
    if (asked.form.find("mallory") != std::string::npos)
      return FakeIssuer::json(400, R"({"error":"access_denied","error_description":"policy says no"})");
    return FakeIssuer::json(200, R"({"access_token":"jag-1","token_type":"N_A","expires_in":300,)"
                                 R"("issued_token_type":"urn:ietf:params:oauth:token-type:id-jag"})");
  };
  begin();
  for (int i = 0; i < 5; ++i) {
    auto const mallory = user("mallory" + std::to_string(i));
    auto const got = get(&mallory);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().fault, Fault::denied);
    EXPECT_TRUE(got.error().scopes.empty());
    EXPECT_NE(got.error().hint.find("denies this caller"), std::string::npos) << got.error().hint;
  }
  auto const bob = user("bob");
  EXPECT_TRUE(get(&bob));
  EXPECT_TRUE(alarms.empty());
  auto const asked = issuer.asked.size();
  auto const mallory = user("mallory0");
  EXPECT_FALSE(get(&mallory)) << "and is remembered";
  EXPECT_EQ(issuer.asked.size(), asked);
}

TEST_F(Refused, WhatSeveralCallersHearInARowIsTheIssuersTroubleForAWhile_F09) {
  begin();
  issuer.answer = [](FakeIssuer::Asked const&) { return patience("100"); };
  for (int i = 0; i < 1000; ++i) {
    auto const one = user("user" + std::to_string(i));
    auto const got = get(&one);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().fault, Fault::throttled);
    EXPECT_GT(got.error().retry_after, 0s);
  }
  EXPECT_LE(issuer.asked.size(), 3U * 4U);
  EXPECT_TRUE(alarms.empty());
  issuer.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::json(401, ""); };
  loop.advance(10s);
  for (int i = 0; i < 3; ++i) {
    auto const one = user("later" + std::to_string(i));
    EXPECT_EQ(text(&one), "config");
  }
  EXPECT_FALSE(alarms.empty()) << "an operator should look";
  auto const bob = user("bob");
  EXPECT_EQ(text(&bob), "config");
  issuer.answer = [this](FakeIssuer::Asked const&) { return fresh(); };
  loop.advance(10s);
  EXPECT_EQ(text(&bob), "Bearer x-1");
}

TEST_F(Refused, WhatIsWrongWithTheAddressIsEverybodys_F09) {
  for (int const status : {302, 404, 405}) {
    options.server += "x";
    begin();
    issuer.answer = [status](FakeIssuer::Asked const&) { return FakeIssuer::json(status, ""); };
    auto const ann = user("ann");
    auto const bob = user("bob");
    EXPECT_EQ(text(&ann), "config");
    auto const asked = issuer.asked.size();
    EXPECT_EQ(text(&bob), "config");
    EXPECT_EQ(issuer.asked.size(), asked) << status;
    EXPECT_FALSE(alarms.empty());
  }
}

TEST_F(Refused, AnIssuerThatAsksForPatienceIsToldAtOnceAndLeftAlone) {
  options.grant = Grant::client_credentials;
  begin();
  issuer.answer = [](FakeIssuer::Asked const&) { return patience("8"); };
  auto const begun = loop.now();
  auto const first = get(nullptr, 5s);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().fault, Fault::throttled);
  EXPECT_EQ(first.error().retry_after, 8s);
  EXPECT_LE(loop.now() - begun, 100ms) << "nobody waits for what does not come in time";
  EXPECT_EQ(source->flights(), 0U) << "nor does a question";
  loop.advance(5s);
  auto const second = get(nullptr, 5s);
  ASSERT_FALSE(second);
  EXPECT_LE(second.error().retry_after, 3s) << "what is left";
  EXPECT_GT(second.error().retry_after, 2s);
  EXPECT_EQ(issuer.asked.size(), 1U);
  issuer.answer = [this](FakeIssuer::Asked const&) { return fresh(); };
  loop.advance(3s);
  EXPECT_EQ(text(nullptr), "Bearer x-1");
}

TEST_F(Refused, AShortPatienceIsHadByThoseWhoseDeadlineAllowsOnce) {
  begin();
  issuer.answer = [this](FakeIssuer::Asked const&) {
    return issuer.asked.size() == 1 ? patience("1") : fresh();
  };
  auto const ann = user("ann");
  Got hasty;
  Got patient;
  base::TaskGroup tasks(loop);
  tasks.spawn(take(*source, &ann, loop.now() + 500ms, hasty));
  tasks.spawn(take(*source, &ann, loop.now() + 5s, patient));
  loop.advance(10ms);
  ASSERT_TRUE(hasty);
  EXPECT_EQ(hasty->error().fault, Fault::throttled);
  EXPECT_FALSE(patient);
  EXPECT_EQ(source->flights(), 0U) << "who waits holds no place";
  loop.advance(1s);
  ASSERT_TRUE(patient && *patient);
  EXPECT_EQ(issuer.asked.size(), 2U);
  issuer.answer = [](FakeIssuer::Asked const&) { return patience("1"); };
  auto const bob = user("bob");
  auto const begun = loop.now();
  EXPECT_EQ(text(&bob), "throttled");
  EXPECT_LE(loop.now() - begun, 1100ms);
  EXPECT_EQ(issuer.asked.size(), 4U) << "not over and over";
}

TEST_F(Refused, ThrottledQuestionsHoldUpNobodyElses) {
  begin();
  issuer.answer = [this](FakeIssuer::Asked const& asked) {
    return asked.form.find("busy") == std::string::npos ? fresh() : patience("1");
  };
  std::vector<core::Principal> users;
  std::vector<Got> got(2 * TokenSource::kAskedAtOnce);
  for (std::size_t i = 0; i < got.size(); ++i)
    users.push_back(user("busy", "t", "busy-" + std::to_string(i)));
  base::TaskGroup tasks(loop);
  for (std::size_t i = 0; i < got.size(); ++i) tasks.spawn(take(*source, &users[i], loop.now() + 5s, got[i]));
  loop.advance(10ms);
  EXPECT_EQ(issuer.asked.size(), got.size());
  auto const ann = user("ann");
  EXPECT_TRUE(get(&ann, 100ms));
}

}  // namespace
}  // namespace weir::oauth
