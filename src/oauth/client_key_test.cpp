#include "oauth/client_key.hpp"

#include <gtest/gtest.h>

#include <set>

#include "jose/token.hpp"

namespace weir::oauth {
namespace {

constexpr base::WallTime kNow{std::chrono::seconds{1'700'000'000}};

// RFC 8410 section 10.3, RFC 8037 appendix A.1: Ed25519 private keys.
constexpr char kPem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";
constexpr char kJwk[] = R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",)"
                        R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"of-the-key"})";

base::SystemRandom& chance() {
  static base::SystemRandom random;
  return random;
}
base::Result<std::shared_ptr<ClientKey const>> read(std::string const& text, std::string id = "",
                                                    std::string algorithm = "") {
  return read_client_key({base::Secret(text), std::move(id), std::move(algorithm)}, chance());
}
std::string why(std::string const& text, std::string algorithm = "") {
  auto const made = read(text, "", std::move(algorithm));
  return made ? "" : made.error().detail;
}
std::string with(std::string text, std::string const& from, std::string const& to) {
  auto const at = text.find(from);
  return at == std::string::npos ? "no " + from : text.replace(at, from.size(), to);
}

struct Read {
  jose::JsonObject claims;
  std::string key_id;
};
Read proven(base::Secret const& assertion, jose::SigningKey const& key) {
  jose::TokenRules rules;
  rules.issuer = "we\"ir";
  rules.algorithms.add(key.algorithm());
  auto unproven = jose::read_token(assertion.reveal(), rules);
  EXPECT_TRUE(unproven) << jose::name_of(unproven.error());
  auto const id = unproven->key_id;
  auto const keys = jose::KeySet::parse(R"({"keys":[)" + key.public_jwk(id) + "]}");
  auto made = jose::prove_token(*std::move(unproven), rules, *keys, kNow);
  EXPECT_TRUE(made) << jose::name_of(made.error());
  return {std::move(made->claims), id};
}

TEST(ClientKey, AnAssertionSaysWhoForWhomAndForAMinute) {
  using Given = std::pair<std::string, std::string>;
  for (auto const& [text, id] : {Given{kPem, "k1"}, Given{kJwk, ""}}) {
    auto const key = read(text, id);
    ASSERT_TRUE(key) << key.error().detail;
    auto const assertion = (*key)->assertion("we\"ir", "https://issuer.test", kNow);
    ASSERT_TRUE(assertion);
    auto const [claims, key_id] = proven(*assertion, (*key)->key());
    EXPECT_EQ(key_id, id.empty() ? "of-the-key" : "k1");
    EXPECT_EQ(claims.text("sub"), "we\"ir");
    EXPECT_EQ(claims.text("aud"), "https://issuer.test");
    EXPECT_EQ(claims.seconds("iat"), 1'700'000'000);
    EXPECT_EQ(claims.seconds("exp"), 1'700'000'060);
  }
}

TEST(ClientKey, NoAssertionIsMadeTwice) {
  auto const key = read(kJwk);
  ASSERT_TRUE(key);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    auto const claims = proven(*(*key)->assertion("we\"ir", "a", kNow), (*key)->key()).claims;
    EXPECT_TRUE(seen.insert(claims.text("jti").value_or("")).second);
  }
}

TEST(ClientKey, WhatWasConfiguredComesBeforeWhatTheKeySays) {
  EXPECT_EQ((*read(kJwk))->id(), "of-the-key");
  EXPECT_EQ((*read(kJwk, "mine"))->id(), "mine");
  EXPECT_EQ((*read(kPem))->id(), "");
  EXPECT_EQ(why(with(kJwk, "\"kty\"", R"("alg":"RS256","kty")")),
            "client_key: the private key is not one for RS256");
  EXPECT_EQ(why(with(kJwk, "\"kty\"", R"("alg":"RS256","kty")"), "EdDSA"), "");
}

TEST(ClientKey, WhatCannotSignSaysWhy) {
  EXPECT_EQ(why(""), "client_key: not a private key in PEM without a pass phrase");
  EXPECT_EQ(why("/etc/key.pem"), "client_key: not a private key in PEM without a pass phrase");
  EXPECT_EQ(why("{\"kty\":"), "client_key: not a JSON Web Key: its JSON cannot be read");
  EXPECT_EQ(why(R"({"kty":"OKP","kty":"EC"})"), "client_key: not a JSON Web Key: its JSON cannot be read");
  EXPECT_EQ(why(with(kJwk, "\"kty\"", R"("use":"enc","kty")")),
            "client_key: the JSON Web Key is not for signatures");
  EXPECT_EQ(why(kPem, "HS256"), "client_key: no signatures are made by the algorithm that it names");
  EXPECT_EQ(why(kPem, "none"), "client_key: no signatures are made by the algorithm that it names");
  auto const unfit = "client_key: not a private JSON Web Key that can sign";
  EXPECT_EQ(why(with(kJwk, "\"d\"", "\"e\"")), unfit) << "a public key";
  EXPECT_EQ(why(with(kJwk, "11qYAY", "11qYAZ")), unfit) << "the public part of another one";
  EXPECT_EQ(why(with(kJwk, "Ed25519", "X25519")), unfit);
  EXPECT_EQ(why(R"({"kty":"oct","k":"AAAA"})"), unfit);
}

}  // namespace
}  // namespace weir::oauth
