// What the gateway shows to issuers, replaced while it runs: tried at once, taken back when it is no good
// (R-059, F-30, T-60).
#include <algorithm>

#include "base/base64url.hpp"
#include "oauth/source_rig_test.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;
using core::CredentialNews;
using core::CredentialSlot;

core::CredentialFields secret(char const* text) { return {{"secret", base::Secret(text)}}; }

std::string jwt_for(std::string const& audience) {
  return base::to_base64url(R"({"alg":"none"})") + "." +
         base::to_base64url(R"({"aud":")" + audience + R"("})") + ".x";
}

struct Trials : ExchangeRig {
  std::vector<CredentialNews> news;
  std::vector<std::string> good{"old"};  // what the issuer takes
  std::string refusal = R"({"error":"invalid_client"})";
  int refused_with = 401;
  std::shared_ptr<CredentialSlot> slot;

  Trials() {
    options.grant = Grant::client_credentials;
    options.client = ClientIdentity{ClientAuth::post, "weir", {}, nullptr, nullptr};
    options.read = [](OwnCredentials own,
                      core::CredentialFields const& fields) -> base::Result<OwnCredentials> {
      for (auto const& [name, value] : fields) (name == "secret" ? own.client.secret : own.password) = value;
      return own;
    };
    issuer.answer = [this](FakeIssuer::Asked const& asked) {
      bool const known = std::any_of(good.begin(), good.end(), [&](auto const& one) {
        return asked.form.find("secret=" + one) != std::string::npos ||
               asked.form.find("password=" + one) != std::string::npos;
      });
      return known ? fresh() : FakeIssuer::json(refused_with, refusal);
    };
    use(secret("old"));
  }
  void use(core::CredentialFields fields, bool renewable = false) {
    slot = std::make_shared<CredentialSlot>(std::move(fields), renewable,
                                            [this](CredentialNews what) { news.push_back(what); });
    options.slot = slot;
  }
  void replace(char const* text) { slot->set(secret(text), 1min, loop.now()); }
  base::Task<void> replace_in(base::Duration wait, char const* text) {
    co_await loop.sleep_for(wait);
    replace(text);
  }
  bool last_asked_with(std::string const& text) const {
    return issuer.asked.back().form.find("secret=" + text) != std::string::npos;
  }
};

TEST_F(Trials, ANewSecretIsTriedWhileTheTokenAtHandServes) {
  begin();
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  good = {"new"};
  replace("new");
  issuer.takes = 2s;
  EXPECT_EQ(text(nullptr), "Bearer x-1") << "nobody waits for the trial";
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  loop.advance(3s);
  EXPECT_EQ(issuer.asked.size(), 2U) << "one trial";
  EXPECT_TRUE(last_asked_with("new"));
  EXPECT_EQ(news, std::vector{CredentialNews::good});
  EXPECT_EQ(text(nullptr), "Bearer x-2");
  loop.advance(10s);
  EXPECT_EQ(issuer.asked.size(), 2U);
}

TEST_F(Trials, ABadOneGivesWayToTheOneBeforeAndNoCallFails_F30_T60) {
  begin();
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  replace("bad");
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  loop.advance(1s);
  EXPECT_EQ(issuer.asked.size(), 3U);
  EXPECT_TRUE(last_asked_with("old"));
  EXPECT_EQ(news, std::vector{CredentialNews::bad});
  EXPECT_EQ(slot->use().fields->front().second.reveal(), "old");
  EXPECT_EQ(text(nullptr), "Bearer x-2");
  loop.advance(10s);
  EXPECT_EQ(issuer.asked.size(), 3U) << "the bad one is not tried again, and the old one needs no trial";
  EXPECT_TRUE(alarms.empty());
}

TEST_F(Trials, SoItDoesWhereNoTokenIsAtHand) {
  begin();
  replace("bad");
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  EXPECT_EQ(issuer.asked.size(), 2U);
  EXPECT_EQ(news, std::vector{CredentialNews::bad});
}

TEST_F(Trials, IssuersSayItInSeveralWays) {
  for (auto const& [status, body] :
       {std::pair{400, R"({"error":"invalid_client"})"}, std::pair{401, R"({"error":"unauthorized_client"})"},
        std::pair{401, R"({"message":"no"})"}}) {
    SCOPED_TRACE(body);
    use(secret("old"));
    options.server = "server-" + std::to_string(issuer.asked.size());
    begin();
    replace("bad");
    refused_with = status;
    refusal = body;
    EXPECT_EQ(text(nullptr).substr(0, 7), "Bearer ");
    EXPECT_EQ(news.back(), CredentialNews::bad);
  }
}

TEST_F(Trials, WhereBothAreRefusedTheNewOneStaysAndTheGatewayIsTold) {
  good.clear();
  begin();
  replace("new");
  EXPECT_EQ(text(nullptr), "config");
  EXPECT_EQ(issuer.asked.size(), 2U);
  EXPECT_TRUE(news.empty());
  EXPECT_EQ(slot->use().edition, 2U);
  EXPECT_EQ(alarms.size(), 1U);
  good = {"third"};
  replace("third");
  EXPECT_EQ(text(nullptr), "Bearer x-1") << "what was remembered of the others does not count";
}

TEST_F(Trials, AnIssuerThatIsAwaySaysNothingAboutASecret) {
  refused_with = 503;
  good.clear();
  begin();
  replace("new");
  EXPECT_EQ(text(nullptr), "unavailable");
  EXPECT_TRUE(std::all_of(issuer.asked.begin(), issuer.asked.end(), [](auto const& asked) {
    return asked.form.find("secret=new") != std::string::npos;
  }));
  EXPECT_TRUE(news.empty());
}

TEST_F(Trials, WhatIsRefusedForTheCallersSakeIsAskedOnce) {
  options.grant = Grant::exchange;
  refused_with = 400;
  refusal = R"({"error":"invalid_grant"})";
  good.clear();
  begin();
  replace("new");
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "unauthenticated");
  EXPECT_EQ(issuer.asked.size(), 1U);
}

TEST_F(Trials, APasswordIsRefusedAsAGrantIs) {
  options.grant = Grant::password;
  options.user = "robot";
  use({{"password", base::Secret("old")}});
  refused_with = 400;
  refusal = R"({"error":"invalid_grant"})";
  begin();
  slot->set({{"password", base::Secret("bad")}}, 1min, loop.now());
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  EXPECT_EQ(news, std::vector{CredentialNews::bad});
}

TEST_F(Trials, ARefusedPasswordSaysNothingOfTheNextOne) {
  options.grant = Grant::password;
  use({{"password", base::Secret("old")}});
  refused_with = 400;
  refusal = R"({"error":"invalid_grant"})";
  good.clear();
  begin();
  EXPECT_EQ(text(nullptr), "config");
  good = {"new"};
  slot->set({{"password", base::Secret("new")}}, 1min, loop.now());
  EXPECT_EQ(text(nullptr), "Bearer x-1");
}

TEST_F(Trials, AClientThatMayNotReadListsIsNoUnknownClient) {
  options.grant = Grant::exchange;
  use(secret("old"), true);
  refused_with = 400;
  refusal = R"({"error":"unauthorized_client"})";
  good.clear();
  begin();
  replace("new");
  EXPECT_EQ(text(nullptr), "config");
  EXPECT_EQ(issuer.asked.size(), 1U);
  EXPECT_TRUE(news.empty()) << "no store is asked";
}

TEST_F(Trials, ABare401MayMeanTheCallersToken) {
  options.grant = Grant::exchange;
  use(secret("old"), true);
  refusal = "";
  good.clear();
  begin();
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "config");
  EXPECT_EQ(issuer.asked.size(), 1U);
  EXPECT_TRUE(news.empty());
}

TEST_F(Trials, ABare401OnTrialIsTriedWithTheOneBefore_F30) {
  options.grant = Grant::exchange;
  use(secret("old"), true);
  refusal = "";
  begin();
  auto const ann = user("ann");
  replace("bad");
  EXPECT_EQ(text(&ann), "Bearer x-1");
  EXPECT_EQ(news, std::vector{CredentialNews::bad});
}

TEST_F(Trials, WhatIsSaidOfTheOneBeforeDoesNotHoldUpTheNewOne) {
  refused_with = 400;
  refusal = R"({"error":"invalid_request"})";
  good = {"new"};
  issuer.takes = 2s;
  begin();
  Got late;
  base::TaskGroup tasks(loop);
  tasks.spawn(take(*source, nullptr, loop.now() + 20s, late));
  loop.advance(1s);
  replace("new");
  loop.advance(2s);
  ASSERT_TRUE(late && !*late);
  EXPECT_EQ(text(nullptr), "Bearer x-1");
}

// The company is shown nothing for lists, so they prove nothing of what it would say.
TEST_F(Trials, ListsDoNotProveTheSecretAtTheCompany) {
  options.grant = Grant::id_jag;
  options.company.endpoint = *net::parse_url("https://company.test/token");
  begin();
  replace("new");
  good = {"new"};
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  EXPECT_TRUE(news.empty());
}

TEST_F(Trials, AnAssertionThatIsNoneGivesWayWithoutBeingSent) {
  options.grant = Grant::workload;
  auto const good_one = jwt_for("https://issuer.test");
  options.read = [](OwnCredentials own,
                    core::CredentialFields const& fields) -> base::Result<OwnCredentials> {
    own.assertion.text = fields.front().second;
    return own;
  };
  use({{"assertion", base::Secret(good_one)}});
  issuer.answer = [this](FakeIssuer::Asked const&) { return fresh(); };
  begin();
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  for (auto const& bad : {std::string("no token"), jwt_for("https://elsewhere.test")}) {
    slot->set({{"assertion", base::Secret(bad)}}, 1min, loop.now());
    EXPECT_EQ(text(nullptr).substr(0, 9), "Bearer x-");
    loop.advance(1s);
    EXPECT_EQ(news.back(), CredentialNews::bad);
    EXPECT_EQ(slot->use().fields->front().second.reveal(), good_one);
    EXPECT_NE(issuer.asked.back().form.find("assertion=" + good_one), std::string::npos);
  }
}

TEST_F(Trials, ARefusedSecretHasItsStoreAskedAndOneThatComesInTimeIsUsed_F28) {
  use(secret("old"), true);
  good = {"new"};
  begin();
  base::TaskGroup others(loop);
  others.spawn(replace_in(300ms, "new"));
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  ASSERT_FALSE(news.empty());
  EXPECT_EQ(news.front(), CredentialNews::refused);
  EXPECT_EQ(issuer.asked.size(), 2U);
}

TEST_F(Trials, WhereNoneComesTheRefusalIsToldAfterASecond) {
  use(secret("old"), true);
  good.clear();
  begin();
  auto const begun = loop.now();
  EXPECT_EQ(text(nullptr), "config");
  EXPECT_GE(loop.now() - begun, CredentialSlot::kPatience);
  EXPECT_LT(loop.now() - begun, CredentialSlot::kPatience + 1s);
  EXPECT_EQ(issuer.asked.size(), 1U);
}

TEST_F(Trials, ATrialThatFailsForWantOfAnIssuerIsRepeatedByTheRenewal) {
  begin();
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  replace("new");
  refused_with = 503;
  good.clear();
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  loop.advance(20s);
  auto const tried = issuer.asked.size();
  good = {"new"};
  EXPECT_EQ(text(nullptr), "Bearer x-1");
  loop.advance(1s);
  EXPECT_EQ(issuer.asked.size(), tried + 1);
  EXPECT_EQ(news, std::vector{CredentialNews::good});
}

}  // namespace
}  // namespace weir::oauth
