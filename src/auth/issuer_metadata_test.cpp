#include "auth/issuer_metadata.hpp"

#include <gtest/gtest.h>

namespace weir::auth {
namespace {

using Urls = std::vector<std::string>;

TEST(IssuerMetadata, IsLookedForWhereTheDocumentsPutIt) {
  EXPECT_EQ(metadata_urls("https://as.example"),
            (Urls{"https://as.example/.well-known/oauth-authorization-server",
                  "https://as.example/.well-known/openid-configuration"}));
  EXPECT_EQ(metadata_urls("https://as.example/"), metadata_urls("https://as.example"));
  EXPECT_EQ(metadata_urls("https://as.example:8443/realms/one"),
            (Urls{"https://as.example:8443/.well-known/oauth-authorization-server/realms/one",
                  "https://as.example:8443/.well-known/openid-configuration/realms/one",
                  "https://as.example:8443/realms/one/.well-known/openid-configuration"}));
}

TEST(IssuerMetadata, CountsOnlyForExactlyThisIssuer) {
  auto url = [](std::string const& issuer) {
    return jwks_url_of(R"({"issuer":")" + issuer + R"(","jwks_uri":"https://as.example/keys"})",
                       "https://as.example/");
  };
  EXPECT_EQ(*url("https://as.example/"), "https://as.example/keys");
  for (char const* const other : {"https://as.example", "https://AS.example/", "http://as.example/", "",
                                  "https://as.example/ ", "https://evil.example/"}) {
    ASSERT_FALSE(url(other)) << other;
    EXPECT_EQ(url(other).error().detail, "issuer metadata: it is of another issuer");
  }
}

TEST(IssuerMetadata, WhatItLacksIsSaid) {
  auto detail = [](std::string_view json, std::string_view issuer = "https://i") {
    return jwks_url_of(json, issuer).error().detail;
  };
  EXPECT_EQ(detail("<html>"), "issuer metadata: not a JSON object");
  EXPECT_EQ(detail(R"({"issuer":"https://i"})"), "issuer metadata: no `jwks_uri`");
  EXPECT_EQ(detail(R"({"issuer":"https://i","jwks_uri":"http://i/k"})"),
            "issuer metadata: `jwks_uri` is not https");
  EXPECT_EQ(detail(R"({"issuer":"http://i","jwks_uri":"file:///etc/passwd"})", "http://i"),
            "issuer metadata: `jwks_uri` is not https");
  EXPECT_TRUE(jwks_url_of(R"({"issuer":"http://i","jwks_uri":"http://i/k"})", "http://i"));
}

}  // namespace
}  // namespace weir::auth
