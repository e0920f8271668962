#include "oauth/token_answer.hpp"
#include "base/base64url.hpp"

#include <gtest/gtest.h>

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

net::FetchedReply ok(std::string body) {
  net::FetchedReply reply;
  reply.status = 200;
  reply.body = std::move(body);
  return reply;
}

OAuthResult<TokenAnswer> read(std::string body, Expected const& expected = {}) {
  return read_answer(ok(std::move(body)), expected, {});
}

TEST(TokenAnswer, HoldsTheTokenItsLifeAndItsRefreshToken) {
  auto const answer = read(
      R"({"access_token":"t-1","token_type":"bearer","expires_in":3600,"refresh_token":"r-1","scope":"a  b"})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->access_token.reveal(), "t-1");
  EXPECT_EQ(answer->refresh_token.reveal(), "r-1");
  EXPECT_EQ(answer->expires_in, 3600s);
  EXPECT_EQ(answer->scopes, (std::vector<std::string>{"a", "b"}));
}

TEST(TokenAnswer, ALifeMayBeAbsentOrInQuotesAndIsBounded) {
  EXPECT_EQ(read(R"({"access_token":"t","token_type":"Bearer"})")->expires_in, std::nullopt);
  EXPECT_EQ(read(R"({"access_token":"t","token_type":"Bearer","expires_in":"1"})")->expires_in, 1s);
  EXPECT_EQ(read(R"({"access_token":"t","token_type":"Bearer","expires_in":999999999999})")->expires_in,
            TokenAnswer::kLifeMax);
}

TEST(TokenAnswer, ALifeIsRoundedDownToWholeSecondsAndGarbageIsNone) {
  auto const of = [](std::string const& life) {
    return read(R"({"access_token":"t","token_type":"Bearer","expires_in":)" + life + "}");
  };
  for (auto const* const life : {"3600", "3600.0", "3600.5", "3.6e3", "36E+2", "3600.999", "360000e-2"}) {
    ASSERT_TRUE(of(life)) << life;
    EXPECT_EQ(of(life)->expires_in, 3600s) << life;
  }
  EXPECT_EQ(of("1e12")->expires_in, TokenAnswer::kLifeMax);
  for (auto const* const life : {"0",           "0.9",      "-0.0",
                                 "-1",          "-3600.5",  "-1e300",
                                 "1e19",        "1e309",    "99999999999999999999",
                                 "NaN",         "Infinity", R"("")",
                                 R"("NaN")",    R"("inf")", R"("null")",
                                 R"("3600.5")", R"(" 1")",  "true",
                                 "[3600]",      "{}"}) {
    EXPECT_FALSE(of(life)) << life;
  }
}

TEST(TokenAnswer, NullIsAbsentWhereAMemberMayBeAndAnEmptyRefreshTokenIsNone) {
  auto const answer = read(R"({"access_token":"t","token_type":"Bearer","expires_in":null,"scope":null,)"
                           R"("refresh_token":null,"issued_token_type":null,"error":null,)"
                           R"("error_description":null})",
                           {Flow::refresh_token, {"read"}, {}, {}, false});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->expires_in, std::nullopt);
  EXPECT_TRUE(answer->scopes.empty());
  EXPECT_TRUE(answer->refresh_token.empty());
  auto const empty = read(R"({"access_token":"t","token_type":"Bearer","refresh_token":""})");
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->refresh_token.empty());
  for (auto const* const body :
       {R"({"access_token":null,"token_type":"Bearer"})", R"({"access_token":"t","token_type":null})",
        R"({"access_token":"","token_type":"Bearer"})", R"({"access_token":"t","token_type":""})",
        R"({"access_token":"t","token_type":"Bearer","refresh_token":7})",
        R"({"access_token":"t","token_type":"Bearer","refresh_token":" "})",
        R"({"access_token":"t","token_type":"Bearer","scope":[]})",
        R"({"access_token":"t","token_type":"Bearer","error":""})"}) {
    EXPECT_FALSE(read(body)) << body;
  }
  EXPECT_FALSE(read(R"({"access_token":"t","token_type":"Bearer","issued_token_type":null})",
                    {Flow::token_exchange, {}, {}, {}, false}))
      << "there it may not be absent";
}

TEST(TokenAnswer, ATokenOf16KiBIsTakenAndOneByteMoreIsNot) {
  auto const of = [](std::size_t bytes) {
    return read(R"({"token_type":"Bearer","access_token":")" + std::string(bytes, 'x') + R"("})");
  };
  EXPECT_TRUE(of(kTokenBytesMax));
  EXPECT_FALSE(of(kTokenBytesMax + 1));
}

TEST(TokenAnswer, AnAnswerOf64KiBIsReadAndOneByteMoreIsNot) {
  std::string const body = R"({"access_token":"t","token_type":"Bearer"})";
  EXPECT_TRUE(read(body + std::string(kAnswerBytesMax - body.size(), ' ')));
  EXPECT_FALSE(read(body + std::string(kAnswerBytesMax + 1 - body.size(), ' ')));
}

TEST(TokenAnswer, AnExchangeGivesTheTypeThatWasAskedForOrNothing) {
  Expected expected{Flow::token_exchange, {}, {}, {}, false};
  auto const with = [&](std::string const& type, std::string const& shown = "Bearer") {
    return read(R"({"access_token":"t","token_type":")" + shown +
                    R"(","issued_token_type":"urn:ietf:params:oauth:token-type:)" + type + R"("})",
                expected);
  };
  EXPECT_TRUE(with("access_token"));
  EXPECT_TRUE(with("jwt"));
  EXPECT_FALSE(with("refresh_token"));
  EXPECT_FALSE(read(R"({"access_token":"t","token_type":"Bearer"})", expected));
  expected.issued_type = "urn:ietf:params:oauth:token-type:id-jag";
  EXPECT_TRUE(with("id-jag", "N_A"));
  EXPECT_FALSE(with("id-jag"));
  EXPECT_FALSE(with("access_token", "N_A"));
}

TEST(TokenAnswer, ABoundTokenIsWhatWasAskedForAndABearerTokenIsLess_RFC9449) {
  Expected expected{Flow::client_credentials, {}, {}, {}, true};
  auto const with = [&](std::string const& type) {
    return read(R"({"access_token":"t","token_type":")" + type + R"("})", expected);
  };
  EXPECT_TRUE(with("DPoP"));
  EXPECT_TRUE(with("dpop"));
  EXPECT_EQ(with("Bearer").error().cause, Cause::policy);
  EXPECT_EQ(with("mac").error().cause, Cause::protocol);
  EXPECT_EQ(with("").error().cause, Cause::protocol);
  expected.key_bound = false;
  EXPECT_EQ(with("DPoP").error().cause, Cause::protocol);
  EXPECT_TRUE(with("Bearer"));
}

TEST(TokenAnswer, NarrowerScopesAreFineAndWiderOnesAreNot) {
  Expected const expected{Flow::client_credentials, {"a", "b"}, {}, {}, false};
  EXPECT_TRUE(read(R"({"access_token":"t","token_type":"Bearer","scope":"b"})", expected));
  EXPECT_TRUE(read(R"({"access_token":"t","token_type":"Bearer","scope":"b a"})", expected));
  EXPECT_EQ(read(R"({"access_token":"t","token_type":"Bearer","scope":"b c"})", expected).error().cause,
            Cause::policy);
}

TEST(TokenAnswer, TheTokensOwnEndAndAudienceCount) {
  auto const jwt = [](std::string const& claims) {
    return base::to_base64url("{}") + "." + base::to_base64url(claims) + ".sig";
  };
  Expected const expected{Flow::client_credentials, {}, {"https://server.test/mcp"}, {}, false};
  auto const of = [&](std::string const& claims) {
    return read(R"({"token_type":"Bearer","access_token":")" + jwt(claims) + R"("})", expected);
  };
  auto const good = of(R"({"exp":1700000000,"aud":["x","https://server.test/mcp/"]})");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->expires_at, base::WallTime{1'700'000'000s});
  EXPECT_TRUE(of(R"({"exp":1700000000})"));
  EXPECT_EQ(of(R"({"exp":1700000000.7})")->expires_at, base::WallTime{1'700'000'000s});
  EXPECT_EQ(of(R"({"aud":"https://server.test/other"})").error().cause, Cause::policy);
  EXPECT_FALSE(peek("opaque"));
  EXPECT_FALSE(peek("a.b.c"));
  EXPECT_FALSE(peek(jwt("{}") + ".d.e"));
}

// Weir would read one of the two, and the server, or the issuer, the other.
TEST(TokenAnswer, ATokenWithAClaimThatComesTwiceIsNotUsed) {
  Expected const expected{Flow::client_credentials, {}, {"https://server.test/mcp"}, {}, false};
  auto const of = [&](std::string const& claims) {
    auto const token = base::to_base64url("{}") + "." + base::to_base64url(claims) + ".sig";
    return read(R"({"token_type":"Bearer","access_token":")" + token + R"("})", expected);
  };
  ASSERT_TRUE(of(R"({"iss":"i","sub":"a","exp":1700000000,"aud":"https://server.test/mcp"})"));
  for (auto const* const claims :
       {R"({"aud":"https://server.test/mcp","aud":"https://elsewhere.test"})",
        R"({"aud":"https://server.test/mcp","a\u0075d":"https://elsewhere.test"})",
        R"({"exp":1700000000,"exp":1900000000})", R"({"sub":"a","sub":"b"})", R"({"iss":"a","iss":"a"})",
        R"({"cnf":{"jkt":"k"},"cnf":{"jkt":"l"}})", R"({"cnf":{"jkt":"k","jkt":"l"}})"}) {
    auto const answer = of(claims);
    ASSERT_FALSE(answer) << claims;
    EXPECT_EQ(answer.error().cause, Cause::protocol);
    EXPECT_EQ(answer.error().description, "the token says something twice");
  }
}

TEST(TokenAnswer, IntrospectionSaysWhetherATokenIsActive) {
  Expected const expected{Flow::introspection, {}, {}, {}, false};
  EXPECT_EQ(read(R"({"active":true})", expected)->active, true);
  EXPECT_EQ(read(R"({"active":false})", expected)->active, false);
  EXPECT_FALSE(read(R"({"active":"true"})", expected));
}

}  // namespace
}  // namespace weir::oauth
