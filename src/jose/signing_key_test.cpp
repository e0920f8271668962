#include "jose/signing_key.hpp"

#include <gtest/gtest.h>

#include "jose/token.hpp"

namespace weir::jose {
namespace {

constexpr std::array kAll{Algorithm::rs256, Algorithm::rs384, Algorithm::rs512, Algorithm::ps256,
                          Algorithm::ps384, Algorithm::ps512, Algorithm::es256, Algorithm::es384,
                          Algorithm::es512, Algorithm::eddsa};

// RFC 8410 section 10.3: an Ed25519 private key.
constexpr std::string_view kPem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";

TEST(SigningKey, EachAlgorithmSignsWhatItsPublicKeyProves) {
  for (auto const algorithm : kAll) {
    auto const key = SigningKey::generate(algorithm);
    ASSERT_TRUE(key) << name_of(algorithm);
    auto const token = key->sign(R"({"iss":"i","aud":"a","exp":2000})", "k1");
    ASSERT_TRUE(token) << name_of(algorithm);
    TokenRules rules;
    rules.issuer = "i";
    rules.algorithms.add(algorithm);
    auto const keys = KeySet::parse(R"({"keys":[)" + key->public_jwk("k1") + "]}");
    ASSERT_TRUE(keys) << name_of(algorithm);
    auto read = read_token(token->reveal(), rules);
    ASSERT_TRUE(read) << name_of(read.error());
    EXPECT_EQ(read->key_id, "k1");
    auto const proven =
        prove_token(*std::move(read), rules, *keys, base::WallTime{std::chrono::seconds{1000}});
    ASSERT_TRUE(proven) << name_of(algorithm) << ' ' << name_of(proven.error());
    EXPECT_EQ(proven->audience, std::vector<std::string>{"a"});
  }
}

TEST(SigningKey, ThePublicPartHoldsNothingPrivate) {
  for (auto const algorithm : kAll) {
    auto const jwk = SigningKey::generate(algorithm)->public_jwk("k");
    for (char const* const member : {"\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"dq\"", "\"qi\""}) {
      EXPECT_EQ(jwk.find(member), std::string::npos) << jwk;
    }
  }
}

TEST(SigningKey, APrivateKeyIsReadFromPem) {
  auto const key = SigningKey::from_pem(base::Secret(kPem), Algorithm::eddsa);
  ASSERT_TRUE(key) << key.error().detail;
  EXPECT_EQ(
      key->public_jwk(""),
      R"({"kty":"OKP","crv":"Ed25519","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE","alg":"EdDSA","use":"sig"})");
}

TEST(SigningKey, WhatIsNoSuchKeySaysSo) {
  EXPECT_EQ(SigningKey::from_pem(base::Secret(kPem), Algorithm::rs256).error().detail,
            "the private key is not one for RS256");
  for (char const* const text : {"", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
    auto const key = SigningKey::from_pem(base::Secret(text), Algorithm::rs256);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().fault, base::Fault::config);
  }
}

TEST(SigningKey, AKeyIdIsWrittenAsJson) {
  auto const token =
      SigningKey::from_pem(base::Secret(kPem), Algorithm::eddsa)->sign(R"({"iss":"i"})", "a\"b\\c");
  TokenRules rules;
  rules.issuer = "i";
  rules.algorithms.add(Algorithm::eddsa);
  auto const read = read_token(token->reveal(), rules);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key_id, "a\"b\\c");
}

}  // namespace
}  // namespace weir::jose
