#include "oauth/sign_in.hpp"
#include "base/base64url.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

struct SigningIn : testing::Test {
  base::SeededRandom random{3};
  base::TimePoint now{1000h};
  SignInAt at;

  SigningIn() {
    at.authorization_endpoint = *net::parse_url("https://issuer.test/authorize?tenant=7");
    at.issuer = "https://issuer.test";
    at.client_id = "weir";
    at.redirect_uri = "http://127.0.0.1:7007/callback";
    at.scopes = {"read", "write"};
    at.resource = "https://server.test/mcp";
  }
  static std::string part(std::string const& url, std::string const& name) {
    auto const begin = url.find(name + "=") + name.size() + 1;
    return url.substr(begin, url.find('&', begin) - begin);
  }
};

TEST_F(SigningIn, TheAddressCarriesChallengeStateScopesAndResource) {
  SignIn const attempt(at, random, now);
  auto const& url = attempt.url();
  EXPECT_TRUE(url.starts_with("https://issuer.test/authorize?tenant=7&response_type=code&client_id=weir"));
  EXPECT_EQ(part(url, "redirect_uri"), "http%3A%2F%2F127.0.0.1%3A7007%2Fcallback");
  EXPECT_EQ(part(url, "code_challenge_method"), "S256");
  EXPECT_EQ(part(url, "scope"), "read+write");
  EXPECT_EQ(part(url, "resource"), "https%3A%2F%2Fserver.test%2Fmcp");
  auto const verifier = std::string(attempt.verifier().reveal());
  EXPECT_GE(verifier.size(), 43U);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<unsigned char const*>(verifier.data()), verifier.size(), digest);
  EXPECT_EQ(part(url, "code_challenge"),
            base::to_base64url({reinterpret_cast<char const*>(digest), sizeof digest}));
  EXPECT_GE(part(url, "state").size(), 22U);
  SignIn const other(at, random, now);
  EXPECT_NE(part(url, "state"), part(other.url(), "state"));
}

TEST_F(SigningIn, WhatRenewsTokensIsGivenToWhoAsksThePersonForIt) {  // OpenID Connect Core 11
  EXPECT_EQ(SignIn(at, random, now).url().find("prompt"), std::string::npos);
  at.scopes = {"read", "offline_access"};
  EXPECT_EQ(part(SignIn(at, random, now).url(), "prompt"), "consent");
}

TEST_F(SigningIn, TheCodeIsBoundToTheKeyWhereThereIsOne_RFC9449) {
  EXPECT_EQ(SignIn(at, random, now).url().find("dpop_jkt"), std::string::npos);
  at.bound_key = "of-the-key";
  EXPECT_EQ(part(SignIn(at, random, now).url(), "dpop_jkt"), "of-the-key");
}

TEST_F(SigningIn, TheCodeComesFromAWholeAddressOrAQuery) {
  SignIn attempt(at, random, now);
  auto const state = part(attempt.url(), "state");
  auto const code =
      attempt.returned("http://127.0.0.1:7007/callback?code=a%2Fb+c&state=" + state + "#x", now);
  ASSERT_TRUE(code);
  EXPECT_EQ(code->reveal(), "a/b c");
  SignIn second(at, random, now);
  EXPECT_TRUE(second.returned("state=" + part(second.url(), "state") + "&code=z", now));
}

TEST_F(SigningIn, AnotherStateIsNotBelievedAndLeavesTheAttemptUsable) {
  SignIn attempt(at, random, now);
  auto const state = part(attempt.url(), "state");
  for (auto const& bad : {std::string("code=a"), std::string("code=a&state="), "code=a&state=x" + state,
                          "code=a&state=" + state + "&state=" + state}) {
    auto const refused = attempt.returned(bad, now);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().cause, Cause::policy);
  }
  EXPECT_TRUE(attempt.returned("code=a&state=" + state, now));
}

TEST_F(SigningIn, TheIssuerIsComparedAsItStandsAndAMixUpShowsNothing) {
  auto const attempt = [&](std::string const& more) {
    SignIn one(at, random, now);
    return one.returned("state=" + part(one.url(), "state") + more, now);
  };
  EXPECT_TRUE(attempt("&code=a&iss=https%3A%2F%2Fissuer.test"));
  EXPECT_FALSE(attempt("&code=a&iss=https%3A%2F%2Fissuer.test%2F"));
  EXPECT_FALSE(attempt("&code=a&iss=https%3A%2F%2FISSUER.test"));
  auto const mixed = attempt("&error=pay_me&error_description=call+0900&iss=https%3A%2F%2Fevil.test");
  EXPECT_EQ(mixed.error().cause, Cause::policy);
  EXPECT_EQ(mixed.error().code, "");
  EXPECT_EQ(mixed.error().description.find("0900"), std::string::npos);
  EXPECT_TRUE(attempt("&code=a"));
  at.issuer_returned = true;
  EXPECT_FALSE(attempt("&code=a"));
}

TEST_F(SigningIn, AnAttemptIsUsedOnceAndWithinTenMinutes) {
  SignIn attempt(at, random, now);
  auto const answer = "code=a&state=" + part(attempt.url(), "state");
  EXPECT_TRUE(attempt.returned(answer, now + 10min - 1ns));
  EXPECT_EQ(attempt.returned(answer, now).error().cause, Cause::reauth);
  SignIn late(at, random, now);
  EXPECT_FALSE(late.returned("code=a&state=" + part(late.url(), "state"), now + 10min));
}

TEST_F(SigningIn, ARefusalOfTheIssuerIsTold) {
  SignIn attempt(at, random, now);
  auto const refused = attempt.returned(
      "error=access_denied&error_description=no+thanks%0a&state=" + part(attempt.url(), "state"), now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, Cause::reauth);
  EXPECT_EQ(refused.error().code, "access_denied");
  EXPECT_EQ(refused.error().description, "no thanks ");
}

TEST(CodeChallenge, IsThatOfTheStandard) {  // RFC 7636 Appendix B
  EXPECT_EQ(code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

// What a page, a proxy or a person may send to the way back. STATE stands for the right one.
TEST_F(SigningIn, WhatIsNoPlainAnswerIsNotBelieved) {
  std::string const nul("code=a%00b&state=STATE");
  std::vector<std::string> const bad{
      "",
      "?",
      "#",
      "&&&",
      "=",
      "%",
      "code",
      "state",
      "state=STATE",       // no code
      "state=STATE&code",  // an empty one
      "state=STATE&code=",
      "code=a&code=b&state=STATE",  // which one?
      "code=a&state=STATE&state=STATE",
      "code=a&state=STATE&state=",
      "code=a&state=STATE&%73tate=STATE",  // the same name, written otherwise
      "code=a&%63ode=b&state=STATE",
      "code=a&state=STATE&iss=https%3A%2F%2Fissuer.test&iss=https%3A%2F%2Fevil.test",
      "code=a&state=STATE&iss=https%3A%2F%2Fevil.test&iss=https%3A%2F%2Fissuer.test",
      "code=a&state=STATE&iss=",
      "code=a&state=STATE&iss",
      "code=a&state=STATE&iss=https%3A%2F%2Fissuer.test%00",
      "code=a&state=STATE&iss=https%3A%2F%2Fissuer.test%2F..",
      "code=a&state=STATE&error=x&error=y",
      "code=a&state=STATE%00",
      "code=a&state=STATE%20",
      "code=a&state=+STATE",
      "code=a&State=STATE",
      "code=a;state=STATE",
      "code=a&amp;state=STATE",
      "code=a#state=STATE",  // a fragment is no query
      "#code=a&state=STATE",
      nul,
      "code=a%0d%0aSet-Cookie:x&state=STATE",  // line ends, controls, bytes beyond ASCII
      "code=a%7f&state=STATE",
      "code=%c3%a4&state=STATE",
      "code=\xff&state=STATE",
      "code=" + std::string(4097, 'a') + "&state=STATE",
      "code=a&state=STATE&pad=" + std::string(17'000, 'a'),
      std::string(200'000, '&') + "code=a&state=STATE",
  };
  for (auto text : bad) {
    SignIn attempt(at, random, now);
    auto const state = part(attempt.url(), "state");
    for (auto where = text.find("STATE"); where != std::string::npos; where = text.find("STATE")) {
      text.replace(where, 5, state);
    }
    for (auto const* const before : {"", "?", "http://127.0.0.1:7007/callback?"}) {
      auto const refused = attempt.returned(before + text, now);
      ASSERT_FALSE(refused) << text.substr(0, 100);
      EXPECT_EQ(refused.error().cause, Cause::policy) << text.substr(0, 100);
      EXPECT_EQ(refused.error().description.find(state), std::string::npos);
    }
    EXPECT_TRUE(attempt.returned("code=a&state=" + state, now))
        << "still usable after " << text.substr(0, 100);
  }
}

TEST_F(SigningIn, ChangedBytesAreNeverBelieved) {
  base::SeededRandom dice(7);
  for (int i = 0; i < 4'000; ++i) {
    SignIn attempt(at, random, now);
    auto const state = part(attempt.url(), "state");
    std::string text = "state=" + state + "&code=abc";
    auto const where = static_cast<std::size_t>(dice.below(6 + state.size()));
    auto const byte = static_cast<char>(dice.below(256));
    if (text[where] == byte) continue;
    text[where] = byte;
    ASSERT_FALSE(attempt.returned(text, now)) << where << " " << static_cast<int>(byte);
  }
}

TEST_F(SigningIn, ACodeMayHave4096Characters) {
  SignIn attempt(at, random, now);
  std::string const code(4096, 'a');
  EXPECT_TRUE(attempt.returned("code=" + code + "&state=" + part(attempt.url(), "state"), now));
}

}  // namespace
}  // namespace weir::oauth
