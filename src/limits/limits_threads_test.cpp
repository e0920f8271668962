#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "limits/idempotency.hpp"
#include "limits/overload.hpp"
#include "limits/rate_limits.hpp"

// What several workers use at once. Meant for the thread sanitizer; the counts must be exact in any build.
namespace weir::limits {
namespace {

using namespace std::chrono_literals;
using Way = IdempotencyTable::Way;

constexpr int kThreads = 4;

template <class Work>
void on_threads(Work const& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
  for (auto& thread : threads) thread.join();
}

TEST(LimitsThreads, NoRateIsExceededHoweverManyAsk) {
  config::RateLimits limits;
  limits.per_principal.per_second = 1;
  limits.burst = 500;
  limits.global.per_second = 1200;
  RateTable table(limits, 7);
  std::atomic<int> passed{0};
  std::atomic<int> of_one{0};
  on_threads([&](int) {
    for (int i = 0; i < 3000; ++i) {
      auto const name = "key:" + std::to_string(i % 3);
      auto const verdict = table.ask(name, base::TimePoint(1h), base::WallTime(1h));
      if (verdict.refused != RateReason::none) continue;
      ++passed;
      if (i % 3 == 0) ++of_one;
    }
  });
  EXPECT_EQ(passed, 1200);
  EXPECT_LE(of_one, 500);
}

TEST(LimitsThreads, NewLimitsAndOverflowingNamesAreSafe) {
  config::RateLimits limits;
  limits.per_principal.per_second = 100;
  RateTable table(limits, 7, 50);
  on_threads([&](int thread) {
    for (int i = 0; i < 2000; ++i) {
      if (thread == 0 && i % 100 == 0) table.set_limits(limits);
      if (!table.active()) continue;
      table.ask("key:" + std::to_string(i % 200), base::TimePoint(1h) + i * 1ms, base::WallTime(1h));
    }
  });
  EXPECT_LE(table.size(), 50U);
}

struct Ear final : IdempotencyTable::Waiter {
  explicit Ear(std::atomic<int>& counter) : count(counter) {}
  void told(EndingRef) override { ++count; }
  std::atomic<int>& count;
};

TEST(LimitsThreads, EachKeyIsExecutedOnceAndWhoWaitsIsToldOnce) {
  constexpr int kKeys = 500;
  observe::Metrics metrics({.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}});
  IdempotencyTable table({}, 7, metrics.gateway());
  std::vector<std::atomic<int>> executed(kKeys);
  std::atomic<int> waits{0}, told{0}, replays{0};
  on_threads([&](int) {
    for (int key = 0; key < kKeys; ++key) {
      auto ear = std::make_shared<Ear>(told);
      auto entered = table.enter("key:a", std::to_string(key), 1, ear, base::TimePoint(1h));
      if (entered.way == Way::wait) ++waits;
      if (entered.way == Way::replay) ++replays;
      if (entered.way != Way::execute) continue;
      ++executed[static_cast<std::size_t>(key)];
      Ending ending;
      ending.text = "done";
      entered.turn.settle(std::make_shared<Ending const>(std::move(ending)), base::TimePoint(1h));
    }
  });
  for (auto const& one : executed) EXPECT_EQ(one, 1);
  EXPECT_EQ(told, waits);
  EXPECT_EQ(waits + replays + kKeys, kThreads * kKeys);
}

TEST(LimitsThreads, ForgettingLeavingAndExpiringAtOnceLoseNothing) {
  observe::Metrics metrics({.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}});
  IdempotencyTable table({.entries_max = 40, .bytes_max = 4000}, 7, metrics.gateway());
  std::atomic<int> told{0};
  on_threads([&](int thread) {
    for (int i = 0; i < 3000; ++i) {
      auto const now = base::TimePoint(1h) + i * 1s;
      auto const who = "key:" + std::to_string(i % 3);
      auto const key = std::to_string(i % 25);
      auto ear = std::make_shared<Ear>(told);
      auto entered = table.enter(who, key, 1, ear, now);
      if (entered.way == Way::wait) table.leave(who, key, *ear);
      if (entered.way == Way::execute && i % 2 == 0) {
        Ending ending;
        ending.text.assign(100, 'x');
        entered.turn.settle(std::make_shared<Ending const>(std::move(ending)), now);
      }
      if (thread == 0) table.expire(now, 16);
    }
  });
  EXPECT_LE(table.size(), 40U);
  EXPECT_LE(table.bytes(), 4000U);
  table.expire(base::TimePoint(1h) + 10h, 1000);
  EXPECT_EQ(table.size(), 0U) << "nothing executes any more, nothing is left";
  EXPECT_EQ(table.bytes(), 0U);
}

TEST(LimitsThreads, SharesOfCallsAreExactUnderThreads) {
  config::Shedding settings;
  settings.cpu = .9;
  Overload overload(settings);
  for (int i = 0; i < 4; ++i) overload.feed({1, {}});
  std::atomic<int> refused{0};
  on_threads([&](int) {
    for (int i = 0; i < 1000; ++i) refused += overload.refuses(core::Standing::interactive) ? 1 : 0;
  });
  EXPECT_EQ(refused, kThreads * 100);
}

}  // namespace
}  // namespace weir::limits
