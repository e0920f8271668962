#include "secrets/secret_mask.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "base/base64url.hpp"

namespace weir::secrets {
namespace {

using base::Secret;

SecretMask mask_of(std::initializer_list<char const*> values) {
  std::vector<Secret> secrets;
  for (auto const* value : values) secrets.emplace_back(value);
  return SecretMask(secrets);
}

TEST(Secret, PrintsAsStarsWhereverItIsPrinted) {
  Secret const secret("hunter2-hunter2");
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "***");
  EXPECT_EQ(fmt::format("{}", secret), "***");
  EXPECT_EQ(secret.reveal(), "hunter2-hunter2");
}

TEST(Secret, CopiesAreEqualAndAMovedFromOneIsEmpty) {
  Secret first("abc");
  Secret const copy = first;
  EXPECT_EQ(copy, first);
  Secret const moved = std::move(first);
  EXPECT_EQ(moved, copy);
  EXPECT_TRUE(first.empty());  // NOLINT: what a move leaves behind is the point
  EXPECT_FALSE(moved == Secret("abd"));
}

TEST(SecretMask, MasksEveryOccurrenceByValue) {
  auto const mask = mask_of({"s3cret-token"});
  EXPECT_EQ(mask.masked("a s3cret-token, again s3cret-token."), "a ***, again ***.");
  EXPECT_EQ(mask.masked("s3cret-token"), "***");
  EXPECT_EQ(mask.masked("s3cret-toke"), "s3cret-toke");
  std::string text = "xs3cret-tokens3cret-tokenx";
  EXPECT_EQ(mask.apply(text), 2U);
  EXPECT_EQ(text, "x******x");
}

TEST(SecretMask, LeavesNothingBehindTheEndOfAText_R011) {
  std::string text = "the value is 0123456789-hunter2-hunter2-hunter2";
  auto const before = text.size();
  EXPECT_EQ(mask_of({"0123456789-hunter2-hunter2-hunter2"}).apply(text), 1U);
  EXPECT_EQ(text, "the value is ***");
  ASSERT_GE(text.capacity(), before);
  EXPECT_EQ(std::string_view(text.data(), before).find("hunter"), std::string_view::npos);
}

TEST(SecretMask, MasksSixBytesButNotFive) {
  auto const mask = mask_of({"12345", "abcdef"});
  EXPECT_EQ(mask.masked("12345 abcdef"), "12345 ***");
}

TEST(SecretMask, TheLongestValueWinsWhereTwoBeginTogether) {
  auto const mask = mask_of({"token-1", "token-1-and-more", "token-1"});
  EXPECT_EQ(mask.masked("<token-1-and-more> <token-1>"), "<***> <***>");
}

TEST(SecretMask, MasksTheLinesOfAKeyFileButNotItsFrame) {
  auto const mask = mask_of({"-----BEGIN KEY-----\nMIIBVwIBADAN\r\nBgkqhkiG9w0B\n-----END KEY-----"});
  EXPECT_EQ(mask.masked("MIIBVwIBADAN and BgkqhkiG9w0B"), "*** and ***");
  EXPECT_EQ(mask.masked("-----BEGIN KEY-----"), "-----BEGIN KEY-----");
}

// What an issuer or a server may repeat of what it was sent.
TEST(SecretMask, MasksAValueAlsoAsItWasSent_F56) {
  auto const mask = mask_of({"s3cret/\"to ken\"~1"});
  EXPECT_EQ(mask.masked(R"({"secret":"s3cret/\"to ken\"~1"})"), R"({"secret":"***"})");
  EXPECT_EQ(mask.masked("client_secret=s3cret%2F%22to+ken%22%7E1&x=1"), "client_secret=***&x=1");
  EXPECT_EQ(mask.masked("?key=s3cret%2f%22to%20ken%22~1&x=1"), "?key=***&x=1");
}

TEST(SecretMask, MasksAValueWithinBase64ButNotWhatStandsAround_F56) {
  std::string const value = "s3cret-token-0123";
  auto const mask = mask_of({value.c_str()});
  for (std::size_t before = 0; before < 6; ++before) {
    for (std::size_t behind = 0; behind < 6; ++behind) {
      auto const code = base::to_base64(std::string(before, ':') + value + std::string(behind, ':'));
      auto text = "Basic " + code + " is not known";
      EXPECT_EQ(mask.apply(text), 1U) << code;
      EXPECT_TRUE(text.starts_with("Basic " + code.substr(0, before / 3 * 4))) << text;
      EXPECT_TRUE(text.ends_with(" is not known")) << text;
      EXPECT_LE(text.size() + 8 * value.size() / 6 - 1, code.size() + 22) << text;
    }
  }
}

TEST(SecretMask, MasksAKeyFileInJsonWhole_F56) {
  auto const mask = mask_of({"-----BEGIN KEY-----\nMIIBVwIBADAN\n-----END KEY-----"});
  EXPECT_EQ(mask.masked("key: \"-----BEGIN KEY-----\\nMIIBVwIBADAN\\n-----END KEY-----\""), "key: \"***\"");
}

TEST(SecretMask, AnEmptyMaskChangesNothing) {
  SecretMask const mask;
  EXPECT_TRUE(mask.empty());
  EXPECT_EQ(mask.masked("anything at all"), "anything at all");
}

TEST(SecretMask, FindsAValueAtEveryPlaceOfALine) {
  auto const mask = mask_of({"\xFF\xFE\x01\x02zz", "aaaaaa", "baaaaa"});
  for (std::size_t at = 0; at < 40; ++at) {
    std::string line(40, '.');
    line.insert(at, "baaaaa");
    auto const masked = mask.masked(line);
    EXPECT_EQ(masked.find("aaaaa"), std::string::npos) << at;
    EXPECT_EQ(masked.size(), 43U);
  }
}

}  // namespace
}  // namespace weir::secrets
