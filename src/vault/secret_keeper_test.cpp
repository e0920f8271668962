#include "vault/secret_keeper_loop.hpp"

#include <gtest/gtest.h>

#include "base/virtual_loop.hpp"

namespace weir::vault {
namespace {

using namespace std::chrono_literals;
using secrets::SecretReference;
using secrets::Store;

// A store whose value the test sets. `silent`: it never answers.
struct Shelf {
  std::string value = "one";
  bool down = false;
  std::string why = "down";
  bool silent = false;
  int asked = 0;
  int at_once = 0;
  int at_once_most = 0;
};

struct ShelfSource final : SecretSource {
  ShelfSource(base::Scheduler& s, Shelf& of) : scheduler(s), shelf(of) {}
  base::Scheduler& scheduler;
  Shelf& shelf;
  struct Inside {
    Shelf& shelf;
    explicit Inside(Shelf& of) : shelf(of) {
      shelf.at_once_most = std::max(shelf.at_once_most, ++shelf.at_once);
    }
    ~Inside() { --shelf.at_once; }
  };
  base::Task<base::Result<secrets::StoreAnswer>> read(SecretReference const&, base::TimePoint) override {
    Inside const inside(shelf);
    ++shelf.asked;
    co_await scheduler.sleep_for(shelf.silent ? base::Duration(1h) : base::Duration(10ms));
    if (shelf.down) co_return base::Error(base::Fault::unavailable, base::Blame::upstream, shelf.why);
    secrets::StoreAnswer answer;
    answer.values.emplace_back("k", base::Secret(shelf.value));
    co_return answer;
  }
};

struct Heard final : SecretKeeper::Listener {
  std::vector<std::string> lines;
  void changed(secrets::SecretTable::Changes const& changes) override {
    for (auto const& [reference, change] : changes) {
      lines.push_back((change == secrets::SecretTable::Change::first ? "first " : "replaced ") +
                      reference.text());
    }
  }
  void failed(SecretReference const& about, std::string const& why, bool news) override {
    lines.push_back((news ? "failed " : "still failing ") + about.document_name() + ": " + why);
  }
  void recovered(SecretReference const& about) override {
    lines.push_back("recovered " + about.document_name());
  }
};

struct Keeper : testing::Test {
  base::VirtualLoop loop;
  base::SeededRandom random{5};
  secrets::SecretTable table{{}, random};
  Heard heard;
  Shelf shelf;
  SecretKeeper keeper{loop, table, heard};
  SecretReference about{Store::vault, "a", "k"};

  void SetUp() override { keeper.set_source(Store::vault, std::make_unique<ShelfSource>(loop, shelf)); }
  void begin() {
    table.want(about, {}, loop.now());
    keeper.start();
    loop.advance(10ms);
  }
};

TEST_F(Keeper, SeesANewValueWithinTheRefreshTimeByPolling_T60_F28) {
  begin();
  EXPECT_EQ(heard.lines, std::vector<std::string>{"first vault:a#k"});
  shelf.value = "two";
  loop.advance(31s);
  EXPECT_EQ(heard.lines.back(), "replaced vault:a#k");
  EXPECT_EQ(table.value(about)->reveal(), "two");
}

TEST_F(Keeper, SeesANewValueAtOnceAfterASignal_T60_R058) {
  begin();
  shelf.value = "two";
  keeper.hurry();
  loop.advance(20ms);
  EXPECT_EQ(table.value(about)->reveal(), "two");
}

TEST_F(Keeper, TellsOnceOfAnOutageAndOnceOfItsEnd_F29) {
  begin();
  shelf.down = true;
  loop.advance(5min);
  EXPECT_EQ(std::count(heard.lines.begin(), heard.lines.end(), "failed vault:a: down"), 1);
  EXPECT_GT(std::count(heard.lines.begin(), heard.lines.end(), "still failing vault:a: down"), 5);
  EXPECT_EQ(table.value(about)->reveal(), "one");
  shelf.down = false;
  loop.advance(31s);
  EXPECT_EQ(heard.lines.back(), "recovered vault:a");
}

TEST_F(Keeper, TellsOfAnotherCauseToo_F29) {
  begin();
  shelf.down = true;
  loop.advance(1min);
  for (auto const* const why : {"sealed", "permission denied"}) {
    shelf.why = why;
    loop.advance(1min);
    auto const line = std::string("failed vault:a: ") + why;
    EXPECT_EQ(std::count(heard.lines.begin(), heard.lines.end(), line), 1) << why;
  }
}

TEST_F(Keeper, WhatItSaysOfAFailureHoldsNoValue_F57) {
  shelf.value = "CANARYvalue9";
  begin();
  shelf.down = true;
  shelf.why = "bad value CANARYvalue9";
  loop.advance(31s);
  EXPECT_EQ(heard.lines.back().substr(heard.lines.back().find(':')), ":a: bad value ***");
}

TEST_F(Keeper, AStoreThatNeverAnswersIsGivenUpAfterItsTime_F29) {
  shelf.silent = true;
  begin();
  loop.advance(5s);
  EXPECT_EQ(heard.lines.back(), "failed vault:a: no answer in time");
  EXPECT_EQ(shelf.at_once, 0);
}

TEST_F(Keeper, AsksSixteenAtOnceAndAllInTheEnd) {
  for (int i = 0; i < 100; ++i) table.want({Store::vault, std::to_string(i), "k"}, {}, loop.now());
  keeper.start();
  loop.advance(200ms);
  EXPECT_EQ(shelf.at_once_most, 16);
  EXPECT_EQ(heard.lines.size(), 100U);
}

TEST_F(Keeper, SettlesWhenEverythingHasBeenAsked) {
  struct Wait {
    static base::Task<void> run(SecretKeeper& keeper, base::TimePoint deadline, bool& over) {
      co_await keeper.settle(deadline);
      over = true;
    }
  };
  for (int i = 0; i < 40; ++i) table.want({Store::vault, std::to_string(i), "k"}, {}, loop.now());
  keeper.start();
  bool over = false;
  base::TaskGroup tasks(loop);
  tasks.spawn(Wait::run(keeper, loop.now() + 5s, over));
  loop.advance(29ms);
  EXPECT_FALSE(over);
  loop.advance(2ms);
  EXPECT_TRUE(over);
}

TEST_F(Keeper, AStoreThatIsNotConfiguredIsAFailureOfItsSecretsOnly) {
  table.want({Store::aws, "x", "k"}, {}, loop.now());
  begin();
  EXPECT_NE(std::find(heard.lines.begin(), heard.lines.end(), "failed aws-sm:x: no such store is configured"),
            heard.lines.end());
  EXPECT_EQ(table.value(about)->reveal(), "one");
}

}  // namespace
}  // namespace weir::vault
