#include "auth/keys_loop.hpp"

#include <gtest/gtest.h>

#include "auth/scripted_issuer_test.hpp"

namespace weir::auth {
namespace {

using namespace std::chrono_literals;

struct KeysLoopTest : testing::Test {
  ScriptedIssuer issuer;
  void start() {
    issuer.sources();
    issuer.keys->start();
    issuer.loop.advance(1s);
  }
  // What freshen() says, once it does.
  base::Task<void> wait(std::optional<bool>& waited) {
    waited = co_await issuer.keys->freshen(KeyKeeper::Why::none_yet, base::TimePoint::max());
  }
  bool has_keys() { return issuer.issuer->has_keys(issuer.loop.now()); }
  TokenIssuer::Verdict::Kind judged() {
    return issuer.issuer->judge(issuer.token("ann"), issuer.loop.clock().wall(), issuer.loop.now()).kind;
  }
};

TEST_F(KeysLoopTest, FindsTheKeysThroughTheMetadataOfTheIssuer) {
  start();
  EXPECT_TRUE(has_keys());
  EXPECT_EQ(issuer.seen, (std::vector<std::string>{"/.well-known/oauth-authorization-server",
                                                   "/.well-known/openid-configuration", "/keys"}));
}

TEST_F(KeysLoopTest, AConfiguredAddressNeedsNoMetadata) {
  issuer.settings.jwks_url = "https://as.test/keys";
  start();
  EXPECT_TRUE(has_keys());
  EXPECT_EQ(issuer.seen, std::vector<std::string>{"/keys"});
}

TEST_F(KeysLoopTest, MetadataOfAnotherIssuerLeadsNowhere) {
  issuer.metadata = R"({"issuer":"https://evil.test","jwks_uri":"https://as.test/keys"})";
  start();
  EXPECT_FALSE(has_keys());
  EXPECT_EQ(issuer.asked("/keys"), 0U);
}

TEST_F(KeysLoopTest, FetchesAheadAndKeepsTheMetadataForAnHour) {
  issuer.cache_control = "max-age=400";
  start();
  issuer.loop.advance(298s);
  EXPECT_EQ(issuer.asked("/keys"), 1U);
  issuer.loop.advance(3s);
  EXPECT_EQ(issuer.asked("/keys"), 2U);
  EXPECT_EQ(issuer.asked("openid"), 1U);
  issuer.loop.advance(1h);
  EXPECT_EQ(issuer.asked("openid"), 2U);
}

TEST_F(KeysLoopTest, StartingTwiceRunsOnce_R006) {
  start();
  issuer.keys->start();
  issuer.loop.advance(10min);
  EXPECT_EQ(issuer.asked("/keys"), 2U);
}

TEST_F(KeysLoopTest, TheLastGoodKeysServeForADayWhileTheIssuerIsDown) {
  start();
  issuer.down = true;
  issuer.loop.advance(23h);
  EXPECT_TRUE(has_keys());
  EXPECT_LE(issuer.asked(""), 24U * 3600 / 30 * 2 + 10) << "once in thirty seconds, two addresses each";
  issuer.loop.advance(1h);
  EXPECT_FALSE(has_keys());
  EXPECT_EQ(judged(), TokenIssuer::Verdict::Kind::wants_keys) << "nothing is proven with them any more";
  issuer.down = false;
  issuer.loop.advance(31s);
  EXPECT_TRUE(has_keys());
}

TEST_F(KeysLoopTest, ABrokenKeySetChangesNothing) {
  issuer.cache_control = "max-age=300";
  start();
  for (std::string const bad : {"<html>", R"({"keys":[]})", "{}", R"({"keys":[{"kty":"oct","k":"AA"}]})"}) {
    issuer.keys_text = bad;
    issuer.loop.advance(10min);
    EXPECT_TRUE(has_keys()) << bad;
    EXPECT_EQ(judged(), TokenIssuer::Verdict::Kind::caller);
  }
}

TEST_F(KeysLoopTest, AnIssuerWhoseKeysHaveMovedIsAskedWhere) {
  issuer.metadata = R"({"issuer":"https://as.test","jwks_uri":"https://as.test/gone"})";
  start();
  EXPECT_FALSE(has_keys());
  EXPECT_GE(issuer.asked("/gone"), 1U);
  issuer.metadata = R"({"issuer":"https://as.test","jwks_uri":"https://as.test/keys"})";
  issuer.loop.advance(5s);
  EXPECT_TRUE(has_keys());
}

TEST_F(KeysLoopTest, TakesWhatIsOverOutOfTheKnownTokens_R011) {
  start();
  ASSERT_EQ(judged(), TokenIssuer::Verdict::Kind::caller);
  issuer.loop.advance(4min);
  EXPECT_EQ(issuer.issuer->known().size(), 1U);
  issuer.loop.advance(1min + 1s);
  EXPECT_EQ(issuer.issuer->known().size(), 0U) << "nobody asked";
}

TEST_F(KeysLoopTest, WhoWaitsGoesOnWhenTheKeysAreThere) {
  issuer.sources();
  issuer.keys->start();
  std::optional<bool> first, next;
  base::TaskGroup waiting(issuer.loop);
  waiting.spawn(wait(first));
  issuer.loop.advance(1s);
  EXPECT_TRUE(has_keys());
  EXPECT_EQ(first, true);
  waiting.spawn(wait(next));
  EXPECT_EQ(next, false) << "at once: there are keys";
}

TEST_F(KeysLoopTest, WhoWaitsGoesOnWhenThereAreNone) {
  issuer.down = true;
  issuer.sources();
  std::optional<bool> first, next;
  base::TaskGroup waiting(issuer.loop);
  waiting.spawn(wait(first));
  issuer.loop.advance(100ms);
  EXPECT_EQ(first, true);
  waiting.spawn(wait(next));
  EXPECT_EQ(next, false) << "at once: it is not asked again so soon";
  EXPECT_FALSE(has_keys());
}

TEST_F(KeysLoopTest, WhoWaitsGoesOnWhenItStops) {
  issuer.latency = 1h;
  issuer.sources();
  issuer.keys->start();
  std::optional<bool> first, next;
  base::TaskGroup waiting(issuer.loop);
  waiting.spawn(wait(first));
  issuer.loop.advance(1s);
  EXPECT_EQ(first, std::nullopt);
  issuer.keys->stop();
  issuer.loop.advance(1s);
  EXPECT_EQ(first, false);
  waiting.spawn(wait(next));
  EXPECT_EQ(next, false);
}

TEST_F(KeysLoopTest, SaysWhatIsWrongSinceWhenAndWhatToDo) {
  issuer.down = true;
  start();
  auto const begun = issuer.loop.now();
  EXPECT_FALSE(issuer.keys->standing().usable);
  EXPECT_EQ(issuer.keys->standing().trouble,
            "https://as.test/.well-known/openid-configuration: nobody there; check the address, and that it "
            "can be reached from here");
  issuer.loop.advance(1min);
  EXPECT_LE(issuer.keys->standing().since, begun) << "of the first time, not the last";
  issuer.down = false;
  issuer.keys_text = "<html>";
  issuer.loop.advance(31s);
  EXPECT_EQ(
      issuer.keys->standing().trouble,
      "https://as.test/keys: key set: not a JSON object with an array `keys`; the issuer's metadata leads "
      "there; set `jwks_url` if its keys are elsewhere");
  issuer.keys_text.clear();
  issuer.loop.advance(31s);
  EXPECT_TRUE(issuer.keys->standing().usable);
  EXPECT_EQ(issuer.keys->standing().trouble, "");
}

TEST_F(KeysLoopTest, KeysThatAreLateAreToldWhileTheLastGoodOnesServe) {
  start();
  EXPECT_EQ(issuer.keys->standing().trouble, "");
  issuer.down = true;
  issuer.loop.advance(1h);
  EXPECT_TRUE(issuer.keys->standing().usable);
  EXPECT_NE(issuer.keys->standing().trouble, "");
}

TEST_F(KeysLoopTest, TheCureDependsOnWhereTheKeysWereLookedFor) {
  issuer.metadata = R"({"issuer":"https://evil.test","jwks_uri":"https://as.test/keys"})";
  start();
  EXPECT_TRUE(
      issuer.keys->standing().trouble.ends_with("; check `issuer`, or set `jwks_url` to where its keys are"))
      << issuer.keys->standing().trouble;
  issuer.keys->stop();
  issuer.settings.jwks_url = "https://as.test/nothing";
  start();
  EXPECT_EQ(issuer.keys->standing().trouble,
            "https://as.test/nothing: answered 404; `jwks_url` must lead to the issuer's key set");
}

}  // namespace
}  // namespace weir::auth
