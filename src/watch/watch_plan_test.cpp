#include "watch/watch_plan.hpp"

#include <gtest/gtest.h>

namespace weir::watch {
namespace {

using Uris = std::vector<std::string>;
base::Error gone() { return {base::Fault::connection_lost, base::Blame::upstream, "gone"}; }

TEST(WatchPlan, OnlyWhatIsNewIsAskedForAndOnlyWhatIsHeldIsGivenBack) {
  WatchPlan plan;
  EXPECT_EQ(plan.next({"a", "b", "c"}).subscribe, (Uris{"a", "b", "c"}));
  EXPECT_FALSE(plan.held("a"));
  plan.refused("b", {-1, "no", {}});
  plan.failed("c", gone());
  EXPECT_TRUE(plan.next({"a", "b", "c"}).none());
  auto const steps = plan.next({"d"});
  EXPECT_EQ(steps.subscribe, Uris{"d"});
  EXPECT_EQ(steps.unsubscribe, Uris{"a"});
  plan.dropped("a");
  EXPECT_TRUE(plan.next({}).none());
  EXPECT_EQ(plan.find("b"), nullptr);
}

TEST(WatchPlan, AfterAGapEverythingIsDueAgainAndItsChangesWereMissed) {  // P054, P071
  WatchPlan plan;
  plan.held("a");
  plan.refused("b", {});
  EXPECT_TRUE(plan.lost(gone()));
  EXPECT_TRUE(plan.next({"a", "b"}).none());  // not at once
  plan.forgive();
  EXPECT_EQ(plan.next({"a", "b"}).subscribe, (Uris{"a", "b"}));
  EXPECT_TRUE(plan.held("a"));
  EXPECT_FALSE(plan.held("a"));
  EXPECT_FALSE(WatchPlan().lost(gone()));
}

TEST(WatchPlan, WhoAsksAnewDoesNotWaitForForgiveness) {
  WatchPlan plan;
  plan.refused("a", {});
  plan.held("b");
  plan.ask_anew("a");
  plan.ask_anew("b");
  plan.ask_anew("c");
  EXPECT_EQ(plan.next({"a", "b"}).subscribe, Uris{"a"});
}

}  // namespace
}  // namespace weir::watch
