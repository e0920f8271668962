#include "base/bounded_table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

#include "base/random.hpp"

namespace weir::base {
namespace {

using namespace std::chrono_literals;

// Counts itself, so that tests see what is alive.
struct Session {
  explicit Session(int n = 0) : number(n) { ++alive; }
  ~Session() { --alive; }
  Session(Session const&) = delete;
  Session& operator=(Session const&) = delete;
  int number;
  static inline std::atomic<int> alive{0};
};

using Table = BoundedTable<std::string, Session>;

TableOptions options(std::size_t entries_max, std::size_t per_principal_max, unsigned shards = 1) {
  TableOptions o;
  o.entries_max = entries_max;
  o.per_principal_max = per_principal_max;
  o.shards = shards;
  return o;
}

struct BoundedTableTest : testing::Test {
  TimePoint now = VirtualClock{}.now();

  TableOutcome put(Table& table, std::string const& key, std::string_view principal = "ann") {
    return table.insert(key, principal, std::make_shared<Session>(), now).outcome;
  }
  bool has(Table& table, std::string const& key, std::string_view principal = "ann") const {
    return static_cast<bool>(table.find(key, principal, now));
  }
};

TEST_F(BoundedTableTest, FindsWhatItsOwnerInsertedAndNothingElse) {
  Table table(options(10, 10, 4), 1);
  auto inserted = table.insert("a", "ann", std::make_shared<Session>(7), now);
  ASSERT_TRUE(inserted.pin);
  EXPECT_EQ(inserted.pin->number, 7);
  auto const found = table.find(std::string_view("a"), "ann", now);
  ASSERT_TRUE(found);
  EXPECT_EQ(found.share(), inserted.pin.share());
  EXPECT_FALSE(has(table, "b"));
  EXPECT_FALSE(has(table, "a", "bob"));  // possession of the key is not identity (F-17)
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(put(table, "a", "bob"), TableOutcome::refused_taken);
  EXPECT_EQ(table.counters().refused_taken, 1U);
}

//
TEST_F(BoundedTableTest, AnIdleEntryLivesAt59Minutes59AndIsGoneAt60) {
  Table table(options(10, 10, 4), 1);
  put(table, "a");
  now += 59min + 59s + 999'999'999ns;
  EXPECT_TRUE(has(table, "a"));
  EXPECT_TRUE(table.take_expired(now, 10).empty());
  now += 1ns;
  EXPECT_FALSE(has(table, "a"));
  auto const gone = table.take_expired(now, 10);
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].key, "a");
  EXPECT_EQ(gone[0].reason, TableReason::idle);
  EXPECT_FALSE(gone[0].in_use);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.counters().expired, 1U);
}

// F-18
TEST_F(BoundedTableTest, OnlyAnExplicitRefreshRestartsTheIdleTime) {
  Table table(options(10, 10), 1);
  put(table, "probed");
  put(table, "used");
  now += 59min;
  EXPECT_TRUE(has(table, "probed"));
  EXPECT_FALSE(has(table, "probed", "bob"));
  table.find("used", "ann", now).refresh(now);
  now += 1min;
  EXPECT_EQ(table.take_expired(now, 10).size(), 1U);
  EXPECT_FALSE(has(table, "probed"));
  EXPECT_TRUE(has(table, "used"));
  now += 59min;
  EXPECT_FALSE(has(table, "used"));
  EXPECT_EQ(table.take_expired(now, 10).size(), 1U);
}

// F-16
TEST_F(BoundedTableTest, TheAbsoluteLifetimeEndsEvenABusyAndRefreshedEntry) {
  Table table(options(10, 10), 1);
  auto pin = table.insert("a", "ann", std::make_shared<Session>(), now).pin;
  for (int i = 0; i < 47; ++i) {
    now += 30min;
    pin.refresh(now);
    ASSERT_TRUE(table.take_expired(now, 10).empty());
  }
  now += 30min - 1ns;
  EXPECT_TRUE(has(table, "a"));
  now += 1ns;
  EXPECT_FALSE(has(table, "a"));
  auto const doomed = table.take_expired(now, 10);
  ASSERT_EQ(doomed.size(), 1U);
  EXPECT_EQ(doomed[0].reason, TableReason::lifetime);
  EXPECT_TRUE(doomed[0].in_use);
  EXPECT_EQ(table.size(), 1U) << "its place is in use as long as it is";
  pin.refresh(now);
  EXPECT_FALSE(has(table, "a"));
  pin = {};
  EXPECT_EQ(table.size(), 0U);
  EXPECT_TRUE(table.take_expired(now, 10).empty()) << "reported once";
}

// F-15: never evict a session with work in flight.
TEST_F(BoundedTableTest, PinnedEntriesAreNeitherEvictedNorIdle) {
  Table table(options(2, 2), 1);
  auto pin = table.insert("busy", "ann", std::make_shared<Session>(), now).pin;
  put(table, "free");
  auto third = table.insert("third", "ann", std::make_shared<Session>(), now);
  ASSERT_EQ(third.removed.size(), 1U);
  EXPECT_EQ(third.removed[0].key, "free") << "the older one is pinned";
  EXPECT_EQ(third.removed[0].reason, TableReason::evicted);
  EXPECT_EQ(put(table, "fourth"), TableOutcome::refused_full);
  EXPECT_EQ(table.counters().refused_full, 1U);
  third.pin = {};
  now += 2h;
  EXPECT_EQ(table.take_expired(now, 10).size(), 1U);
  EXPECT_TRUE(has(table, "busy"));
  pin.refresh(now);
  pin = {};
  now += 1h - 1ns;
  EXPECT_TRUE(has(table, "busy"));
  now += 1ns;
  EXPECT_EQ(table.take_expired(now, 10).size(), 1U);
}

TEST_F(BoundedTableTest, AnEntryReleasedAfterItsIdleTimeGoesAtTheNextSweep) {
  Table table(options(2, 2), 1);
  auto pin = table.insert("a", "ann", std::make_shared<Session>(), now).pin;
  now += 90min;
  EXPECT_TRUE(table.take_expired(now, 10).empty());
  pin = {};
  EXPECT_FALSE(has(table, "a"));
  EXPECT_EQ(table.take_expired(now + 1ms, 10).size(), 1U);
}

TEST_F(BoundedTableTest, EvictsTheLeastRecentlyUsedFirst) {
  Table table(options(3, 3), 1);
  for (auto const* key : {"a", "b", "c"}) {
    put(table, key);
    now += 1s;
  }
  table.find("a", "ann", now).refresh(now);
  std::string order;
  for (auto const* key : {"d", "e", "f"}) {
    now += 1s;
    for (auto const& removed : table.insert(key, "ann", std::make_shared<Session>(), now).removed)
      order += removed.key;
  }
  EXPECT_EQ(order, "bca");
}

TEST_F(BoundedTableTest, AnEntryPassedOverWhilePinnedIsTheOldestOnceReleased) {
  Table table(options(2, 2), 1);
  auto pin = table.insert("a", "ann", std::make_shared<Session>(), now).pin;
  put(table, "b");
  put(table, "c");  // evicts b
  pin = {};
  EXPECT_EQ(table.insert("d", "ann", std::make_shared<Session>(), now).removed.at(0).key, "a");
}

// F-15: newcomers of one principal do not evict the others.
TEST_F(BoundedTableTest, TheShareOfAPrincipalHoldsOnBothSides) {
  Table table(options(10, 3, 4), 1);
  put(table, "b", "bob");
  for (auto const* key : {"1", "2", "3"}) EXPECT_EQ(put(table, key), TableOutcome::inserted);
  EXPECT_EQ(put(table, "4"), TableOutcome::refused_quota);
  EXPECT_EQ(table.counters().refused_quota, 1U);
  EXPECT_EQ(table.size_of("ann"), 3U);
  EXPECT_TRUE(has(table, "b", "bob"));
  table.erase(table.find("1", "ann", now).handle());
  EXPECT_EQ(put(table, "4"), TableOutcome::inserted);
  table.take_all();
  EXPECT_EQ(table.principals(), 0U) << "nobody is remembered without an entry";
}

TEST_F(BoundedTableTest, AShareAsLargeAsTheCapEvictsInsteadOfRefusing) {
  Table table(options(2, 2), 1);
  for (auto const* key : {"1", "2", "3"}) EXPECT_EQ(put(table, key), TableOutcome::inserted);
  EXPECT_EQ(table.size(), 2U);
}

// F-65: a late cleanup must not remove the replacement.
TEST_F(BoundedTableTest, AHandleNeverRemovesAReplacementUnderTheSameKey) {
  Table table(options(10, 10), 1);
  auto const old = table.insert("a", "ann", std::make_shared<Session>(1), now).pin.handle();
  ASSERT_TRUE(table.erase(old));
  auto const replacement = table.insert("a", "ann", std::make_shared<Session>(2), now).pin.handle();
  EXPECT_NE(old, replacement);
  EXPECT_FALSE(table.erase(old));
  EXPECT_EQ(table.find("a", "ann", now)->number, 2);
  EXPECT_EQ(table.erase(replacement)->reason, TableReason::erased);
  EXPECT_EQ(table.counters().erased, 2U);
}

TEST_F(BoundedTableTest, ErasingAPinnedEntryHidesItAtOnceAndFreesItsPlaceLater) {
  Table table(options(1, 1), 1);
  auto pin = table.insert("a", "ann", std::make_shared<Session>(5), now).pin;
  EXPECT_TRUE(table.erase(pin.handle())->in_use);
  EXPECT_FALSE(has(table, "a"));
  EXPECT_EQ(put(table, "a"), TableOutcome::refused_full);
  EXPECT_EQ(pin->number, 5);
  pin = {};
  EXPECT_EQ(put(table, "a"), TableOutcome::inserted);
}

TEST_F(BoundedTableTest, AnExpiredKeyCanBeTakenAgainBeforeTheSweep) {
  Table table(options(10, 10), 1);
  put(table, "a");
  now += 1h;
  auto const again = table.insert("a", "bob", std::make_shared<Session>(), now);
  EXPECT_EQ(again.outcome, TableOutcome::inserted);
  ASSERT_EQ(again.removed.size(), 1U);
  EXPECT_EQ(again.removed[0].reason, TableReason::idle);
  EXPECT_EQ(table.size(), 1U);
}

// R-022, F-15
TEST_F(BoundedTableTest, AHundredThousandNewcomersNeverExceedTheCap) {
  {
    Table table(options(1000, 1000, 16), 42);
    std::uint64_t evicted = 0;
    for (int i = 0; i < 100'000; ++i) {
      auto inserted = table.insert(std::to_string(i), "anonymous", std::make_shared<Session>(), now);
      ASSERT_EQ(inserted.outcome, TableOutcome::inserted);
      evicted += inserted.removed.size();
      inserted.removed.clear();
      ASSERT_LE(table.size(), 1000U);
      ASSERT_LE(Session::alive, 1000);
      now += 1ms;
    }
    EXPECT_EQ(evicted, 99'000U);
    EXPECT_EQ(table.counters().evicted, 99'000U);
    for (int i = 99'000; i < 100'000; ++i) ASSERT_TRUE(has(table, std::to_string(i), "anonymous"));
  }
  EXPECT_EQ(Session::alive, 0);
}

TEST_F(BoundedTableTest, ExpiryIsBoundedPerBatchAndLosesNothing) {
  Table table(options(1000, 1000, 8), 3);
  for (int i = 0; i < 1000; ++i) put(table, std::to_string(i));
  now += 1h;
  std::set<std::string> seen;
  std::size_t batches = 0;
  for (;; ++batches) {
    auto const batch = table.take_expired(now, 64);
    if (batch.empty()) break;
    ASSERT_LE(batch.size(), 64U);
    for (auto const& removed : batch) seen.insert(removed.key);
  }
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_EQ(batches, 16U);
}

// A sweep lags behind a deadline by less than a millisecond plus the period of the sweep.
TEST_F(BoundedTableTest, SweepsLagBehindDeadlinesByLessThanAMillisecond) {
  SeededRandom random(9);
  auto quick = options(2000, 2000, 4);
  quick.idle_max = 500ms;
  Table table(quick, 3);
  std::map<std::string, TimePoint> due;
  for (int i = 0; i < 1000; ++i) {
    now += 1us * static_cast<long>(random.below(5'000'000));
    put(table, std::to_string(i));
    due[std::to_string(i)] = now + quick.idle_max;
    for (auto const& removed : table.take_expired(now, 2000)) {
      EXPECT_LE(due.at(removed.key), now);
      due.erase(removed.key);
    }
    for (auto const& [key, at] : due) ASSERT_GT(at + 1ms, now) << key << " was missed";
  }
  EXPECT_LT(due.size(), 1000U) << "the trace is long enough to expire some";
}

TEST_F(BoundedTableTest, NewOptionsApplyToEntriesThatExist) {
  Table table(options(100, 100, 4), 1);
  auto const pin = table.insert("pinned", "ann", std::make_shared<Session>(), now).pin;
  for (int i = 0; i < 9; ++i) put(table, std::to_string(i));
  auto shorter = options(4, 4, 4);
  shorter.idle_max = 10s;
  EXPECT_EQ(table.set_options(shorter, now).size(), 6U);
  EXPECT_EQ(table.size(), 4U);
  now += 10s;
  EXPECT_EQ(table.take_expired(now, 100).size(), 3U);
  EXPECT_EQ(table.size(), 1U);
}

// F-19: whatever leaves is in the caller's hands, and a dying value may use the table.
TEST_F(BoundedTableTest, ValuesDieOutsideTheLocks) {
  struct Curious {
    BoundedTable<std::string, Curious>* table;
    ~Curious() { table->find("other", "ann", TimePoint{}); }
  };
  BoundedTable<std::string, Curious> table(options(1, 1), 1);
  table.insert("a", "ann", std::make_shared<Curious>(Curious{&table}), now);
  table.insert("b", "ann", std::make_shared<Curious>(Curious{&table}), now);
  auto pin = table.find("b", "ann", now);
  table.erase(pin.handle());
  pin = {};
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(BoundedTableTest, BookkeepingStaysWithinNinetySixBytes) {
  using Entry = TableEntry<std::string, Session>;
  EXPECT_LE(sizeof(Entry) + sizeof(void*) - sizeof(std::string) - sizeof(std::shared_ptr<Session>), 96U);
}

// R-036; caps are exact for any number of threads. Run it under ThreadSanitizer too.
TEST_F(BoundedTableTest, EightThreadsNeverSeeACapExceeded) {
  constexpr std::size_t kCap = 64;
  constexpr std::size_t kShare = 24;
  constexpr int kThreads = 8;
  constexpr int kSteps = 6000;
  auto limits = options(kCap, kShare, 8);
  limits.idle_max = 20s;
  limits.lifetime_max = 60s;
  Table table(limits, 5);
  std::atomic<bool> exceeded{false};
  TimePoint const start = now;
  auto const hammer = [&](int thread) {
    SeededRandom random(static_cast<std::uint64_t>(thread) + 1);
    std::vector<Table::Pin> pins;
    std::vector<TableHandle> handles;
    for (int i = 0; i < kSteps; ++i) {
      TimePoint const at = start + 1s * i;
      std::string const principal(1, static_cast<char>('a' + random.below(4)));
      std::string const key = std::to_string(random.below(400));
      switch (random.below(11)) {
        case 0:
        case 1:
        case 2:
        case 8:
        case 9:
        case 10: {
          auto made = table.insert(key, principal, std::make_shared<Session>(), at);
          if (made.pin) handles.push_back(made.pin.handle());
          if (random.below(4) == 0) pins.push_back(std::move(made.pin));
          break;
        }
        case 3:
          if (auto pin = table.find(key, principal, at)) pin.refresh(at);
          break;
        case 4:
          if (auto pin = table.find(key, principal, at)) pins.push_back(std::move(pin));
          break;
        case 5:
          if (!handles.empty()) table.erase(handles[random.below(handles.size())]);
          break;
        case 6: table.take_expired(at, 8); break;
        default: pins.clear();
      }
      if (pins.size() > 4) pins.clear();
      if (table.size() > kCap || table.size_of(principal) > kShare) exceeded = true;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(hammer, i);
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  auto const c = table.counters();
  EXPECT_EQ(c.inserted, c.evicted + c.expired + c.erased + table.size());
  EXPECT_GT(c.evicted, 0U);
  EXPECT_GT(c.expired, 0U);
  EXPECT_GT(c.erased, 0U);
  EXPECT_GT(c.refused_quota, 0U);
  EXPECT_GT(c.refused_taken, 0U);
  std::size_t const left = table.size();
  EXPECT_EQ(table.take_all().size(), left);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(Session::alive, 0);
}

// A full table of pinned entries refuses; the moment that one is free, exactly one of many newcomers gets in.
TEST_F(BoundedTableTest, OneFreePlaceAdmitsExactlyOneOfEightThreads) {
  for (int round = 0; round < 200; ++round) {
    Table table(options(3, 3, 4), 5);
    std::vector<Table::Pin> pins;
    for (auto const* key : {"a", "b"})
      pins.push_back(table.insert(key, "ann", std::make_shared<Session>(), now).pin);
    std::atomic<int> admitted{0};
    std::vector<Table::Insertion> made(8);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        made[i] = table.insert(std::to_string(i), "ann", std::make_shared<Session>(), now);
        if (made[i].pin) ++admitted;
      });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(admitted, 1);
    ASSERT_EQ(table.size(), 3U);
  }
}

}  // namespace
}  // namespace weir::base
