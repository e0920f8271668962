#include "oauth/proof_key.hpp"

#include <gtest/gtest.h>

#include "oauth/dpop_check_test.hpp"

namespace weir::oauth {
namespace {

constexpr base::WallTime kNow{std::chrono::seconds{1'700'000'000}};

base::SystemRandom& chance() {
  static base::SystemRandom random;
  return random;
}
std::shared_ptr<KeyProver const> made(std::string algorithm = "") {
  auto key = proof_key({{}, std::move(algorithm)}, chance());
  EXPECT_TRUE(key);
  return *key;
}
std::string claims_of(base::Secret const& proof) {
  auto const text = proof.reveal();
  auto const dot = text.find('.');
  return base::from_base64url(text.substr(dot + 1, text.rfind('.') - dot - 1)).value_or("");
}

TEST(ProofKey, AProofIsForOneRequestAndIsOfTheBook_RFC9449) {
  auto const key = made();
  DpopCheck check;
  auto const plain = key->proof({"POST", "https://i.test/token"}, kNow);
  ASSERT_TRUE(plain);
  EXPECT_EQ(check(plain->reveal(), {"POST", "https://i.test/token", kNow}), "");
  EXPECT_EQ(check.thumbprint, key->thumbprint());
  EXPECT_EQ(check(plain->reveal(), {"POST", "https://i.test/token", kNow}), "replay");
  auto const shown = key->proof({"GET", "https://s.test/mcp", "n-1", "the-token"}, kNow);
  EXPECT_EQ(check(shown->reveal(), {"GET", "https://s.test/mcp", kNow, "n-1", "the-token"}), "");
}

TEST(ProofKey, TheAddressHasNeitherQueryNorFragment_RFC9449) {
  auto const key = made();
  for (auto const* const url : {"https://s.test/mcp?a=b", "https://s.test/mcp#c", "https://s.test/mcp?a#c",
                                "https://s.test/mcp", "https://s.test/mcp?"}) {
    DpopCheck check;
    EXPECT_EQ(check(key->proof({"POST", url}, kNow)->reveal(), {"POST", "https://s.test/mcp", kNow}), "")
        << url;
  }
}

TEST(ProofKey, WhatIsNotThereIsNotSaid) {
  auto const claims = claims_of(*made()->proof({"POST", "https://i.test/token"}, kNow));
  EXPECT_EQ(claims.find("ath"), std::string::npos) << claims;
  EXPECT_EQ(claims.find("nonce"), std::string::npos) << claims;
}

TEST(ProofKey, NoIdIsUsedTwice) {
  auto const key = made();
  DpopCheck check;
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(
        check(key->proof({"POST", "https://i.test/t"}, kNow)->reveal(), {"POST", "https://i.test/t", kNow}),
        "");
}

TEST(ProofKey, AKeyThatIsMadeIsAnotherOneEachTime) { EXPECT_NE(made()->thumbprint(), made()->thumbprint()); }

TEST(ProofKey, AKeyThatIsWrittenIsTheSameWhenRead) {
  for (auto const* const algorithm : {"ES256", "ES384", "PS256", "EdDSA"}) {
    auto const key = made(algorithm);
    EXPECT_EQ(key->algorithm(), algorithm);
    auto const again = proof_key({key->written(), ""}, chance());
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ((*again)->thumbprint(), key->thumbprint());
    EXPECT_EQ((*again)->algorithm(), algorithm);
  }
}

TEST(ProofKey, WhatCannotSignSaysWhy) {
  auto const why = [](std::string const& text, std::string algorithm) {
    auto const key = proof_key({base::Secret(text), std::move(algorithm)}, chance());
    return key ? "" : key.error().detail;
  };
  EXPECT_EQ(why("nothing", ""), "dpop_key: not a private key in PEM without a pass phrase");
  EXPECT_EQ(why(std::string(made()->written().reveal()), "RS256"),
            "dpop_key: the private key is not one for RS256");
  EXPECT_EQ(why("", "HS256"), "dpop_algorithm: no proofs are made by it");
  EXPECT_EQ(why("", "none"), "dpop_algorithm: no proofs are made by it");
}

TEST(ProofKey, WhereTheIssuerDoesNotKnowItsAlgorithmTheCureIsNamed) {
  auto const key = made();
  EXPECT_FALSE(unfit_for({}, *key));
  EXPECT_FALSE(unfit_for({"RS256", "ES256"}, *key));
  auto const unfit = unfit_for({"PS256", "EdDSA", "none", "<b>"}, *key);
  ASSERT_TRUE(unfit);
  EXPECT_EQ(unfit->cause, Cause::config);
  EXPECT_EQ(unfit->advice, "Set `dpop_algorithm`, or `dpop_key`, to one of PS256, EdDSA.");
  EXPECT_EQ(error_for_caller(*unfit, Flow::password, {}).hint, unfit->advice);
  EXPECT_NE(unfit_for({"HS256"}, *key)->advice.find("`dpop`"), std::string::npos);
}

}  // namespace
}  // namespace weir::oauth
