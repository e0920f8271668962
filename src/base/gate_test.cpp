#include "base/gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <list>
#include <thread>
#include <vector>

namespace weir::base {
namespace {

TEST(Gate, NeverHoldsMoreThanItsLimit) {
  Gate gate(2);
  {
    auto const one = gate.enter();
    auto two = gate.enter();
    EXPECT_TRUE(one && two);
    EXPECT_FALSE(gate.enter());
    two.reset();
    EXPECT_TRUE(gate.enter("with a name, which means nothing here"));
    gate.set_most(1);
    EXPECT_FALSE(gate.enter());
  }
  EXPECT_EQ(gate.inside(), 0U);
}

TEST(Gate, OnePrincipalHasNoMoreThanItsShare) {
  Gate gate(5, 2, 7);
  std::list<Gate::Pass> passes;
  auto const enters = [&](std::string_view who) {
    auto pass = gate.enter(who);
    if (pass) passes.push_back(std::move(*pass));
    return pass.has_value();
  };
  EXPECT_TRUE(enters("a") && enters("a"));
  EXPECT_FALSE(enters("a"));
  EXPECT_EQ(gate.inside(), 2U) << "whoever is refused takes no place";
  EXPECT_TRUE(enters("b") && enters("b") && enters("c"));
  EXPECT_FALSE(enters("c")) << "all are taken";
  EXPECT_EQ(gate.principals(), 3U);
  passes.pop_front();
  EXPECT_FALSE(enters("b")) << "its share is taken, though there is room";
  EXPECT_TRUE(enters("a"));
  passes.clear();
  EXPECT_EQ(gate.inside(), 0U);
  EXPECT_EQ(gate.principals(), 0U) << "who has nothing is forgotten";
}

TEST(Gate, SharesAreExactForAnyNumberOfThreads) {
  constexpr unsigned kThreads = 4, kShare = 3;
  Gate gate(1000, kShare, 7);
  std::atomic<unsigned> inside{0}, most{0}, admitted{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        auto const one = gate.enter("a"), two = gate.enter("a");
        unsigned const mine = (one ? 1U : 0U) + (two ? 1U : 0U);
        unsigned const now = inside += mine;
        for (unsigned seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        admitted += mine;
        inside -= mine;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, kShare);
  EXPECT_GT(admitted, 0U);
  EXPECT_EQ(gate.inside(), 0U);
  EXPECT_EQ(gate.principals(), 0U);
}

}  // namespace
}  // namespace weir::base
