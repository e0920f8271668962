// What an issuer says of the gateway as its client: for how long, and of what, that counts.
#include <gtest/gtest.h>

#include "oauth/source_rig_test.hpp"

namespace weir::oauth {
namespace {

using base::Fault;
using Clients = ExchangeRig;

TEST_F(Clients, WhatAClientWasRefusedIsNoneOfTheNextSecrets_F09_F28) {
  issuer.answer = [this](FakeIssuer::Asked const& asked) {
    bool const good = asked.field("Authorization") == "Basic d2VpcjpuZXc=";  // weir:new
    return good ? fresh() : FakeIssuer::json(401, R"({"error":"invalid_client"})");
  };
  auto const ann = user("ann");
  begin();
  EXPECT_EQ(text(&ann), "config");
  EXPECT_EQ(text(nullptr), "config");
  begin();  // a reload that changes something else
  EXPECT_EQ(text(&ann), "config");
  EXPECT_EQ(issuer.asked.size(), 1U);  // remembered for all
  options.client.secret = base::Secret("new");
  begin();
  EXPECT_EQ(text(&ann), "Bearer x-1");
  EXPECT_EQ(text(nullptr), "Bearer x-2");
  options.client.secret = base::Secret("newer");
  begin();
  EXPECT_EQ(text(&ann), "Bearer x-1") << "a token does not end with the secret that it was asked for with";
  EXPECT_EQ(issuer.asked.size(), 3U);
}

TEST_F(Clients, AnotherIdOrKeyOfTheClientIsAnotherClientToo_F09) {
  struct Maker final : AssertionMaker {
    explicit Maker(std::string print) : print_(std::move(print)) {}
    base::Result<base::Secret> assertion(std::string const&, std::string const&,
                                         base::WallTime) const override {
      return base::Secret("signed");
    }
    std::string fingerprint() const override { return print_; }
    std::string print_;
  };
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(401, R"({"error":"invalid_client"})");
  };
  auto const ann = user("ann");
  std::size_t asked = 0;
  auto const changed = [&](char const* what, auto&& change) {
    change();
    for (int i = 0; i < 2; ++i) {
      begin();
      EXPECT_EQ(text(&ann), "config");
    }
    EXPECT_EQ(issuer.asked.size(), ++asked) << what;
  };
  changed("first", [] {});
  changed("id", [&] { options.client.id = "weir-2"; });
  changed("key", [&] { options.client.assertions = std::make_shared<Maker>("one"); });
  changed("another key", [&] { options.client.assertions = std::make_shared<Maker>("two"); });
  changed("at the company", [&] { options.company_client.id = "weir-3"; });
  changed("its secret", [&] { options.company_client.secret = base::Secret("s"); });
  changed("its key", [&] { options.company_client.assertions = std::make_shared<Maker>("one"); });
}

TEST_F(Clients, AnIssuerThatGivesNoTokenForListsIsToldWithItsCureAndCostsNoCall) {
  for (auto const* const code : {"unauthorized_client", "unsupported_grant_type", "invalid_scope"}) {
    made = 0;
    alarms.clear();
    options.server = std::string("of ") + code;
    issuer.answer = [this, code](FakeIssuer::Asked const& asked) {
      if (asked.form.find("client_credentials") == std::string::npos) return fresh();
      return FakeIssuer::json(400, std::string(R"({"error":")") + code + R"(","error_description":"no"})");
    };
    begin();
    auto const lists = get(nullptr);
    ASSERT_FALSE(lists);
    EXPECT_EQ(lists.error().fault, Fault::config);
    EXPECT_EQ(lists.error().detail,
              std::string("its lists cannot be read: the issuer gives Weir no token of its own (") + code +
                  ": no); allow Weir's client the grant client_credentials there");
    EXPECT_NE(lists.error().hint.find("grant client_credentials"), std::string::npos);
    auto const ann = user("ann");
    EXPECT_EQ(text(&ann), "Bearer x-1") << "what callers are given is another question";
  }
  EXPECT_EQ(issuer.asked.size(), 6U);
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(401, R"({"error":"invalid_client"})");
  };
  options.server = "other";
  begin();
  EXPECT_EQ(get(nullptr).error().detail.find("lists"), std::string::npos) << "that is about all it does";
  auto const ann = user("ann");
  EXPECT_EQ(text(&ann), "config");
}

}  // namespace
}  // namespace weir::oauth
