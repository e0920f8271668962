#include "app/worker_plan.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"

namespace weir::app {
namespace {

struct Plans : testing::Test {
  base::VirtualLoop loop;
  base::TimePoint now{};
  config::Settings settings;
  WorkerPlanner planner{{place(), place(), place()}};

  std::shared_ptr<base::Workplace> place() { return std::make_shared<base::Workplace>(loop); }
  config::Server& add(std::string name) {
    config::Server server;
    server.name = std::move(name);
    server.urls = {"http://127.0.0.1:1/mcp"};
    return settings.servers.emplace_back(std::move(server));
  }
  std::shared_ptr<WorkerPlan const> next() {
    return planner.next(std::make_shared<config::Settings const>(settings), now);
  }
};

TEST_F(Plans, ServersTakeTurnsOverTheWorkers) {
  for (char const* name : {"a", "b", "c", "d"}) add(name);
  auto const plan = next();
  ASSERT_EQ(plan->servers.size(), 4U);
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_EQ(plan->servers[i]->number, i);
    EXPECT_EQ(plan->servers[i]->home->worker(), i % 3);
  }
}

TEST_F(Plans, WhatStaysEqualKeepsItsPlaceAndWhatChangesIsNew) {
  add("a");
  add("b");
  auto const before = next();
  settings.servers[0].timeouts.call = std::chrono::milliseconds{1};
  std::swap(settings.servers[0], settings.servers[1]);
  auto const after = next();
  EXPECT_EQ(after->servers[0], before->servers[1]);
  EXPECT_EQ(after->servers[1]->number, 2U);
  EXPECT_NE(after->servers[1]->home, before->servers[0]->home);
}

TEST_F(Plans, AnotherSignInMakesAnotherServerAndTheSameOneDoesNot) {
  std::string sign_in = "i-1";
  WorkerPlanner own({place()}, [&](std::string const&) {
    Trusted trusted;
    trusted.sign_in = sign_in;
    return trusted;
  });
  add("a").oauth.emplace().grant = config::OAuthGrant::authorization_code;
  add("b");
  auto const plan = [&] { return own.next(std::make_shared<config::Settings const>(settings))->servers; };
  auto const first = plan();
  EXPECT_EQ(first[0]->settings.oauth->sign_in, "i-1");
  EXPECT_EQ(plan(), first);
  sign_in = "i-2";
  auto const second = plan();
  EXPECT_NE(second[0], first[0]);
  EXPECT_EQ(second[1], first[1]);
}

TEST_F(Plans, WhatCannotBeStartedIsLeftOutAndSaidWhy) {
  add("fine");
  add("off").disabled = true;
  add("poor").unusable = "${TOKEN} is not set";
  add("odd").urls = {"http://"};
  auto const plan = next();
  EXPECT_EQ(plan->servers.size(), 1U);
  EXPECT_EQ(plan->problems.size(), 2U);
  EXPECT_EQ(plan->problems.at("poor"), "${TOKEN} is not set");
  EXPECT_FALSE(plan->problems.at("odd").empty());
}

TEST_F(Plans, OtherCredentialsOfAnHttpServerChangeItsSlotAndNothingElse_R059) {
  add("a").headers = {{"X-Key", base::Secret("old")}};
  auto const before = next();
  settings.servers[0].headers[0].second = base::Secret("new");
  settings.servers[0].credential = {"Authorization", base::Secret("Bearer x")};
  auto const after = next();
  EXPECT_EQ(after->servers[0]->number, before->servers[0]->number);
  EXPECT_EQ(after->servers[0]->home, before->servers[0]->home);
  EXPECT_EQ(after->servers[0]->settings, settings.servers[0]);
  auto const use = after->servers[0]->credential->use();
  EXPECT_EQ(use.edition, 2U);
  ASSERT_EQ(use.fields->size(), 2U);
  EXPECT_EQ(use.fields->at(0).second.reveal(), "new");
  settings.servers[0].timeouts.call = std::chrono::milliseconds{1};
  EXPECT_NE(next()->servers[0]->number, before->servers[0]->number);
}

TEST_F(Plans, SoDoesWhatIssuersAreShownForItsTokens_F30) {
  add("a");
  add("b");
  auto& oauth = settings.servers[0].oauth.emplace();
  oauth.client = {"weir", base::Secret("old"), {}, {}, {}, config::OAuthClientAuth::any};
  oauth.token_url = "https://i.test/token";
  auto const before = next();
  settings.servers[0].oauth->client.secret = base::Secret("new");
  auto const after = next();
  EXPECT_EQ(after->servers[0]->number, before->servers[0]->number);
  EXPECT_EQ(after->servers[0]->settings, settings.servers[0]);
  auto const use = after->servers[0]->shown->use();
  EXPECT_EQ(use.edition, 2U);
  ASSERT_EQ(use.fields->size(), 1U);
  EXPECT_EQ(use.fields->at(0).second.reveal(), "new");
  EXPECT_EQ(after->servers[0]->credential->edition(), 1U);
  EXPECT_EQ(after->servers[1]->shown, nullptr);
  settings.servers[0].oauth->client.id = "other";
  EXPECT_NE(next()->servers[0]->number, before->servers[0]->number);
}

TEST_F(Plans, WhatWasRefusedOnceIsOfferedAgain) {
  add("a").headers = {{"X-Key", base::Secret("old")}};
  next();
  settings.servers[0].headers[0].second = base::Secret("new");
  auto const plan = next();
  auto& slot = *plan->servers[0]->credential;
  auto const refuse = [&] {
    EXPECT_TRUE(slot.instead_of(slot.edition(), now));
    slot.answered(1, 200, now);
    EXPECT_EQ(slot.use().fields->at(0).second.reveal(), "old");
  };
  refuse();
  now += core::CredentialSlot::kNotAgain;
  next();  // a reload
  EXPECT_EQ(slot.use().fields->at(0).second.reveal(), "new");
  refuse();
  now += core::CredentialSlot::kNotAgain;
  planner.offer_again("b", now);
  EXPECT_EQ(slot.edition(), 1U);
  planner.offer_again("a", now);
  EXPECT_EQ(slot.use().fields->at(0).second.reveal(), "new");
  auto const edition = slot.edition();
  planner.offer_again("a", now);
  EXPECT_EQ(slot.edition(), edition);
}

TEST_F(Plans, AChildWithOtherVariablesIsAnotherChild) {
  auto& server = add("a");
  server.kind = config::UpstreamKind::stdio;
  server.urls.clear();
  server.command = "c";
  server.env = {{"TOKEN", base::Secret("old")}};
  auto const before = next();
  EXPECT_EQ(before->servers[0]->credential, nullptr);
  settings.servers[0].env[0].second = base::Secret("new");
  EXPECT_NE(next()->servers[0]->number, before->servers[0]->number);
}

}  // namespace
}  // namespace weir::app
