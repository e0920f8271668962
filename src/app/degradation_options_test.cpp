#include "app/degradation_options.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using base::Fault;
using config::FallbackKind;
using fallback::Strategy;

config::Settings settings_with(config::Degradation of) {
  config::Settings settings;
  settings.servers.emplace_back().name = "docs";
  settings.servers.back().timeouts.call = 2s;
  of.server = "docs";
  settings.degradation.push_back(std::move(of));
  return settings;
}

TEST(DegradationOptions, AServerWithoutASectionHasItsTimeAndNothingElse_C7) {
  config::Settings settings;
  settings.servers.emplace_back().name = "docs";
  auto const made = fallback_options(settings, settings.servers[0]);
  EXPECT_EQ(made.server, "docs");
  EXPECT_EQ(made.call, 5s);
  EXPECT_TRUE(made.plan.empty());
  EXPECT_TRUE(made.tools.empty());
}

TEST(DegradationOptions, EveryWordMeansItsStrategy_C4) {
  std::pair<FallbackKind, Strategy> const words[] = {
      {FallbackKind::any_copy, Strategy::use_cache},   {FallbackKind::stale_copy, Strategy::use_stale_cache},
      {FallbackKind::server, Strategy::server},        {FallbackKind::backup, Strategy::use_local_backup},
      {FallbackKind::standard, Strategy::use_default}, {FallbackKind::message, Strategy::message},
  };
  for (auto const& [kind, strategy] : words) {
    config::Degradation of;
    of.fallback.explicit_chain = true;
    of.fallback.chain = {{FallbackKind::skip, {}, {}, {}}, {kind, "mirror", "find", "text"}};
    auto const settings = settings_with(of);
    auto const made = fallback_options(settings, settings.servers[0]);
    auto const& steps = made.plan.steps_for(Fault::timed_out);
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(steps[0], (fallback::Step{strategy, "mirror", "find", "text"}));
  }
}

TEST(DegradationOptions, ToolsHaveTheirOwnTimeAndChain) {
  config::Degradation of;
  of.stale_ok = true;
  of.retry.idempotent = {"get_*"};
  of.tools = {{"slow*", 9s, std::nullopt},
              {"safe", std::nullopt, config::FallbackSettings{true, {}, {}, {}, {}, {}}}};
  auto const settings = settings_with(of);
  auto const made = fallback_options(settings, settings.servers[0]);
  EXPECT_EQ(made.call, 2s);
  EXPECT_EQ(made.repeat.idempotent, of.retry.idempotent);
  ASSERT_EQ(made.tools.size(), 2U);
  EXPECT_EQ(made.tools[0].call, base::Duration(9s));
  EXPECT_FALSE(made.tools[0].plan);
  ASSERT_TRUE(made.tools[1].plan);
  EXPECT_TRUE(made.tools[1].plan->empty());
  EXPECT_FALSE(made.plan.empty());
}

}  // namespace
}  // namespace weir::app
