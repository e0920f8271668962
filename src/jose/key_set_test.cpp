#include "jose/key_set.hpp"

#include <gtest/gtest.h>

#include "jose/signing_key.hpp"

namespace weir::jose {
namespace {

std::string set_of(std::string const& keys) { return R"({"keys":[)" + keys + "]}"; }

std::string made(Algorithm algorithm, std::string_view id) {
  return SigningKey::generate(algorithm)->public_jwk(id);
}

std::string without(std::string text, std::string const& part) {
  return text.erase(text.find(part), part.size());
}

TEST(KeySet, KeysAreFoundByExactIdAndFittingAlgorithm) {
  auto const set = KeySet::parse(set_of(made(Algorithm::rs256, "r") + "," + made(Algorithm::es256, "e") +
                                        "," + made(Algorithm::es384, "e3") + "," +
                                        made(Algorithm::es512, "e5") + "," + made(Algorithm::eddsa, "d")));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->size(), 5U);
  ASSERT_NE(set->find("r", Algorithm::rs256), nullptr);
  EXPECT_EQ(set->find("r", Algorithm::rs256)->id, "r");
  EXPECT_EQ(set->find("r", Algorithm::ps256), nullptr) << "the set says RS256 for it";
  EXPECT_EQ(set->find("r", Algorithm::es256), nullptr);
  EXPECT_EQ(set->find("R", Algorithm::rs256), nullptr);
  EXPECT_EQ(set->find("r ", Algorithm::rs256), nullptr);
  EXPECT_NE(set->find("e3", Algorithm::es384), nullptr);
  EXPECT_EQ(set->find("e3", Algorithm::es256), nullptr) << "P-384 is not for ES256";
  EXPECT_NE(set->find("e5", Algorithm::es512), nullptr);
  EXPECT_NE(set->find("d", Algorithm::eddsa), nullptr);
}

TEST(KeySet, WithoutAnIdThereMustBeNoChoice) {
  auto const one = KeySet::parse(set_of(made(Algorithm::es256, "a")));
  EXPECT_NE(one->find("", Algorithm::es256), nullptr);
  auto const two = KeySet::parse(set_of(made(Algorithm::es256, "a") + "," + made(Algorithm::es256, "b")));
  EXPECT_EQ(two->find("", Algorithm::es256), nullptr);
  EXPECT_NE(two->find("b", Algorithm::es256), nullptr);
}

TEST(KeySet, KeysThatCheckNoSignatureAreLeftOut) {
  auto const good = made(Algorithm::es256, "good");
  std::string const plain = without(made(Algorithm::es256, "k"), R"(,"alg":"ES256","use":"sig")");
  auto with = [&](std::string const& more) { return plain.substr(0, plain.size() - 1) + more + "}"; };
  for (auto const& bad :
       {std::string(R"({"kty":"oct","k":"AAAA","kid":"k"})"), std::string(R"({"kty":"dog"})"),
        std::string("{}"), with(R"(,"use":"enc")"), with(R"(,"use":1)"), with(R"(,"key_ops":["encrypt"])"),
        with(R"(,"key_ops":"x")"), with(R"(,"alg":"RS256")"), with(R"(,"alg":"HS256")"), with(R"(,"alg":7)"),
        with(R"(,"kid":"k")"), std::string(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})"),
        std::string(R"({"kty":"RSA","e":"AQAB"})"),
        std::string(R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})"),
        std::string(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})"),
        std::string(R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"),
        std::string(R"({"kty":"OKP","crv":"Ed25519","x":"11qY"})")}) {
    auto const set = KeySet::parse(set_of(good + "," + bad));
    ASSERT_TRUE(set) << bad;
    EXPECT_EQ(set->size(), 1U) << bad;
    EXPECT_EQ(set->left_out(), 1U) << bad;
  }
  EXPECT_EQ(KeySet::parse(set_of(good + "," + plain))->size(), 2U) << "the same key as such is taken";
  EXPECT_EQ(KeySet::parse(set_of(good + "," + with(R"(,"key_ops":["verify"])")))->size(), 2U);
}

TEST(KeySet, APointThatIsNotOnTheCurveIsNoKey) {
  std::string const zero(43, 'A');
  auto const set =
      KeySet::parse(set_of(R"({"kty":"EC","crv":"P-256","x":")" + zero + R"(","y":")" + zero + "\"}"));
  EXPECT_FALSE(set);
}

TEST(KeySet, WhatIsNoKeySetSaysWhy) {
  for (auto const& [text, why] :
       std::vector<std::pair<std::string, std::string>>{{"", "array `keys`"},
                                                        {"[]", "array `keys`"},
                                                        {"{}", "array `keys`"},
                                                        {R"({"keys":{}})", "array `keys`"},
                                                        {R"({"keys":[1]})", "array `keys`"},
                                                        {R"({"keys":[]})", "no key"},
                                                        {"<html>", "array `keys`"}}) {
    auto const set = KeySet::parse(text);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().fault, base::Fault::protocol);
    EXPECT_NE(set.error().detail.find(why), std::string::npos) << set.error().detail;
  }
}

TEST(KeySet, BothSidesOfItsLimits) {
  auto const good = made(Algorithm::es256, "good");
  auto many = [&](std::size_t count) {
    std::string keys = good;
    for (std::size_t i = 1; i < count; ++i) keys += ",{}";
    return set_of(keys);
  };
  EXPECT_TRUE(KeySet::parse(many(KeySet::kKeysMax)));
  EXPECT_FALSE(KeySet::parse(many(KeySet::kKeysMax + 1)));
  auto padded = [&](std::size_t size) {
    auto text = set_of(good);
    return text + std::string(size - text.size(), ' ');
  };
  EXPECT_TRUE(KeySet::parse(padded(KeySet::kTextBytesMax)));
  EXPECT_FALSE(KeySet::parse(padded(KeySet::kTextBytesMax + 1)));
}

}  // namespace
}  // namespace weir::jose
