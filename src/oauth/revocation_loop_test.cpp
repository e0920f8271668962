#include "oauth/revocation_loop.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/virtual_loop.hpp"
#include "oauth/fake_issuer_test.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

struct Revoking : testing::Test {
  base::VirtualLoop loop;
  FakeIssuer issuer{loop};
  base::SeededRandom random{3};
  TokenEndpoint endpoint{loop, issuer, random};
  std::map<std::string, int> results;
  std::optional<RevocationLoop> revocations;

  Revoking() {
    issuer.answers = {FakeIssuer::json(200, "")};
    revocations.emplace(loop, endpoint, [this](std::string_view result) { ++results[std::string(result)]; });
  }
  void announce(std::shared_ptr<net::EgressGuard const> guard = nullptr) {
    revocations->announce(
        {*net::parse_url("https://issuer.test/revoke"), "https://issuer.test", std::move(guard), [] {
           return ClientIdentity{ClientAuth::post, "weir", base::Secret("s"), nullptr, nullptr};
         }});
  }
  std::weak_ptr<base::Secret const> give(std::string const& token, std::string const& scheme = "Bearer ") {
    auto const made = std::make_shared<base::Secret const>(base::Secret(scheme + token));
    revocations->inbox()->give_back(made);
    return made;
  }
};

TEST_F(Revoking, AnIssuerIsToldOnceOfEachTokenAndTheTokenIsWiped) {
  announce();
  auto const held = give("x-1");
  EXPECT_FALSE(held.expired());
  loop.advance(1ms);
  ASSERT_EQ(issuer.asked.size(), 1U);
  EXPECT_EQ(issuer.asked[0].url, "https://issuer.test/revoke");
  EXPECT_EQ(issuer.asked[0].form, "token=x-1&token_type_hint=access_token&client_id=weir&client_secret=s");
  EXPECT_TRUE(held.expired());  // base::Secret wipes with its last user
  give("x-2");
  loop.advance(1ms);
  EXPECT_EQ(issuer.asked.size(), 2U);
  EXPECT_EQ(results, (std::map<std::string, int>{{"done", 2}}));
}

TEST_F(Revoking, AnyAnswerOfSuccessIsHeard) {
  announce();
  for (int const status : {200, 202, 204}) {
    issuer.answers = {FakeIssuer::json(status, "")};
    give("x");
    loop.advance(1ms);
  }
  EXPECT_EQ(results, (std::map<std::string, int>{{"done", 3}}));
}

TEST_F(Revoking, ATokenThatIsBoundToAKeyIsNamedWithoutItsSchemeToo) {
  announce();
  give("x-1", "DPoP ");
  loop.advance(1ms);
  EXPECT_TRUE(issuer.asked.at(0).form.starts_with("token=x-1&")) << issuer.asked.at(0).form;
}

TEST_F(Revoking, AnAddressThatWasDiscoveredIsAskedUnderGuard) {
  announce();
  give("x-1");
  loop.advance(1ms);
  EXPECT_FALSE(issuer.asked.at(0).guarded) << "the operator named it";
  announce(std::make_shared<net::EgressGuard const>(net::EgressRules{}));
  give("x-2");
  loop.advance(1ms);
  EXPECT_TRUE(issuer.asked.at(1).guarded);
}

TEST_F(Revoking, WithoutAnAddressNothingIsKept) {
  EXPECT_TRUE(give("x-1").expired());
  announce();
  loop.advance(1s);
  EXPECT_TRUE(issuer.asked.empty());
}

TEST_F(Revoking, ARefusalIsNotRepeated) {
  announce();
  for (auto const& reply :
       {FakeIssuer::json(503, ""), FakeIssuer::json(400, R"({"error":"unsupported_token_type"})"),
        FakeIssuer::json(302, ""),
        FakeIssuer::Reply(base::Error(base::Fault::connect_failed, base::Blame::upstream, "gone"))}) {
    issuer.answers = {reply};
    give("x");
    loop.advance(10s);
  }
  EXPECT_EQ(issuer.asked.size(), 4U);
  EXPECT_EQ(results, (std::map<std::string, int>{{"failed", 4}}));
}

TEST_F(Revoking, FewAreAskedAtOnceAndNoMoreWaitThanMay) {
  announce();
  issuer.takes = 1s;
  std::size_t const all = RevocationLoop::kWaitingMax + 1;
  for (std::size_t i = 0; i < all; ++i) give("x-" + std::to_string(i));
  loop.advance(1ms);
  EXPECT_EQ(issuer.asked.size(), RevocationLoop::kAtOnce);
  EXPECT_EQ(results["overflow"], 1);
  give("one-more");  // there is room again
  loop.advance(1ms);
  EXPECT_EQ(results["overflow"], 1);
  issuer.takes = 1ms;
  loop.advance(10s);
  EXPECT_EQ(results["done"], static_cast<int>(all));
}

TEST_F(Revoking, WhatWaitsTooLongIsLetGo) {
  announce();
  issuer.takes = RevocationLoop::kWaitMax / 2;
  for (std::size_t i = 0; i < 4 * RevocationLoop::kAtOnce; ++i) give("x");
  loop.advance(RevocationLoop::kWaitMax * 3);
  // At 0 s, 30 s and 60 s; what is left at 90 s has waited for longer.
  EXPECT_EQ(results["done"], static_cast<int>(3 * RevocationLoop::kAtOnce));
  EXPECT_EQ(results["overflow"], static_cast<int>(RevocationLoop::kAtOnce));
}

TEST_F(Revoking, TheEndWipesWhatWaitsAndTakesNothingMore) {
  announce();
  issuer.takes = 1h;
  auto const held = give("x");
  auto const inbox = revocations->inbox();
  revocations.reset();
  EXPECT_TRUE(held.expired());
  inbox->give_back(std::make_shared<base::Secret const>(base::Secret("Bearer y")));
  loop.advance(1s);
  EXPECT_TRUE(issuer.asked.empty());
}

}  // namespace
}  // namespace weir::oauth
