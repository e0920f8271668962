#include "base/errand.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/virtual_loop.hpp"

namespace weir::base {
namespace {

using namespace std::chrono_literals;

struct Seen {
  bool began = false;
  bool over = false;
};

// Takes a second of the other loop's time, then answers.
class Slow final : public Errand<std::string> {
 public:
  Slow(Scheduler& here, std::shared_ptr<Workplace> there, Seen& seen)
      : Errand(here, std::move(there)), seen_(seen) {}

 private:
  Task<Result<std::string>> perform() override {
    struct Mark {
      Seen& seen;
      explicit Mark(Seen& s) : seen(s) { seen.began = true; }
      ~Mark() { seen.over = true; }
    } const mark(seen_);
    co_await there().sleep_for(1s);
    co_return std::string("done");
  }
  Seen& seen_;
};

Task<void> keep(Task<Result<std::string>> work, std::optional<Result<std::string>>& into) {
  into = co_await std::move(work);
}

struct ErrandTest : testing::Test {
  VirtualLoop here;
  VirtualLoop there;
  std::shared_ptr<Workplace> place = std::make_shared<Workplace>(there);
  Seen seen;
  std::optional<Result<std::string>> value;
  TaskGroup tasks{here};
  ~ErrandTest() override { place->close(); }

  void start() {
    tasks.spawn(keep(run_errand<std::string>(std::make_shared<Slow>(here, place, seen)), value));
  }
  void both(Duration by = {}) {
    for (int i = 0; i < 3; ++i) {
      there.advance(i == 0 ? by : Duration{});
      here.run();
    }
  }
};

TEST_F(ErrandTest, IsDoneThereAndItsValueComesHome) {
  start();
  both();
  EXPECT_TRUE(seen.began);
  EXPECT_FALSE(value);
  both(1s);
  ASSERT_TRUE(value && *value);
  EXPECT_EQ(**value, "done");
  EXPECT_EQ(place->size(), 0U);
}

TEST_F(ErrandTest, DroppingTheWaitingTaskCancelsTheWork) {
  start();
  both();
  tasks.cancel();
  EXPECT_FALSE(seen.over);
  both();
  EXPECT_TRUE(seen.over);
  EXPECT_EQ(place->size(), 0U);
  EXPECT_FALSE(value);
}

TEST_F(ErrandTest, DroppedBeforeItArrivedItIsBegunAndCancelled) {
  start();
  tasks.cancel();
  both();
  EXPECT_TRUE(seen.over);
  EXPECT_EQ(place->size(), 0U);
}

TEST_F(ErrandTest, AWorkplaceThatClosesEndsItsErrands) {
  start();
  both();
  place->close();
  EXPECT_TRUE(seen.over);
  both();
  ASSERT_TRUE(value);
  EXPECT_EQ(value->error().fault, Fault::unavailable);
}

TEST_F(ErrandTest, AClosedWorkplaceRefuses) {
  place->close();
  start();
  both();
  EXPECT_FALSE(seen.began);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->error().fault, Fault::unavailable);
}

TEST(ErrandAtTheEnd, WhatIsStillPostedWhenTheLoopsEndIsDropped) {
  Seen seen;
  std::weak_ptr<Slow> left;
  {
    VirtualLoop here;
    VirtualLoop there;
    auto const place = std::make_shared<Workplace>(there);
    TaskGroup tasks(here);
    std::optional<Result<std::string>> value;
    auto errand = std::make_shared<Slow>(here, place, seen);
    left = errand;
    tasks.spawn(keep(run_errand<std::string>(std::move(errand)), value));
    tasks.cancel();
    EXPECT_FALSE(left.expired()) << "it is under way";
    place->close();
  }
  EXPECT_TRUE(left.expired());
  EXPECT_FALSE(seen.began);
}

}  // namespace
}  // namespace weir::base
