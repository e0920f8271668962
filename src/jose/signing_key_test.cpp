#include "jose/signing_key.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <map>

#include "base/base64url.hpp"
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

// RFC 8037 appendices A.1 and A.3.
TEST(SigningKey, TheThumbprintIsThatOfTheRfc) {
  auto const key = SigningKey::from_jwk(
      [](std::string_view name) {
        if (name == "kty") return base::Secret("OKP");
        if (name == "crv") return base::Secret("Ed25519");
        if (name == "x") return base::Secret("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        return name == "d" ? base::Secret("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A") : base::Secret();
      },
      std::nullopt);
  ASSERT_TRUE(key) << key.error().detail;
  EXPECT_EQ(key->thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

std::string member_of(std::string_view json, std::string const& name) {
  auto const begin = json.find('"' + name + "\":\"") + name.size() + 4;
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

// RFC 7638 3.2: required members by name, nothing between them.
TEST(SigningKey, TheThumbprintOfEachKindIsOfItsPublicMembers) {
  for (auto const algorithm : kAll) {
    auto const key = SigningKey::generate(algorithm);
    auto const jwk = key->public_jwk("");
    std::string text;
    for (char const* const name : {"crv", "e", "kty", "n", "x", "y"}) {
      if (jwk.find('"' + std::string(name) + "\":") == std::string::npos) continue;
      text += (text.empty() ? "{\"" : ",\"") + std::string(name) + "\":\"" + member_of(jwk, name) + '"';
    }
    text += "}";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ASSERT_EQ(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr), 1);
    EXPECT_EQ(key->thumbprint(), base::to_base64url({reinterpret_cast<char const*>(digest), size})) << text;
  }
}

TEST(SigningKey, AKeyThatIsWrittenIsReadAgainWithItsAlgorithm) {
  for (auto const algorithm : kAll) {
    auto const key = SigningKey::generate(algorithm);
    auto const text = key->private_jwk();
    auto const named = algorithm_of(member_of(text.reveal(), "alg"));
    auto const again = SigningKey::from_jwk(
        [&](std::string_view name) {
          bool const there = text.reveal().find('"' + std::string(name) + "\":") != std::string_view::npos;
          return there ? base::Secret(member_of(text.reveal(), std::string(name))) : base::Secret();
        },
        named);
    ASSERT_TRUE(again) << name_of(algorithm) << ' ' << again.error().detail;
    EXPECT_EQ(again->algorithm(), algorithm);
    EXPECT_EQ(again->thumbprint(), key->thumbprint());
  }
}

TEST(SigningKey, AKeyThatIsShownIsThePublicPartAlone) {
  for (auto const algorithm : kAll) {
    auto const key = SigningKey::generate(algorithm);
    auto const token = key->sign_showing_key("{}", "dpop+jwt");
    ASSERT_TRUE(token);
    auto const header = base::from_base64url(token->reveal().substr(0, token->reveal().find('.')));
    ASSERT_TRUE(header);
    EXPECT_NE(header->find(R"("typ":"dpop+jwt")"), std::string::npos) << *header;
    EXPECT_NE(header->find(R"("jwk":{"kty":)"), std::string::npos) << *header;
    for (char const* const member : {"\"d\"", "\"p\"", "\"q\"", "\"dp\"", "\"dq\"", "\"qi\"", "\"kid\""}) {
      EXPECT_EQ(header->find(member), std::string::npos) << *header;
    }
  }
}

TEST(SigningKey, TheUsualAlgorithmIsThatOfTheKindOfKey) {
  EXPECT_EQ(SigningKey::from_pem(base::Secret(kPem), std::nullopt)->algorithm(), Algorithm::eddsa);
  EXPECT_EQ(usual_for(KeyKind::rsa), Algorithm::rs256);
  EXPECT_EQ(usual_for(KeyKind::p256), Algorithm::es256);
  EXPECT_EQ(usual_for(KeyKind::p384), Algorithm::es384);
  EXPECT_EQ(usual_for(KeyKind::p521), Algorithm::es512);
}

using Named = std::pair<char const*, char const*>;

// The private JSON Web Key of any key, written by OpenSSL's numbers, as an operator's tool would.
std::map<std::string, std::string> jwk_members(EVP_PKEY* key) {
  std::map<std::string, std::string> made;
  auto const add = [&](char const* name, char const* part, int width) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, part, &number) != 1) return;
    std::string bytes(static_cast<std::size_t>(width == 0 ? BN_num_bytes(number) : width), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    made[name] = base::to_base64url(bytes);
    BN_free(number);
  };
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    made["kty"] = "RSA";
    for (auto const& [name, part] : std::initializer_list<Named>{{"n", "n"},
                                                                 {"e", "e"},
                                                                 {"d", "d"},
                                                                 {"p", "rsa-factor1"},
                                                                 {"q", "rsa-factor2"},
                                                                 {"dp", "rsa-exponent1"},
                                                                 {"dq", "rsa-exponent2"},
                                                                 {"qi", "rsa-coefficient1"}})
      add(name, part, 0);
    return made;
  }
  int const bits = EVP_PKEY_get_bits(key);
  made["kty"] = "EC";
  made["crv"] = "P-" + std::to_string(bits);
  for (auto const& [name, part] : std::initializer_list<Named>{{"x", "qx"}, {"y", "qy"}, {"d", "priv"}})
    add(name, part, (bits + 7) / 8);
  return made;
}

base::Result<SigningKey> from_members(std::map<std::string, std::string> const& members,
                                      std::optional<Algorithm> algorithm) {
  return SigningKey::from_jwk(
      [&](std::string_view name) {
        auto const found = members.find(std::string(name));
        return found == members.end() ? base::Secret() : base::Secret(found->second);
      },
      algorithm);
}

bool signs(SigningKey const& key) {
  TokenRules rules;
  rules.issuer = "i";
  rules.algorithms.add(key.algorithm());
  auto const token = key.sign(R"({"iss":"i","aud":"a","exp":2000})", "k");
  auto const keys = KeySet::parse(R"({"keys":[)" + key.public_jwk("k") + "]}");
  auto read = read_token(token->reveal(), rules);
  return read && keys &&
         prove_token(*std::move(read), rules, *keys, base::WallTime{std::chrono::seconds{1000}}).has_value();
}

TEST(SigningKey, APrivateJsonWebKeyOfEachKindSigns) {
  struct Kind {
    EVP_PKEY* key;
    Algorithm usual;
    Algorithm other;
  };
  for (auto const& [key, usual, other] : {Kind{EVP_RSA_gen(2048), Algorithm::rs256, Algorithm::ps256},
                                          Kind{EVP_EC_gen("P-256"), Algorithm::es256, Algorithm::es256},
                                          Kind{EVP_EC_gen("P-384"), Algorithm::es384, Algorithm::es384},
                                          Kind{EVP_EC_gen("P-521"), Algorithm::es512, Algorithm::es512}}) {
    auto members = jwk_members(key);
    EVP_PKEY_free(key);
    auto const made = from_members(members, std::nullopt);
    ASSERT_TRUE(made) << name_of(usual) << ' ' << made.error().detail;
    EXPECT_EQ(made->algorithm(), usual);
    EXPECT_TRUE(signs(*made)) << name_of(usual);
    EXPECT_TRUE(signs(*from_members(members, other))) << name_of(other);
    EXPECT_FALSE(from_members(members, Algorithm::eddsa));
    for (auto const& [name, value] : members) {  // each of them is needed
      auto less = members;
      less.erase(name);
      EXPECT_FALSE(from_members(less, std::nullopt)) << name_of(usual) << " without " << name;
    }
  }
}

TEST(SigningKey, RsaKeysAreOf2048BitsAtLeast) {
  for (int const bits : {2047, 2048}) {
    auto* const key = EVP_RSA_gen(static_cast<unsigned>(bits));
    auto const made = from_members(jwk_members(key), std::nullopt);
    EVP_PKEY_free(key);
    EXPECT_EQ(made.has_value(), bits == SigningKey::kRsaBitsMin);
    if (made) continue;
    EXPECT_EQ(made.error().detail, "the private key is too short: RSA needs 2048 bits");
  }
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
