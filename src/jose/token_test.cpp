#include "jose/token.hpp"

#include <gtest/gtest.h>

#include "base/base64url.hpp"
#include "jose/signing_key.hpp"

namespace weir::jose {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kExpires{2000s};

struct World {
  SigningKey key = *SigningKey::generate(Algorithm::es256);
  KeySet keys = *KeySet::parse(R"({"keys":[)" + key.public_jwk("k") + "]}");
  TokenRules rules;
  World() {
    rules.issuer = "https://as.example";
    rules.algorithms = {Algorithm::es256, Algorithm::rs256};
    rules.skew = 30s;
  }
  std::string token(std::string const& claims, std::string_view type = "at+jwt") const {
    return std::string(key.sign(claims, "k", type)->reveal());
  }
  std::string fault(std::string_view token, base::WallTime now = base::WallTime{1000s}) const {
    auto read = read_token(token, rules);
    if (!read) return name_of(read.error());
    auto const proven = prove_token(*std::move(read), rules, keys, now);
    return proven ? "none" : name_of(proven.error());
  }
};

std::string const kGood = R"({"iss":"https://as.example","aud":["a"],"exp":2000,"nbf":500})";

TEST(Token, AGoodOneIsProven) {
  World const world;
  EXPECT_EQ(world.fault(world.token(kGood)), "none");
  for (std::string const type : {"", "JWT", "jwt", "AT+JWT", "application/at+jwt"}) {
    EXPECT_EQ(world.fault(world.token(kGood, type)), "none") << type;
  }
  for (std::string const type : {"dpop+jwt", "logout+jwt", "id_token", "JOSE", "at+jwt "}) {
    EXPECT_EQ(world.fault(world.token(kGood, type)), "type") << type;
  }
}

TEST(Token, TimesCountWithTheSkewAndNotAMillisecondMore) {
  World const world;
  auto const token = world.token(kGood);
  EXPECT_EQ(world.fault(token, kExpires + 30s - 1ms), "none");
  EXPECT_EQ(world.fault(token, kExpires + 30s), "expired");
  EXPECT_EQ(world.fault(token, base::WallTime{470s}), "none");
  EXPECT_EQ(world.fault(token, base::WallTime{470s} - 1ms), "not_yet");
  auto const issued = world.token(R"({"iss":"https://as.example","aud":"a","exp":2000,"iat":900})");
  EXPECT_EQ(world.fault(issued, base::WallTime{870s}), "none");
  EXPECT_EQ(world.fault(issued, base::WallTime{869s}), "not_yet");
}

TEST(Token, NoSkewIsLongerThanAMinute) {
  World world;
  world.rules.skew = 1h;
  auto const token = world.token(kGood);
  EXPECT_EQ(world.fault(token, kExpires + 60s - 1ms), "none");
  EXPECT_EQ(world.fault(token, kExpires + 60s), "expired");
}

TEST(Token, BothSidesOfItsLength) {
  World const world;
  auto filled = [&](std::size_t fill) {
    return world.token(R"({"iss":"https://as.example","aud":"a","exp":2000,"x":")" + std::string(fill, 'x') +
                       "\"}");
  };
  std::size_t fill = 12'000;
  while (filled(fill + 1).size() <= kTokenBytesMax) ++fill;
  EXPECT_EQ(world.fault(filled(fill)), "none");
  EXPECT_EQ(world.fault(filled(fill + 1)), "too_long");
}

TEST(Token, AnUnknownKeyIsToldApartFromAWrongSignature) {
  World const world;
  World const other;
  EXPECT_EQ(world.fault(other.token(kGood)), "signature");
  auto const stranger = std::string(other.key.sign(kGood, "k2")->reveal());
  EXPECT_EQ(world.fault(stranger), "key_unknown");
}

// Whose it is comes first: another issuer's header is nothing to judge, and ours is no excuse.
TEST(Token, TheIssuerIsComparedBeforeTheHeaderIsLookedAt) {
  World const world;
  auto const made = [](std::string_view header, std::string_view claims, std::string const& end = "AAAA") {
    return base::to_base64url(header) + "." + base::to_base64url(claims) + "." + end;
  };
  for (auto const& [header, fault] :
       std::vector<std::pair<std::string, std::string>>{{R"({"alg":"HS256"})", "algorithm"},
                                                        {R"({"alg":"ES384"})", "algorithm"},
                                                        {R"({"alg":"ES256","crit":["exp"]})", "header"},
                                                        {R"({"alg":"ES256","kid":""})", "header"},
                                                        {R"({"alg":"ES256","alg":"ES256"})", "header"},
                                                        {"no JSON", "header"},
                                                        {R"({"alg":"ES256","typ":"JWS+x"})", "type"}}) {
    EXPECT_EQ(world.fault(made(header, R"({"iss":"https://other.example"})")), "issuer") << header;
    EXPECT_EQ(world.fault(made(header, kGood)), fault) << header;
    EXPECT_EQ(world.fault(made(header, "no JSON")), "malformed") << header;
  }
  EXPECT_EQ(world.fault(made(R"({"alg":"ES256","kid":"k"})", kGood, "A")), "signature");
}

TEST(Token, NothingIsAcceptedWithoutAnIssuerOrAlgorithms) {
  World world;
  auto const token = world.token(kGood);
  world.rules.algorithms = {};
  EXPECT_EQ(world.fault(token), "algorithm");
  world.rules.algorithms = {Algorithm::es256};
  world.rules.issuer.clear();
  EXPECT_EQ(world.fault(token), "issuer");
  EXPECT_EQ(world.fault(world.token(R"({"iss":"","aud":"a","exp":2000})")), "issuer");
}

// RFC 7515 appendix A.3: a token signed with ES256 by somebody else's code.
TEST(Token, TheExampleOfTheRfcIsProven) {
  constexpr std::string_view kToken =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  auto const keys =
      KeySet::parse(R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
  ASSERT_TRUE(keys);
  TokenRules rules;
  rules.issuer = "joe";
  rules.algorithms = {Algorithm::es256};
  auto read = read_token(kToken, rules);
  ASSERT_TRUE(read);
  auto const proven = prove_token(*std::move(read), rules, *keys, base::WallTime{1300819379s});
  ASSERT_FALSE(proven);
  EXPECT_EQ(proven.error(), TokenFault::audience)
      << "signature and times are good, it only names no audience";
}

}  // namespace
}  // namespace weir::jose
