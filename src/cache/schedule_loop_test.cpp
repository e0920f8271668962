#include "cache/schedule_loop.hpp"

#include "cache/cache_world_test.hpp"

namespace weir::cache {
namespace {

using core::CacheUse;

CacheRules long_lived() {
  auto rules = CacheWorld::tools_rules();
  rules.ttl = 24h;
  rules.stale_while_revalidate = 0s;
  return rules;
}

// Virtual time starts on the hour.
struct Night : CacheWorld {
  Night() : CacheWorld(long_lived()) {
    loop.advance(1s);
    cache.set_options({true, 24h, {}});
  }
  CacheUse use_now() {
    auto& caller = look_up();
    run();
    return caller.use();
  }
  ScheduleLoop schedule{loop, cache, [](store::Selection const&) {
                          return std::vector<PurgeBucket>{{"docs", "look_up"}, {"docs", "other"}};
                        }};
};

TEST(ScheduleLoop, InvalidatesAtTheHourAndOnlyThen_R084) {
  Night night;
  night.schedule.set({{"0 * * * *", "UTC", {}, false, 0s}});
  night.use_now();
  night.run(58min);
  EXPECT_EQ(night.use_now(), CacheUse::hit);
  night.run(2min);
  EXPECT_EQ(night.use_now(), CacheUse::miss);
  night.run(50min);
  EXPECT_EQ(night.use_now(), CacheUse::hit);
  EXPECT_EQ(night.metrics.gateway().cache.invalidations.of("cron").value(), 1);
}

TEST(ScheduleLoop, LetsOperationsGoOneAfterAnother_F42) {
  Night night;
  night.schedule.set({{"0 * * * *", "UTC", {}, false, 10min}});
  night.use_now();
  night.run(60min);
  EXPECT_EQ(night.schedule.waiting() +
                static_cast<std::size_t>(night.metrics.gateway().cache.invalidations.of("cron").value()),
            2U);
  night.run(10min);
  EXPECT_EQ(night.use_now(), CacheUse::miss);
  EXPECT_EQ(night.metrics.gateway().cache.invalidations.of("cron").value(), 2);
}

TEST(ScheduleLoop, KeepsCopiesForWhenTheServerIsDown_F36) {
  Night night;
  night.schedule.set({{"0 * * * *", "UTC", {}, false, 0s}});
  night.use_now();
  night.run(60min);
  EXPECT_EQ(night.cache.table().size(), 1U);
}

TEST(ScheduleLoop, HasRenewedWhatIsUsedNext) {
  Night night;
  night.schedule.set({{"0 * * * *", "UTC", {}, true, 0s}});
  night.use_now();
  night.run(60min);
  EXPECT_EQ(night.use_now(), CacheUse::hit);
  night.run();
  EXPECT_EQ(night.origin->calls, 2U);
  EXPECT_EQ(night.use_now(), CacheUse::hit);
  EXPECT_EQ(night.origin->calls, 2U);
}

TEST(ScheduleLoop, KeepsItsRunsOverAReloadAndForgetsWhatWasTakenOut) {
  Night night;
  ScheduledPurge const hourly{"0 * * * *", "UTC", {}, false, 0s};
  night.schedule.set({hourly});
  night.run(30min);
  night.schedule.set({hourly, {"59 * * * *", "UTC", {}, false, 0s}});
  night.run(30min);
  EXPECT_EQ(night.metrics.gateway().cache.invalidations.of("cron").value(), 2);
  night.schedule.set({});
  night.run(120min);
  EXPECT_EQ(night.metrics.gateway().cache.invalidations.of("cron").value(), 2);
}

}  // namespace
}  // namespace weir::cache
