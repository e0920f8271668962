#include "net/internal/name_lookup.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "base/task_group.hpp"

namespace weir::net {
namespace {

using internal::Found;
using internal::NameLookups;
using namespace std::chrono_literals;

constexpr auto kHang = 20s;  // a generous limit: no test waits for it

// Answers at once, but for names that begin with "slow": those wait until release().
struct Names {
  std::promise<void> promise;
  std::shared_future<void> released = promise.get_future().share();
  std::atomic<int> asked{0};
  std::atomic<int> at_once{0};
  std::atomic<int> at_once_most{0};

  static internal::Resolver resolver(std::shared_ptr<Names> names) {
    return [names = std::move(names)](std::string const& host, std::uint16_t) { return names->answer(host); };
  }
  Found answer(std::string const& host) {
    ++asked;
    int const now = ++at_once;
    for (int most = at_once_most; now > most && !at_once_most.compare_exchange_weak(most, now);) {
    }
    if (host.starts_with("slow")) released.wait();
    --at_once;
    return Found{{}, "no " + host};
  }
};

struct LookUps : testing::Test {
  base::SystemClock clock;
  IoLoop loop{clock};
  std::shared_ptr<Names> names = std::make_shared<Names>();
  std::unique_ptr<NameLookups> lookups = std::make_unique<NameLookups>(loop, Names::resolver(names));
  std::map<std::string, int> failures;
  int late = 0;
  base::TaskGroup tasks{loop};

  void ask(std::string host, base::Duration within = kHang) {
    tasks.spawn([](LookUps& self, std::string of, base::TimePoint deadline) -> base::Task<void> {
      auto const found = co_await self.lookups->find(std::move(of), 80, deadline);
      if (found) {
        ++self.failures[found->failure];
      } else {
        ++self.late;
      }
      self.loop.stop();
    }(*this, std::move(host), loop.now() + within));
  }
  void run_until_left(std::size_t count) {
    while (tasks.size() > count) loop.run();
  }
};

TEST_F(LookUps, WhoAsksForANameThatIsBeingLookedUpWaitsForThatAnswer) {
  constexpr std::size_t kAsking = 3 * NameLookups::kLookupsMax;
  for (std::size_t i = 0; i < kAsking; ++i) ask("slow");
  ask("quick");
  run_until_left(kAsking);  // hangs where the dead name has taken all places
  EXPECT_EQ(failures["no quick"], 1);
  names->promise.set_value();
  run_until_left(0);
  EXPECT_EQ(failures["no slow"], static_cast<int>(kAsking));
  EXPECT_EQ(names->asked, 2);
}

TEST_F(LookUps, ThereAreNoMoreThreadsThanPlacesAndEveryNameHasItsTurn) {
  constexpr std::size_t kNames = 3 * NameLookups::kLookupsMax;
  for (std::size_t i = 0; i < kNames; ++i) ask("slow" + std::to_string(i));
  while (names->at_once < static_cast<int>(NameLookups::kLookupsMax)) std::this_thread::yield();
  EXPECT_EQ(names->asked, static_cast<int>(NameLookups::kLookupsMax));
  names->promise.set_value();
  run_until_left(0);
  EXPECT_EQ(failures.size(), kNames);
  EXPECT_EQ(names->at_once_most, static_cast<int>(NameLookups::kLookupsMax));
}

TEST_F(LookUps, AThreadIsNotSpentOnANameThatNobodyWaitsForWhenItsTurnComes) {
  for (std::size_t i = 0; i < NameLookups::kLookupsMax; ++i) ask("slow" + std::to_string(i));
  ask("unwanted", 1ms);
  run_until_left(NameLookups::kLookupsMax);
  EXPECT_EQ(late, 1);
  ask("wanted");
  names->promise.set_value();
  run_until_left(0);
  EXPECT_EQ(failures.count("no unwanted"), 0U);
  EXPECT_EQ(failures.count("no wanted"), 1U);
}

TEST_F(LookUps, OneThatGoesOnAfterItsDeadlineAnswersThoseWhoAskAgain) {
  ask("slow", 1ms);
  run_until_left(0);
  EXPECT_EQ(late, 1);
  ask("slow");
  names->promise.set_value();
  run_until_left(0);
  EXPECT_EQ(failures["no slow"], 1);
  EXPECT_EQ(names->asked, 1);
  ask("slow");
  run_until_left(0);
  EXPECT_EQ(names->asked, 2) << "an old answer is not kept";
}

TEST_F(LookUps, TheEndWaitsForNoneAndOneThatComesLaterLetsGo) {  // hangs where it does not hold
  ask("slow", 1ms);
  run_until_left(0);
  lookups.reset();
  std::weak_ptr<Names> const held = names;
  names->promise.set_value();
  names.reset();
  while (!held.expired()) std::this_thread::yield();  // the thread has ended
  loop.post([this] { loop.stop(); });
  loop.run();
}

TEST_F(LookUps, AnAnswerUnderWayToAnOwnerThatIsGoneIsDropped) {
  ask("slow", 1ms);
  run_until_left(0);
  std::weak_ptr<Names> const held = names;
  names->promise.set_value();
  while (names->at_once > 0) std::this_thread::yield();
  lookups.reset();  // the answer may have been posted already
  names.reset();
  loop.post([this] { loop.stop(); });
  loop.run();
  while (!held.expired()) std::this_thread::yield();
}

}  // namespace
}  // namespace weir::net
