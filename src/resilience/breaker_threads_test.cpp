// The breaker under threads: never more probes in flight than it permits, and no permit is lost.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "resilience/breaker.hpp"

namespace weir::resilience {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kThreads = 4;

struct Crowd {
  explicit Crowd(unsigned probes) : breaker(options_of(probes), 1) {
    for (int i = 0; i < 5; ++i) breaker.admit(start).permit.record(Verdict::failure, 1ms, start);
  }
  static BreakerOptions options_of(unsigned probes) {
    BreakerOptions options;
    options.probes = probes;
    options.success_threshold = 100'000;  // it stays half open
    return options;
  }
  // One of those who wait. Who gets a probe holds it while the others ask.
  void ask(bool drops) {
    auto admission = breaker.admit(start + 72s);
    if (!admission) {
      ++refused;
      return;
    }
    auto const out = ++in_flight;
    for (auto seen = most.load(); out > seen && !most.compare_exchange_weak(seen, out);) {
    }
    std::this_thread::yield();
    --in_flight;
    ++admitted;
    if (!drops) admission.permit.record(Verdict::success, 1ms, start + 72s);
  }
  base::TimePoint const start = base::VirtualClock{}.now();
  Breaker breaker;
  std::atomic<unsigned> in_flight{0}, most{0}, admitted{0}, refused{0};
};

struct HalfOpen : testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Probes, HalfOpen, testing::Values(1U, 3U));

TEST_P(HalfOpen, TenThousandCallersNeverHaveMoreProbesInFlightThanPermitted) {  // T-09, T-10
  Crowd crowd(GetParam());
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&crowd] {
      for (unsigned i = 0; i < 10'000 / kThreads; ++i) crowd.ask(i % 3 == 0);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(crowd.most, GetParam());
  EXPECT_GE(crowd.admitted, 1U);
  EXPECT_EQ(crowd.admitted + crowd.refused, 10'000U);
  EXPECT_EQ(crowd.breaker.probes_in_flight(), 0U);
  EXPECT_EQ(crowd.breaker.state(), BreakerState::half_open);
}

TEST(HalfOpen, OfTenThousandCallersAtOnceOneIsAdmitted) {  // T-09
  Crowd crowd(1);
  auto const probe = crowd.breaker.admit(crowd.start + 72s);
  ASSERT_TRUE(probe);
  for (int i = 0; i < 9'999; ++i) EXPECT_FALSE(crowd.breaker.admit(crowd.start + 72s));
}

}  // namespace
}  // namespace weir::resilience
