#include "limits/idempotency.hpp"

#include <gtest/gtest.h>

namespace weir::limits {
namespace {

using namespace std::chrono_literals;
using Way = IdempotencyTable::Way;

struct Ear final : IdempotencyTable::Waiter {
  void told(EndingRef how) override {
    ++times;
    ending = std::move(how);
  }
  int times = 0;
  EndingRef ending;
};

EndingRef said(std::string text) {
  Ending ending;
  ending.text = std::move(text);
  return std::make_shared<Ending const>(std::move(ending));
}

struct Desk {
  explicit Desk(IdempotencyOptions const& options = {}) : table(options, 7, metrics.gateway()) {}
  IdempotencyTable::Entered enter(std::string_view who, std::string_view key, std::uint64_t mark = 1) {
    return table.enter(who, key, mark, ear, now);
  }
  void run(std::string_view who, std::string_view key, std::string text = "done") {
    auto entered = enter(who, key);
    ASSERT_EQ(entered.way, Way::execute) << key;
    entered.turn.settle(said(std::move(text)), now);
  }
  double counted(std::string_view what) { return metrics.gateway().idempotency.of(what).value(); }
  observe::Metrics metrics{{.version = {}, .revision = {}, .protocol_versions = {"2026-07-28"}}};
  base::TimePoint now{1h};
  std::shared_ptr<Ear> ear = std::make_shared<Ear>();
  IdempotencyTable table;
};

TEST(Idempotency, TheFirstExecutesAndLaterOnesGetWhatWasKept) {
  Desk desk;
  desk.run("key:a", "k", "hello");
  auto const again = desk.enter("key:a", "k");
  ASSERT_EQ(again.way, Way::replay);
  EXPECT_EQ(again.ending->text, "hello");
  EXPECT_EQ(desk.counted("new"), 1);
  EXPECT_EQ(desk.counted("replayed"), 1);
  EXPECT_EQ(desk.metrics.gateway().idempotency_entries.value(), 1);
}

TEST(Idempotency, WhoComesWhileItRunsWaitsAndIsToldOnce) {
  Desk desk;
  auto first = desk.enter("key:a", "k");
  EXPECT_EQ(desk.enter("key:a", "k").way, Way::wait);
  first.turn.settle(said("hello"), desk.now);
  EXPECT_EQ(desk.ear->times, 1);
  EXPECT_EQ(desk.ear->ending->text, "hello");
  EXPECT_EQ(desk.counted("joined"), 1);
}

TEST(Idempotency, WhenTheFirstComesToNothingThoseWhoWaitAskAgainAndOneExecutes) {
  Desk desk;
  {
    auto first = desk.enter("key:a", "k");
    desk.enter("key:a", "k");
  }
  EXPECT_EQ(desk.ear->times, 1);
  EXPECT_EQ(desk.ear->ending, nullptr);
  EXPECT_EQ(desk.table.size(), 0U);
  auto second = desk.enter("key:a", "k");
  EXPECT_EQ(second.way, Way::execute);
}

TEST(Idempotency, WhoLeavesIsNotTold) {
  Desk desk;
  auto first = desk.enter("key:a", "k");
  desk.enter("key:a", "k");
  desk.table.leave("key:a", "k", *desk.ear);
  first.turn.settle(said("hello"), desk.now);
  EXPECT_EQ(desk.ear->times, 0);
}

TEST(Idempotency, TheSameKeyForAnotherCallIsRefusedWhileItRunsAndAfterwards) {
  Desk desk;
  auto first = desk.enter("key:a", "k", 1);
  EXPECT_EQ(desk.enter("key:a", "k", 2).way, Way::mismatch);
  first.turn.settle(said("hello"), desk.now);
  EXPECT_EQ(desk.enter("key:a", "k", 2).way, Way::mismatch);
  EXPECT_EQ(desk.counted("mismatch"), 2);
}

TEST(Idempotency, AKeyBelongsToItsPrincipal) {
  Desk desk;
  desk.run("key:a", "bk");
  desk.run("key:ab", "k");  // the same letters in a row
  desk.run("key:b", "bk");
  EXPECT_EQ(desk.table.size(), 3U);
}

TEST(Idempotency, KeepsUpToTheTimeToLiveAndNotLonger) {
  Desk desk;
  desk.run("key:a", "k");
  desk.now += 5min - 1ns;
  EXPECT_EQ(desk.enter("key:a", "k").way, Way::replay);
  desk.now += 1ns;
  EXPECT_EQ(desk.enter("key:a", "k").way, Way::execute);
}

TEST(Idempotency, WhatIsOverLeavesMemoryWithoutBeingAskedFor) {
  Desk desk;
  for (int i = 0; i < 100; ++i) desk.run("key:a", std::to_string(i));
  auto const running = desk.enter("key:a", "runs");
  desk.now += 5min;
  EXPECT_EQ(desk.table.expire(desk.now, 64), 64U) << "in batches";
  EXPECT_EQ(desk.table.expire(desk.now, 64), 36U);
  EXPECT_EQ(desk.table.size(), 1U) << "what is executing stays";
  EXPECT_EQ(desk.table.bytes(), 0U);
  EXPECT_EQ(desk.metrics.gateway().idempotency_entries.value(), 1);
}

TEST(Idempotency, NeverMoreEntriesThanTheCapAndTheOldestGoes) {
  Desk desk({.entries_max = 4, .share = 1});
  for (auto const* key : {"1", "2", "3", "4"}) desk.run("key:a", key);
  desk.run("key:b", "5");
  EXPECT_EQ(desk.table.size(), 4U);
  EXPECT_EQ(desk.enter("key:a", "2").way, Way::replay);
  EXPECT_EQ(desk.enter("key:a", "1").way, Way::execute) << "the oldest is forgotten";
}

TEST(Idempotency, WhoKeepsMoreThanItsShareLosesItsOwnOldest) {
  Desk desk({.entries_max = 4});
  desk.run("key:a", "1");
  desk.run("key:b", "1");
  desk.run("key:b", "2");
  desk.run("key:b", "3");
  EXPECT_EQ(desk.enter("key:a", "1").way, Way::replay) << "older than all of the other's";
  EXPECT_EQ(desk.enter("key:b", "2").way, Way::replay);
  EXPECT_EQ(desk.table.size(), 3U);
}

TEST(Idempotency, WhatIsExecutingIsNeverDisplacedAndOneMoreIsRefused) {
  Desk desk({.entries_max = 4});
  auto one = desk.enter("key:a", "1");
  auto two = desk.enter("key:a", "2");
  EXPECT_EQ(desk.enter("key:a", "3").way, Way::full);
  auto three = desk.enter("key:b", "1");
  EXPECT_EQ(three.way, Way::execute) << "another has its own share";
  EXPECT_EQ(desk.counted("full"), 1);
  one.turn.settle(said("done"), desk.now);
  EXPECT_EQ(desk.enter("key:a", "3").way, Way::execute);
}

TEST(Idempotency, NotMoreWaitForOneKeyThanAllowed) {
  Desk desk({.waiters_max = 2});
  auto const first = desk.enter("key:a", "k");
  EXPECT_EQ(desk.enter("key:a", "k").way, Way::wait);
  EXPECT_EQ(desk.enter("key:a", "k").way, Way::wait);
  EXPECT_EQ(desk.enter("key:a", "k").way, Way::full);
}

TEST(Idempotency, AnswersAreBoundedInBytesForOneAndForAll) {
  Desk desk({.bytes_max = 1000, .answer_bytes_max = 500});
  desk.run("key:a", "1", std::string(300, 'x'));
  desk.run("key:a", "2", std::string(200, 'x'));
  EXPECT_EQ(desk.table.bytes(), 500U) << "its share";
  desk.run("key:a", "3", std::string(1, 'x'));
  EXPECT_EQ(desk.table.bytes(), 201U) << "the oldest had to go";
  desk.run("key:b", "1", std::string(500, 'x'));
  desk.run("key:c", "1", std::string(400, 'x'));
  EXPECT_LE(desk.table.bytes(), 1000U);
  EXPECT_EQ(desk.enter("key:c", "1").way, Way::replay);
}

TEST(Idempotency, OfAnAnswerThatIsTooLargeOnlyItsEndIsRemembered) {
  Desk desk({.answer_bytes_max = 10});
  desk.run("key:a", "fits", std::string(10, 'x'));
  EXPECT_FALSE(desk.enter("key:a", "fits").ending->error);
  auto first = desk.enter("key:a", "k");
  desk.enter("key:a", "k");
  first.turn.settle(said(std::string(11, 'x')), desk.now);
  EXPECT_EQ(desk.ear->ending->text.size(), 11U) << "who waited gets it all the same";
  auto const again = desk.enter("key:a", "k");
  ASSERT_EQ(again.way, Way::replay) << "and nobody executes it again";
  ASSERT_TRUE(again.ending->error);
  EXPECT_EQ(again.ending->error->fault, base::Fault::too_large);
}

}  // namespace
}  // namespace weir::limits
