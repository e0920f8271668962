#include "net/tls_contexts.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <map>
#include <thread>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "net/io_loop.hpp"
#include "net/side_thread.hpp"

namespace weir::net {
namespace {

using namespace std::chrono_literals;
using base::Result;

using Got = std::vector<Result<TlsContext::Ptr>>;

// Builds when the test says so.
struct Contexts : testing::Test {
  base::VirtualLoop loop;
  base::SeededRandom random{3};
  std::deque<std::function<void()>> waiting;
  bool refuses = false;
  int builds = 0;
  bool broken = false;
  TlsContexts contexts{loop.clock(),
                       random,
                       {},
                       [this](TlsProfile const& profile) -> Result<TlsContext::Ptr> {
                         ++builds;
                         if (broken) return base::Error(base::Fault::config, base::Blame::gateway, "damaged");
                         return TlsContext::client(profile, nullptr);
                       },
                       [this](std::function<void()> work) {
                         if (!refuses) waiting.push_back(std::move(work));
                         return !refuses;
                       }};
  Got got;
  base::TaskGroup tasks{loop};

  std::shared_ptr<TlsTrust const> trust(bool only_13 = false) {
    TlsProfile profile;
    profile.verify = false;
    profile.only_13 = only_13;
    return contexts.trust(std::move(profile));
  }
  void ask(base::TaskGroup& group, std::shared_ptr<TlsTrust const> of) {
    group.spawn([](Contexts& self, std::shared_ptr<TlsTrust const> what) -> base::Task<void> {
      auto result = co_await self.contexts.get(self.loop, std::move(what), self.loop.now() + 5s);
      self.got.push_back(std::move(result));
    }(*this, std::move(of)));
    loop.run();
  }
  void build_all() {
    while (!waiting.empty()) {
      auto const work = std::move(waiting.front());
      waiting.pop_front();
      work();
    }
    loop.run();
  }
};

TEST_F(Contexts, AThousandWhoAskAtOnceGetOneContextThatWasBuiltOnce_F21) {
  for (int i = 0; i < 1'000; ++i) ask(tasks, trust());
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(waiting.size(), 1U);
  build_all();
  ASSERT_EQ(got.size(), 1'000U);
  for (auto const& each : got) EXPECT_EQ(*each, *got.front());
  ask(tasks, trust());  // and later ones do not wait
  ASSERT_EQ(got.size(), 1'001U);
  EXPECT_EQ(*got.back(), *got.front());
  EXPECT_EQ(builds, 1);
}

TEST_F(Contexts, AnotherContentIsAnotherContext_F23) {
  ask(tasks, trust(false));
  ask(tasks, trust(true));
  build_all();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_NE(*got[0], *got[1]);
  EXPECT_EQ(contexts.size(), 2U);
}

TEST_F(Contexts, WhoStopsWaitingDoesNotStopTheBuildForTheOthers) {
  base::TaskGroup impatient(loop);
  ask(impatient, trust());  // it is the one for whom the build was begun
  ask(tasks, trust());
  impatient.cancel();
  build_all();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_TRUE(got.front());
  EXPECT_EQ(builds, 1);
}

TEST_F(Contexts, WaitingEndsAtTheDeadlineAndTheContextIsThereForTheNext) {
  ask(tasks, trust());
  loop.advance(5s);
  ASSERT_EQ(got.size(), 1U);
  ASSERT_FALSE(got[0]);
  EXPECT_EQ(got[0].error().fault, base::Fault::timed_out);
  build_all();
  ask(tasks, trust());
  ASSERT_EQ(got.size(), 2U);
  EXPECT_TRUE(got[1]);
}

TEST_F(Contexts, WhatCannotBeBuiltIsSaidToAllAndNotTriedAgainFor10Seconds_F22) {
  broken = true;
  for (int i = 0; i < 3; ++i) ask(tasks, trust());
  build_all();
  ask(tasks, trust());
  ASSERT_EQ(got.size(), 4U);
  for (auto const& each : got) {
    ASSERT_FALSE(each);
    EXPECT_EQ(each.error().detail, "damaged");
  }
  EXPECT_EQ(builds, 1);
  broken = false;
  loop.advance(10s);
  ask(tasks, trust());
  build_all();
  EXPECT_TRUE(got.back());
}

TEST_F(Contexts, WhereNobodyCanBuildTheNextOneTriesAgain) {
  refuses = true;
  ask(tasks, trust());
  ASSERT_EQ(got.size(), 1U);
  ASSERT_FALSE(got[0]);
  EXPECT_EQ(got[0].error().fault, base::Fault::busy);
  refuses = false;
  ask(tasks, trust());
  build_all();
  EXPECT_TRUE(got.back());
}

TEST_F(Contexts, TheCostOfEachBuildIsTold_R045) {
  int told = 0;
  contexts.on_built([&](base::Duration) { ++told; });
  ask(tasks, trust(false));
  ask(tasks, trust(true));
  ask(tasks, trust(true));
  build_all();
  EXPECT_EQ(told, 2);
  EXPECT_EQ(contexts.counters().misses, 2U);
  EXPECT_EQ(contexts.counters().joined, 1U);
}

// The same with threads: workers that ask for the same few at once, over and over.
TEST(TlsContexts, ManyThreadsNeverBuildOneTwiceAtOnce_F21) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 200;
  base::SystemClock clock;
  base::SystemRandom random;
  std::mutex lock;
  std::map<std::string, int> under_way;
  std::atomic<int> doubles{0};
  std::atomic<int> missing{0};
  ContextCacheOptions options;
  options.entries_max = 4;
  std::deque<std::unique_ptr<SideThread>> sides;
  auto const build = [&](TlsProfile const& profile) -> Result<TlsContext::Ptr> {
    {
      std::lock_guard const guard(lock);
      if (++under_way[profile.authorities] > 1) ++doubles;
    }
    auto plain = profile;
    plain.verify = false;
    auto made = TlsContext::client(plain, nullptr);
    std::lock_guard const guard(lock);
    --under_way[profile.authorities];
    return made;
  };
  std::atomic<unsigned> turn{0};
  TlsContexts contexts(clock, random, options, build, [&](std::function<void()> work) {
    return sides[turn++ % sides.size()]->give(std::move(work));
  });
  for (int i = 0; i < 3; ++i) sides.push_back(std::make_unique<SideThread>());
  auto const ask = [](TlsContexts& of, IoLoop& loop, int seed, std::atomic<int>& none) -> base::Task<void> {
    for (int i = 0; i < kRounds; ++i) {
      TlsProfile profile;
      profile.authorities = std::to_string((i / 2 + seed / 2) % 7);
      auto const got = co_await of.get(loop, of.trust(std::move(profile)), loop.now() + 60s);
      if (!got) ++none;
    }
    loop.stop();
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      IoLoop loop(clock);
      base::TaskGroup tasks(loop);
      tasks.spawn(ask(contexts, loop, i, missing));
      loop.run();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(doubles, 0);
  EXPECT_EQ(missing, 0);
  EXPECT_LE(contexts.size(), 4U);
  sides.clear();
}

}  // namespace
}  // namespace weir::net
