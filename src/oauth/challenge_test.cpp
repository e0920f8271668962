#include "oauth/challenge.hpp"

#include <gtest/gtest.h>

namespace weir::oauth {
namespace {

TEST(Challenge, SaysWhereTheMetadataAreAndWhichScopesAreWanted) {
  auto const one = Challenge::parse(
      R"(Bearer resource_metadata="https://s.test/.well-known/oauth-protected-resource/mcp", scope="a b", error=invalid_token)");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->resource_metadata, "https://s.test/.well-known/oauth-protected-resource/mcp");
  EXPECT_EQ(one->scopes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(one->error, "invalid_token");
}

TEST(Challenge, OthersArePassedOverAndNamesHaveNoCase) {
  for (auto const* const field :
       {R"(Basic realm="x, Bearer scope=no", bearer Scope="yes")", R"(Negotiate abc==, BEARER scope=yes)",
        R"(Digest a="\"", b=c , Bearer scope="yes", Basic realm="z")", R"(  , Bearer scope = "yes")",
        R"(Bearer scope="y\es")"}) {
    auto const found = Challenge::parse(field);
    ASSERT_TRUE(found) << field;
    EXPECT_EQ(found->scopes, std::vector<std::string>{"yes"}) << field;
  }
  auto const bare = Challenge::parse("Bearer");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->resource_metadata, "");
}

TEST(Challenge, AValueMayStandWithoutQuotesWhateverItHolds) {
  for (auto const* const field :
       {"Bearer resource_metadata=https://s.test/m?a=b, scope=files:read",
        "Bearer scope=files:read,resource_metadata=https://s.test/m?a=b",
        R"(Bearer scope=files:read resource_metadata=https://s.test/m?a=b, DPoP algs="ES256")"}) {
    auto const found = Challenge::parse(field);
    ASSERT_TRUE(found) << field;
    EXPECT_EQ(found->resource_metadata, "https://s.test/m?a=b") << field;
    EXPECT_EQ(found->scopes, std::vector<std::string>{"files:read"}) << field;
  }
  EXPECT_EQ(Challenge::parse("Bearer resource_metadata=/.well-known/m")->resource_metadata, "/.well-known/m");
  EXPECT_FALSE(Challenge::parse("Bearer resource_metadata=\x01")->names_metadata());
  EXPECT_FALSE(Challenge::parse("Bearer resource_metadata==")->names_metadata());
}

TEST(Challenge, OneForBoundTokensCountsAsWell_RFC9449) {
  auto const one = Challenge::parse(R"(DPoP error="use_dpop_nonce", resource_metadata="https://s.test/m")");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->error, "use_dpop_nonce");
  EXPECT_EQ(one->resource_metadata, "https://s.test/m");
  for (
      auto const* const field :
      {R"(DPoP algs="ES256", Bearer resource_metadata="m", scope="a", error="e")",
       R"(Bearer resource_metadata="m", DPoP algs="ES256", scope="a", error="e")",
       R"(Bearer resource_metadata="m", error="e", scope="a", DPoP resource_metadata="n", scope="b", error="f")"}) {
    auto const both = Challenge::parse(field);
    ASSERT_TRUE(both) << field;
    EXPECT_EQ(both->resource_metadata, "m") << field;
    EXPECT_EQ(both->scopes, std::vector<std::string>{"a"}) << field;
    EXPECT_EQ(both->error, "e") << field;
  }
  auto const bound = Challenge::parse(R"(Bearer error="a", DPoP error="b")", Challenge::Scheme::dpop);
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->error, "b");
  EXPECT_FALSE(Challenge::parse(R"(Bearer error="a")", Challenge::Scheme::dpop));
}

TEST(Challenge, WhatCannotBeReadSaysNothing) {
  for (auto const* const field :
       {"", ",", "Basic", "Bear er", "Bearerx scope=a", "\"Bearer\"", "Bearer scope=a, scope=b",
        "@ Bearer scope=a", "Basic realm=\"open, Bearer scope=a"}) {
    auto const found = Challenge::parse(field);
    EXPECT_FALSE(found && !found->scopes.empty()) << field;
  }
  auto const open = Challenge::parse("Bearer scope=\"never closed");
  EXPECT_TRUE(!open || open->scopes.empty());
  EXPECT_FALSE(Challenge::parse(std::string(Challenge::kTextMax, ' ') + "Bearer scope=a"));
}

}  // namespace
}  // namespace weir::oauth
