#include "limits/limits_layer.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "core/outcome.hpp"

namespace weir::limits {
namespace {

using namespace std::chrono_literals;

struct Inside final : core::Handler {
  base::Task<base::Result<core::Outcome>> handle(core::Call&) override {
    ++calls;
    co_return core::from_result("{}");
  }
  int calls = 0;
};

struct World {
  explicit World(config::RateLimits const& limits = {}) : rates(limits, 7) {}
  base::Task<void> ask(std::string method, core::Principal const who) {
    core::Call call(std::move(*mcp::decode(R"({"jsonrpc":"2.0","id":1,"method":")" + method + "\"}")));
    call.principal = &who;
    auto const outcome = co_await layer.handle(call);
    facts = call.facts.rate;
    error.reset();
    if (!outcome) error = outcome.error();
  }
  bool passes(std::string method = "tools/call", core::Principal const& who = {"key:a", "key", {}}) {
    tasks.spawn(ask(std::move(method), who));
    return !error;
  }
  double counted(std::string_view kind, std::string_view reason) {
    return metrics.gateway().rate_limited.of(kind).of(reason).value();
  }
  base::VirtualLoop loop;
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  RateTable rates;
  Overload overload{{}};
  std::shared_ptr<Inside> inside = std::make_shared<Inside>();
  LimitsLayer layer{inside, loop, rates, overload, metrics.gateway().rate_limited};
  std::optional<base::Error> error;
  core::RateFacts facts;
  base::TaskGroup tasks{loop};
};

config::RateLimits two_in_a_row() {
  config::RateLimits limits;
  limits.per_principal.per_second = 1;
  limits.burst = 2;
  return limits;
}

TEST(LimitsLayer, WithoutLimitsEverythingPassesAndNothingIsSaid) {
  World world;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(world.passes());
  EXPECT_EQ(world.facts.quota, 0U);
  EXPECT_EQ(world.rates.size(), 0U);
}

TEST(LimitsLayer, OverTheRateACallIsRefusedWithATimeAndCounted) {
  World world(two_in_a_row());
  EXPECT_TRUE(world.passes());
  EXPECT_EQ(world.facts.remaining, 1U);
  EXPECT_TRUE(world.passes());
  EXPECT_FALSE(world.passes());
  EXPECT_EQ(world.error->fault, base::Fault::limited);
  EXPECT_EQ(world.error->blame, base::Blame::client);
  EXPECT_EQ(world.error->retry, base::Retry::always);
  EXPECT_EQ(world.error->retry_after, 1s);
  EXPECT_FALSE(world.error->hint.empty());
  EXPECT_EQ(world.facts.quota, 2U);
  EXPECT_EQ(world.facts.remaining, 0U);
  EXPECT_EQ(world.facts.full_in, 2s);
  EXPECT_EQ(world.counted("key", "rate"), 1);
  EXPECT_EQ(world.inside->calls, 2);
  world.loop.advance(1s);
  EXPECT_TRUE(world.passes());
}

TEST(LimitsLayer, AnonymousCallersShareOneBucket) {
  World world(two_in_a_row());
  core::Principal const anonymous{"anonymous", "anonymous", {}};
  world.passes("tools/call", anonymous);
  world.passes("tools/call", anonymous);
  EXPECT_FALSE(world.passes("tools/call", anonymous));
  EXPECT_EQ(world.counted("anonymous", "rate"), 1);
  EXPECT_TRUE(world.passes());
}

TEST(LimitsLayer, PingsCancelsAndNotificationsAreFreeAndListsCount) {
  World world(two_in_a_row());
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(world.passes("ping"));
    EXPECT_TRUE(world.passes("tasks/cancel"));
    EXPECT_TRUE(world.passes("notifications/initialized"));
  }
  EXPECT_TRUE(world.passes("tools/list"));
  EXPECT_TRUE(world.passes("tools/list"));
  EXPECT_FALSE(world.passes("tools/list"));
}

TEST(LimitsLayer, UnderOverloadCallsAreLetGoAndListsAreNot) {
  World world;
  config::Shedding settings;
  settings.cpu = .9;
  settings.order = {config::Priority::control, config::Priority::background, config::Priority::interactive};
  world.overload.set_settings(settings);
  for (int i = 0; i < 3; ++i) world.overload.feed({1, {}});
  EXPECT_FALSE(world.passes());
  EXPECT_EQ(world.error->fault, base::Fault::busy);
  EXPECT_EQ(world.error->blame, base::Blame::gateway);
  EXPECT_EQ(world.error->retry, base::Retry::always);
  EXPECT_GE(world.error->retry_after, 1s);
  EXPECT_TRUE(world.passes("tools/list"));
  EXPECT_TRUE(world.passes("ping"));
}

TEST(LimitsLayer, ACallThatIsLetGoForOverloadCostsNoRate) {
  World world(two_in_a_row());
  config::Shedding settings;
  settings.cpu = .9;
  settings.order = {config::Priority::control, config::Priority::background, config::Priority::interactive};
  world.overload.set_settings(settings);
  for (int i = 0; i < 3; ++i) world.overload.feed({1, {}});
  for (int i = 0; i < 10; ++i) world.passes();
  world.overload.set_settings({});
  EXPECT_TRUE(world.passes());
}

}  // namespace
}  // namespace weir::limits
