#include "oauth/kept_sign_in.hpp"

#include <gtest/gtest.h>

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

KeptSignIn whole() {
  KeptSignIn kept;
  kept.id = "i-1";
  kept.server = "https://s.test/mcp";
  kept.issuer = "https://i.test";
  kept.token_endpoint = "https://i.test/token";
  kept.revocation_endpoint = "https://i.test/revoke";
  kept.resource = "https://s.test/mcp";
  kept.redirect_uri = "http://127.0.0.1:7/callback";
  kept.scopes = {"a", "b\"\\c"};
  kept.client_id = "c \"1\"";
  kept.client_auth = ClientAuth::post;
  kept.registered = true;
  kept.client_scope = "a b";
  kept.client_secret = base::Secret("s\"");
  kept.client_secret_until = base::WallTime(1800000000s);
  kept.access_token = base::Secret("access-1");
  kept.expires_at = base::WallTime(1700000000s);
  kept.refresh_token = base::Secret("refresh-1");
  return kept;
}

TEST(KeptSignIns, AreReadAsTheyWereWritten) {
  auto const kept = whole();
  auto const read = read_sign_in(written(kept).reveal());
  ASSERT_TRUE(read);
  EXPECT_EQ(written(*read), written(kept));
  EXPECT_EQ(read->scopes, kept.scopes);
  EXPECT_EQ(read->client_auth, ClientAuth::post);
  EXPECT_EQ(read->client_scope, kept.client_scope);
  EXPECT_EQ(read->expires_at, kept.expires_at);
  EXPECT_EQ(read->client_secret_until, kept.client_secret_until);
  EXPECT_EQ(read->refresh_token.reveal(), "refresh-1");
  EXPECT_FALSE(read->ended());
  auto over = *read;
  over.end();
  EXPECT_TRUE(over.ended());
  EXPECT_TRUE(read_sign_in(written(over).reveal())->ended());
  EXPECT_EQ(over.client_id, kept.client_id);  // the registration stays
  over.end("the server has moved");
  over.client_doubted = true;
  auto const again = read_sign_in(written(over).reveal());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->why_ended, "the server has moved");
  EXPECT_TRUE(again->client_doubted);
  EXPECT_FALSE(read->client_doubted);
}

TEST(KeptSignIns, WhatIsNoneIsToldWithoutItsText) {
  auto const good = std::string(written(whole()).reveal());
  std::string const other = "\"weir_sign_in\":2" + good.substr(good.find(','));
  for (auto const& text : std::vector<std::string>{
           "", "{}", "[]", "null", good.substr(0, good.size() / 2), "{" + other, good + good,
           "{\"access_token\":\"x\"," + good.substr(1), std::string(KeptSignIn::kTextMax + 1, ' ')}) {
    auto const read = read_sign_in(text);
    ASSERT_FALSE(read) << text.substr(0, 40);
    EXPECT_EQ(read.error().detail.find("refresh-1"), std::string::npos);
  }
  EXPECT_TRUE(read_sign_in(good + std::string(KeptSignIn::kTextMax - good.size(), ' ')));
}

TEST(KeptSignIns, AreOfOneServerIssuerAndClient) {
  auto kept = whole();
  SignInUse const use{"https://s.test/mcp", "", ""};
  EXPECT_EQ(misfit_of(kept, use), "");
  EXPECT_EQ(misfit_of(kept, {"https://s.test/mcp", "https://i.test", kept.client_id}), "");
  EXPECT_NE(misfit_of(kept, {"https://other.test/mcp", "", ""}), "");
  EXPECT_NE(misfit_of(kept, {"https://s.test/mcp2", "", ""}), "");
  EXPECT_NE(misfit_of(kept, {"https://s.test/mcp", "https://i.test/", ""}), "");
  EXPECT_NE(misfit_of(kept, {"https://s.test/mcp", "", "another"}), "");
  kept.registered = false;  // it was configured, and is not any more
  EXPECT_NE(misfit_of(kept, use), "");
  kept.client_id = "https://w.test/weir.json";
  EXPECT_EQ(misfit_of(kept, use), "");
}

TEST(KeptSignIns, AreNotUsedOnceTheyHaveEnded) {
  SignInUse const use{"https://s.test/mcp", "", ""};
  auto kept = whole();
  kept.end();
  EXPECT_EQ(misfit_of(kept, use), "the sign-in has ended");
  kept.end("the server has moved");
  EXPECT_EQ(misfit_of(kept, use), "the server has moved");
}

TEST(KeptSignIns, KeepTheKeyThatTheirTokensAreBoundTo_RFC9449) {
  auto kept = whole();
  EXPECT_EQ(written(kept).reveal().find("key\""), std::string_view::npos);
  kept.bound_key = "of-the-key";
  kept.key = base::Secret(R"({"kty":"EC","d":"x\"y"})");
  auto const read = read_sign_in(written(kept).reveal());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->bound_key, kept.bound_key);
  EXPECT_EQ(read->key, kept.key);
}

TEST(KeptSignIns, AreOfOneKeyAndNeverLessThanIsAskedFor_RFC9449) {
  auto bearer = whole();
  auto own = whole();
  own.bound_key = "a";
  own.key = base::Secret("{}");
  auto configured = whole();
  configured.bound_key = "a";
  auto const why = [](KeptSignIn const& kept, bool bound, std::string key) {
    return misfit_of(kept, {"https://s.test/mcp", "", "", bound, std::move(key)});
  };
  EXPECT_EQ(why(bearer, false, ""), "");
  EXPECT_EQ(why(own, true, ""), "");
  EXPECT_EQ(why(configured, true, "a"), "");
  EXPECT_NE(why(bearer, true, "").find("not bound"), std::string::npos);
  EXPECT_NE(why(own, false, "").find("`dpop` is off"), std::string::npos);
  EXPECT_NE(why(configured, true, "b").find("`dpop_key`"), std::string::npos);
  EXPECT_NE(why(own, true, "b").find("`dpop_key`"), std::string::npos);
  EXPECT_NE(why(configured, true, "").find("`dpop_key`"), std::string::npos) << "it is nowhere any more";
}

TEST(Scopes, AreWordsAndJoinedOnce) {
  EXPECT_EQ(joined({"a", "b"}, {"b", "c", "c"}), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(is_scope("repo:read"));
  EXPECT_TRUE(is_scope(std::string(kScopeMax, 'a')));
  for (auto const& bad : std::vector<std::string>{"", "a b", "a\"", "a\\", "a\n", "\x7f", "\xc3\xa4",
                                                  std::string(kScopeMax + 1, 'a')}) {
    EXPECT_FALSE(is_scope(bad)) << bad;
  }
}

}  // namespace
}  // namespace weir::oauth
