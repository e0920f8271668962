#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/base64url.hpp"
#include "oauth/source_rig_test.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

base::Task<OAuthResult<TokenPlace>> found(OAuthResult<TokenPlace> place) { co_return place; }

TokenPlace place_at(std::string const& issuer, std::vector<std::string> issuers) {
  TokenPlace place;
  place.endpoint = *net::parse_url(issuer + "/token");
  place.issuer = issuer;
  place.issuers = std::move(issuers);
  return place;
}

struct SignedIn : SourceRig {
  std::string folder = testing::TempDir() + "weir_signed_in_" + std::to_string(::getpid());
  SignInStore store{folder};
  std::optional<OAuthResult<TokenPlace>> place;  // what the server says of its issuer
  unsigned located = 0;

  SignedIn() {
    sign_ins = &store;
    std::filesystem::remove_all(folder);
    options.server = "web";
    options.grant = Grant::authorization_code;
    options.sign_in_use = {"https://s.test/mcp", "", ""};
    options.sign_in = "i-1";
    issuer.answer = [this](FakeIssuer::Asked const& asked) { return rotated(asked); };
    begin();
  }
  ~SignedIn() override {
    source.reset();
    std::filesystem::remove_all(folder);
  }

  void begin() {
    TokenSource::Locator locate;
    if (place) {
      locate = [this](base::TimePoint, bool anew) {
        EXPECT_TRUE(anew);
        ++located;
        return found(*place);
      };
    }
    SourceRig::begin(std::move(locate));
  }
  KeptSignIn signed_in() const {
    KeptSignIn kept;
    kept.id = "i-1";
    kept.server = "https://s.test/mcp";
    kept.issuer = "https://i.test";
    kept.token_endpoint = "https://i.test/token";
    kept.resource = "https://s.test/mcp";
    kept.client_id = "c-1";
    kept.registered = true;
    kept.access_token = base::Secret("x-0");
    kept.refresh_token = base::Secret("r-0");
    kept.expires_at = loop.clock().wall() + 3600s;
    return kept;
  }
  std::string text() {
    auto const got = get();
    return got ? std::string((*got)->reveal()) : got.error().detail;
  }
  KeptSignIn on_disk() const {
    auto const read = store.read("web");
    return read && *read ? **read : KeptSignIn();
  }
};

TEST_F(SignedIn, BeforeAnybodyHasSignedInTheCureIsNamed) {
  auto const refused = get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, base::Fault::config);
  EXPECT_NE(refused.error().detail.find("needs sign-in"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("`weir server login web`"), std::string::npos);
  EXPECT_TRUE(issuer.asked.empty());
}

TEST_F(SignedIn, TheTokenOfTheSignInIsUsedWhileItIsGood) {
  ASSERT_TRUE(store.write("web", signed_in()));
  EXPECT_EQ(text(), "Bearer x-0");
  begin();  // a restart
  EXPECT_EQ(text(), "Bearer x-0");
  EXPECT_TRUE(issuer.asked.empty());
}

TEST_F(SignedIn, ItIsRenewedOverAndOverAndEachTokenIsKept_F31) {
  ASSERT_TRUE(store.write("web", signed_in()));
  EXPECT_EQ(text(), "Bearer x-0");
  for (unsigned i = 1; i <= 5; ++i) {
    loop.advance(3600s);
    EXPECT_EQ(text(), "Bearer x-" + std::to_string(i));
    EXPECT_EQ(on_disk().refresh_token.reveal(), "r-" + std::to_string(i));
    EXPECT_EQ(on_disk().id, "i-1");
    EXPECT_LE(on_disk().expires_at, loop.clock().wall() + 3600s);
    EXPECT_GT(on_disk().expires_at, loop.clock().wall() + 3590s);
  }
  EXPECT_EQ(issuer.asked.size(), 5U);
  EXPECT_NE(issuer.asked[0].form.find("client_id=c-1"), std::string::npos);
  EXPECT_NE(issuer.asked[0].form.find("resource=https%3A%2F%2Fs.test%2Fmcp"), std::string::npos);
  EXPECT_EQ(issuer.asked[0].form.find("scope="), std::string::npos);
  begin();
  EXPECT_EQ(text(), "Bearer x-5");
  EXPECT_EQ(issuer.asked.size(), 5U);
}

TEST_F(SignedIn, ATokenEndsWithWhatStandsInItWhereTheIssuerSaysLater_F02) {
  auto kept = signed_in();
  kept.expires_at = loop.clock().wall();
  ASSERT_TRUE(store.write("web", kept));
  issuer.answer = [this](FakeIssuer::Asked const&) {
    auto const until =
        std::chrono::floor<std::chrono::seconds>(loop.clock().wall() + 100s).time_since_epoch();
    return FakeIssuer::json(200, R"({"access_token":"h.)" +
                                     base::to_base64url("{\"exp\":" + std::to_string(until.count()) + "}") +
                                     R"(.s","token_type":"Bearer","expires_in":3600,"refresh_token":"r-)" +
                                     std::to_string(++made) + R"("})");
  };
  begin();
  ASSERT_TRUE(get());
  EXPECT_LE(on_disk().expires_at, loop.clock().wall() + 100s);
  begin();  // a restart: what is on the disk is all that is known
  loop.advance(101s);
  ASSERT_TRUE(get());
  EXPECT_EQ(made, 2U);
}

TEST_F(SignedIn, WiderScopesThanWereGrantedAreNotTaken_F26) {
  auto kept = signed_in();
  kept.expires_at = loop.clock().wall();
  kept.scopes = {"read"};
  ASSERT_TRUE(store.write("web", kept));
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(200, R"({"access_token":"x-1","token_type":"Bearer","scope":"read admin"})");
  };
  begin();
  EXPECT_NE(text().find("scopes that were not asked for"), std::string::npos);
  EXPECT_EQ(on_disk().access_token.reveal(), "x-0");
  EXPECT_EQ(on_disk().scopes, std::vector<std::string>{"read"});
}

TEST_F(SignedIn, TokensThatCannotBeWrittenAreUsedAllTheSame_F31) {
  ASSERT_TRUE(store.write("web", signed_in()));
  EXPECT_EQ(text(), "Bearer x-0");
  std::string file;
  for (auto const& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".lock") file = entry.path();
  }
  std::filesystem::create_directory(file + ".new");  // what is written goes there first
  for (unsigned i = 1; i <= 3; ++i) {
    loop.advance(3600s);
    EXPECT_EQ(text(), "Bearer x-" + std::to_string(i));
    EXPECT_EQ(on_disk().refresh_token.reveal(), "r-0");
  }
  EXPECT_EQ(alarms.size(), 3U);
  std::filesystem::remove(file + ".new");
  loop.advance(3600s);
  EXPECT_EQ(text(), "Bearer x-4");
  EXPECT_EQ(on_disk().refresh_token.reveal(), "r-4");
}

TEST_F(SignedIn, AnEndpointThatNobodyHasConfiguredIsAskedUnderGuard) {
  options.wanted.guard = std::make_shared<net::EgressGuard const>(net::EgressRules{});
  for (auto const& [configured, guarded] :
       {std::pair<std::string, bool>{"", true}, {"https://i.test", false}, {"", true}}) {
    options.sign_in_use.issuer = configured;
    made = 0;
    loop.advance(3600s);  // what was asked for before is over
    auto kept = signed_in();
    kept.expires_at = loop.clock().wall();
    ASSERT_TRUE(store.write("web", kept));
    begin();
    EXPECT_EQ(text(), "Bearer x-1");
    EXPECT_EQ(issuer.asked.back().guarded, guarded) << configured;
  }
}

TEST_F(SignedIn, ATokenThatTheServerRefusesIsRenewedAtOnce) {
  ASSERT_TRUE(store.write("web", signed_in()));
  auto const first = get();
  source->refused(nullptr, *first, false);
  EXPECT_EQ(text(), "Bearer x-1");
}

TEST_F(SignedIn, AServerThatHasMovedToAnotherIssuerEndsItAndNothingGoesThere) {
  place = place_at("https://i2.test", {"https://i2.test"});
  auto kept = signed_in();
  kept.client_secret = base::Secret("s-1");
  ASSERT_TRUE(store.write("web", kept));
  begin();
  auto const first = get();
  ASSERT_TRUE(first);
  EXPECT_EQ(located, 0U) << "there is nothing to doubt";
  source->refused(nullptr, *first, false);
  auto const moved = get();
  ASSERT_FALSE(moved);
  EXPECT_NE(moved.error().detail.find("moved to another issuer, i2.test"), std::string::npos);
  EXPECT_NE(moved.error().hint.find("`weir server login web`"), std::string::npos);
  EXPECT_EQ(located, 1U);
  EXPECT_TRUE(issuer.asked.empty()) << "neither the old issuer nor the new one";
  EXPECT_TRUE(on_disk().ended());
  EXPECT_NE(on_disk().why_ended.find("moved to another issuer, i2.test"), std::string::npos);
  EXPECT_EQ(on_disk().client_id, "") << "the registration is none there";
  EXPECT_TRUE(on_disk().client_secret.empty());
  EXPECT_FALSE(get());
  EXPECT_EQ(located, 1U);
  begin();  // the status goes on to say it, and so does a restart
  EXPECT_NE(text().find("moved to another issuer, i2.test"), std::string::npos);
}

TEST_F(SignedIn, AClientThatIsConfiguredIsNotForgottenWhereTheServerHasMoved) {
  place = place_at("https://i2.test", {"https://i2.test"});
  options.sign_in_use.client_id = options.client.id = "weir";
  auto kept = signed_in();
  kept.registered = false;
  kept.client_id = "weir";
  ASSERT_TRUE(store.write("web", kept));
  begin();
  source->refused(nullptr, *get(), false);
  EXPECT_NE(text().find("moved"), std::string::npos);
  EXPECT_EQ(on_disk().client_id, "weir");
}

TEST_F(SignedIn, AServerThatHasOneIssuerMoreOrCannotBeAskedHasNotMoved) {
  OAuthError away;
  away.cause = Cause::transient;
  OAuthError foreign;
  foreign.cause = Cause::policy;  // of another resource
  for (auto const& says :
       {OAuthResult<TokenPlace>(place_at("https://i2.test", {"https://i2.test", "https://i.test"})),
        OAuthResult<TokenPlace>(place_at("https://i.test", {"https://i.test"})),
        OAuthResult<TokenPlace>(place_at("https://s.test", {})), OAuthResult<TokenPlace>(away),
        OAuthResult<TokenPlace>(foreign)}) {
    place = says;
    made = 0;
    ASSERT_TRUE(store.write("web", signed_in()));
    begin();
    auto const first = get();
    ASSERT_TRUE(first) << first.error().detail;
    source->refused(nullptr, *first, false);
    EXPECT_EQ(text(), "Bearer x-1");
    source->refused(nullptr, *get(), false);
    EXPECT_EQ(text(), "Bearer x-2");
    source->refused(nullptr, *get(), false);
  }
}

TEST_F(SignedIn, WhereTheConfiguredIssuerIsNotNamedAnyMoreNothingIsRenewed) {
  OAuthError unnamed;
  unnamed.cause = Cause::policy;
  unnamed.description = "the server does not name the configured issuer as its own";
  unnamed.advice = "set `auth.issuer`";
  place = OAuthResult<TokenPlace>(unnamed);
  options.sign_in_use.issuer = "https://i.test";
  ASSERT_TRUE(store.write("web", signed_in()));
  begin();
  source->refused(nullptr, *get(), false);
  auto const refused = get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().hint, "set `auth.issuer`");
  EXPECT_TRUE(issuer.asked.empty());
  EXPECT_FALSE(on_disk().ended()) << "it is the operator's to say which one counts";
}

TEST_F(SignedIn, ARefreshTokenThatIsDeadEndsTheSignIn) {
  auto kept = signed_in();
  kept.refresh_token = base::Secret("r-dead");
  ASSERT_TRUE(store.write("web", kept));
  EXPECT_EQ(text(), "Bearer x-0");
  loop.advance(3600s);
  EXPECT_NE(text().find("needs sign-in"), std::string::npos);
  EXPECT_TRUE(on_disk().ended());
  EXPECT_NE(on_disk().why_ended.find("refresh token"), std::string::npos);
  EXPECT_EQ(on_disk().client_id, "c-1");  // it stays, for issuers that register nobody any more
  EXPECT_EQ(issuer.asked.size(), 1U);
  loop.advance(10min);
  EXPECT_NE(text().find("needs sign-in"), std::string::npos);
  EXPECT_EQ(issuer.asked.size(), 1U);  // not tried again
  EXPECT_FALSE(alarms.empty());
  for (auto const& alarm : alarms) EXPECT_EQ(alarm.find("r-dead"), std::string::npos);
}

TEST_F(SignedIn, ATokenWithoutAnEndIsUsedUntilTheServerRefusesIt) {
  auto kept = signed_in();
  kept.expires_at.reset();
  kept.refresh_token = {};
  ASSERT_TRUE(store.write("web", kept));
  EXPECT_EQ(text(), "Bearer x-0");
  loop.advance(25h);
  auto const later = get();
  ASSERT_TRUE(later);
  EXPECT_EQ((*later)->reveal(), "Bearer x-0");
  source->refused(nullptr, *later, false);
  EXPECT_NE(text().find("needs sign-in"), std::string::npos);
  EXPECT_TRUE(on_disk().ended());
}

TEST_F(SignedIn, ATokenThatCannotBeRenewedEndsItWhenTheServerRefusesIt) {
  auto kept = signed_in();
  kept.refresh_token = {};
  ASSERT_TRUE(store.write("web", kept));
  EXPECT_EQ(text(), "Bearer x-0");
  loop.advance(3000s);  // its renewal is due, and it is good still
  EXPECT_EQ(text(), "Bearer x-0");
  loop.advance(10s);
  EXPECT_FALSE(on_disk().ended());
  source->refused(nullptr, *get(), false);
  loop.advance(6min);
  EXPECT_NE(text().find("gave nothing to renew"), std::string::npos);
  EXPECT_TRUE(on_disk().ended());
}

TEST_F(SignedIn, AnotherSignInCountsAtOnce) {
  auto kept = signed_in();
  kept.end();
  ASSERT_TRUE(store.write("web", kept));
  EXPECT_NE(text().find("needs sign-in"), std::string::npos);
  kept = signed_in();
  kept.id = options.sign_in = "i-2";
  ASSERT_TRUE(store.write("web", kept));
  begin();
  EXPECT_EQ(text(), "Bearer x-0");
}

TEST_F(SignedIn, AClientThatTheIssuerHasForgottenRegistersAnew) {
  auto kept = signed_in();
  kept.expires_at = loop.clock().wall();
  ASSERT_TRUE(store.write("web", kept));
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(401, R"({"error":"invalid_client"})");
  };
  EXPECT_NE(text().find("needs sign-in"), std::string::npos);
  EXPECT_EQ(on_disk().client_id, "");
  EXPECT_TRUE(on_disk().ended());
  EXPECT_NE(on_disk().why_ended.find("does not know the client"), std::string::npos);
}

TEST_F(SignedIn, AnIssuerThatIsAwayEndsNothing) {
  auto kept = signed_in();
  kept.expires_at = loop.clock().wall();
  ASSERT_TRUE(store.write("web", kept));
  issuer.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::json(503, ""); };
  auto const refused = get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, base::Fault::unavailable);
  EXPECT_EQ(issuer.asked.size(), 1U);  // what may be used once is sent once
  EXPECT_EQ(on_disk().refresh_token.reveal(), "r-0");
  issuer.answer = [this](FakeIssuer::Asked const& asked) { return rotated(asked); };
  loop.advance(5s);
  EXPECT_EQ(text(), "Bearer x-1");
}

TEST_F(SignedIn, WhatWasMadeForAnotherServerIsNeverSent) {
  auto kept = signed_in();
  kept.server = "https://other.test/mcp";
  ASSERT_TRUE(store.write("web", kept));
  EXPECT_NE(text().find("another address"), std::string::npos);
  EXPECT_TRUE(issuer.asked.empty());
}

TEST_F(SignedIn, WhileAnotherGatewayRenewsItIsWaitedForAndItsTokenUsed) {
  auto kept = signed_in();
  kept.expires_at = loop.clock().wall();
  ASSERT_TRUE(store.write("web", kept));
  Got out;
  base::TaskGroup tasks(loop);
  {
    auto const theirs = store.try_lease("web");
    ASSERT_TRUE(theirs && *theirs);
    tasks.spawn(take(*source, nullptr, loop.now() + 20s, out));
    loop.advance(1s);
    EXPECT_FALSE(out);
    kept.access_token = base::Secret("theirs");
    kept.expires_at = loop.clock().wall() + 3600s;
    ASSERT_TRUE(store.write("web", kept));
  }
  loop.advance(1s);
  ASSERT_TRUE(out && *out);
  EXPECT_EQ((**out)->reveal(), "Bearer theirs");
  EXPECT_TRUE(issuer.asked.empty());
}

TEST_F(SignedIn, WhereTokensLiveForSecondsAnotherGatewaysIsUsedToo) {
  auto kept = signed_in();
  kept.expires_at = loop.clock().wall();
  ASSERT_TRUE(store.write("web", kept));
  issuer.answer = [this](FakeIssuer::Asked const& asked) { return rotated(asked, 3); };
  EXPECT_EQ(text(), "Bearer x-1");
  auto const another = [&](std::string const& token, base::Duration left) {
    loop.advance(2s);  // what is at hand is served for half its life
    auto theirs = on_disk();
    theirs.access_token = base::Secret(token);
    theirs.expires_at = loop.clock().wall() + std::chrono::duration_cast<std::chrono::milliseconds>(left);
    ASSERT_TRUE(store.write("web", theirs));
  };
  another("theirs", 2500ms);
  EXPECT_EQ(text(), "Bearer theirs");
  EXPECT_EQ(issuer.asked.size(), 1U);
  another("theirs, almost over", 900ms);
  EXPECT_EQ(text(), "Bearer x-2");
  EXPECT_EQ(issuer.asked.size(), 2U);
}

TEST_F(SignedIn, ItIsInUseWhileItIsRenewedAndNotBegunWhenTheProcessEnds_T17) {
  auto kept = signed_in();
  kept.expires_at = loop.clock().wall();
  ASSERT_TRUE(store.write("web", kept));
  issuer.takes = 3s;
  Got out;
  base::TaskGroup tasks(loop);
  tasks.spawn(take(*source, nullptr, loop.now() + 20s, out));
  loop.advance(1s);
  EXPECT_TRUE(book.in_use("web"));
  book.close();
  loop.advance(3s);
  EXPECT_FALSE(book.in_use("web"));
  EXPECT_EQ(on_disk().refresh_token.reveal(), "r-1");
  loop.advance(3600s);
  EXPECT_NE(text(), "Bearer x-2");
  EXPECT_EQ(issuer.asked.size(), 1U);
  EXPECT_FALSE(on_disk().ended());
}

TEST_F(SignedIn, MissingScopesAreNamedWithTheCommand) {
  auto const lacking = source->forbidden(
      nullptr,
      R"~(Bearer error="insufficient_scope", scope="repo:write $(reboot)", resource_metadata="https://s.test/")~");
  ASSERT_TRUE(lacking);
  EXPECT_EQ(lacking->fault, base::Fault::config);
  EXPECT_NE(lacking->hint.find("`weir server login web --scope repo:write --scope '$(reboot)'`"),
            std::string::npos)
      << lacking->hint;
  EXPECT_EQ(source->forbidden(nullptr, R"(Bearer error="insufficient_scope", scope="a b\"c d\\e")")->hint,
            "The server wants the scopes a for this: `weir server login web --scope a`.")
      << "what is no scope is left out";
  EXPECT_FALSE(source->forbidden(nullptr, ""));
  EXPECT_FALSE(source->forbidden(nullptr, R"(Bearer error="invalid_token")"));
  std::string many;
  for (int i = 0; i < 33; ++i) many += "s" + std::to_string(i) + "x ";
  auto const cut = source->forbidden(nullptr, "Bearer error=\"insufficient_scope\", scope=\"" + many + "\"");
  ASSERT_TRUE(cut);
  EXPECT_NE(cut->hint.find("s31x"), std::string::npos);
  EXPECT_EQ(cut->hint.find("s32x"), std::string::npos);
}

}  // namespace
}  // namespace weir::oauth
