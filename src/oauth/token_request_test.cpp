#include "oauth/token_request.hpp"

#include <gtest/gtest.h>

namespace weir::oauth {
namespace {

constexpr base::WallTime kNow{std::chrono::seconds{1'700'000'000}};

struct Maker final : AssertionMaker {
  base::Result<base::Secret> assertion(std::string const& client, std::string const& audience,
                                       base::WallTime) const override {
    return base::Secret("signed." + client + "." + audience);
  }
  std::string fingerprint() const override { return "of-the-maker"; }
};

TokenRequest question() {
  TokenRequest request;
  request.endpoint = *net::parse_url("https://issuer.test/token?tenant=1");
  request.add("grant_type", "client_credentials");
  request.add("scope", "a b&c");
  return request;
}

std::string field(net::FetchRequest const& request, std::string_view name) {
  for (auto const& [key, value] : request.fields) {
    if (key == name) return std::string(value.reveal());
  }
  return {};
}

TEST(TokenRequest, IsAFormByPost) {
  auto const sent = written(question(), {ClientAuth::none, "weir", {}, {}, {}}, "", kNow);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->method, "POST");
  EXPECT_EQ(sent->url.text(), "https://issuer.test/token?tenant=1");
  EXPECT_EQ(sent->body.reveal(), "grant_type=client_credentials&scope=a+b%26c&client_id=weir");
  EXPECT_EQ(field(*sent, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(field(*sent, "Authorization"), "");
}

TEST(TokenRequest, ShowsTheClientAsConfigured) {
  ClientIdentity client{ClientAuth::basic, "we:ir", base::Secret("p w%"), {}, {}};
  auto sent = written(question(), client, "", kNow);
  EXPECT_EQ(field(*sent, "Authorization"), "Basic d2UlM0FpcjpwK3clMjU=");  // we%3Air:p+w%25
  EXPECT_EQ(sent->body.reveal(), "grant_type=client_credentials&scope=a+b%26c");

  client.auth = ClientAuth::post;
  sent = written(question(), client, "", kNow);
  EXPECT_EQ(sent->body.reveal(),
            "grant_type=client_credentials&scope=a+b%26c&client_id=we%3Air&client_secret=p+w%25");

  client.auth = ClientAuth::private_key_jwt;
  EXPECT_FALSE(written(question(), client, "", kNow));
  client.assertions = std::make_shared<Maker>();
  auto request = question();
  request.issuer = "https://issuer.test";
  sent = written(request, client, "", kNow);
  EXPECT_TRUE(sent->body.reveal().ends_with(
      "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A"
      "jwt-bearer&client_assertion=signed.we%3Air.https%3A%2F%2Fissuer.test"));
}

TEST(TokenRequest, AFormOfAnySizeIsWhole) {
  Form form;
  for (int i = 0; i < 3000; ++i) form.add("k", "v/");
  EXPECT_EQ(form.text().size(), 3000U * 7 - 1);
}

TEST(TokenRequest, WhatMustNotBeShownIsKnown) {
  auto request = question();
  request.add("subject_token", "s-1");
  request.add("subject_token_type", "urn:x");
  ClientIdentity const client{ClientAuth::post, "weir", base::Secret("c-1"), {}, {}};
  EXPECT_EQ(secrets_of(request, client), (std::vector<std::string_view>{"s-1", "c-1"}));
}

}  // namespace
}  // namespace weir::oauth
