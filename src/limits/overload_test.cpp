#include "limits/overload.hpp"

#include <gtest/gtest.h>

namespace weir::limits {
namespace {

using namespace std::chrono_literals;
using core::Standing;

config::Shedding shedding() {
  config::Shedding made;
  made.cpu = .9;
  made.queue_wait = 250ms;
  return made;
}

void feed(Overload& overload, LoadReading const& reading, int times) {
  for (int i = 0; i < times; ++i) overload.feed(reading);
}

TEST(Overload, IsOffUnlessConfigured) {
  Overload overload({});
  feed(overload, {1, 10s}, 100);
  EXPECT_FALSE(overload.refuses(Standing::background));
  EXPECT_FALSE(overload.configured());
}

TEST(Overload, TakesThreeReadingsInARowAboveTheThreshold) {
  Overload overload(shedding());
  feed(overload, {.91, {}}, 2);
  overload.feed({.9, {}});
  feed(overload, {.91, {}}, 2);
  EXPECT_EQ(overload.percent_of(Standing::background), 0U);
  overload.feed({.91, {}});
  EXPECT_EQ(overload.percent_of(Standing::background), 100U);
  EXPECT_EQ(overload.percent_of(Standing::interactive), 0U);
}

TEST(Overload, QueuesThatAreTooSlowCountAsWell) {
  Overload overload(shedding());
  feed(overload, {0, 250ms}, 10);
  EXPECT_FALSE(overload.refuses(Standing::background));
  feed(overload, {0, 251ms}, 3);
  EXPECT_TRUE(overload.refuses(Standing::background));
}

TEST(Overload, LetsGrowingSharesOfInteractiveCallsGoAndNeverControl) {
  Overload overload(shedding());
  feed(overload, {1, {}}, 4);
  EXPECT_EQ(overload.percent_of(Standing::interactive), 10U);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) refused += overload.refuses(Standing::interactive) ? 1 : 0;
  EXPECT_EQ(refused, 100) << "evenly";
  feed(overload, {1, {}}, 100);
  EXPECT_EQ(overload.percent_of(Standing::interactive), 95U);
  EXPECT_FALSE(overload.refuses(Standing::control));
}

TEST(Overload, ComesBackInStepsAndNotWhileItIsNearTheThreshold) {
  Overload overload(shedding());
  feed(overload, {1, {}}, 4);
  feed(overload, {.8, {}}, 100);  // below the threshold, above four fifths of it
  EXPECT_EQ(overload.percent_of(Standing::interactive), 10U);
  feed(overload, {.7, 210ms}, 100);
  EXPECT_EQ(overload.percent_of(Standing::interactive), 10U) << "all thresholds";
  feed(overload, {.7, {}}, 2);
  EXPECT_EQ(overload.percent_of(Standing::interactive), 0U);
  EXPECT_EQ(overload.percent_of(Standing::background), 100U);
  feed(overload, {.7, {}}, 19);
  EXPECT_GT(overload.percent_of(Standing::background), 0U);
  overload.feed({.7, {}});
  EXPECT_EQ(overload.percent_of(Standing::background), 0U) << "two seconds after the last";
}

TEST(Overload, TheOrderIsTheOperators) {
  auto settings = shedding();
  settings.order = {config::Priority::control, config::Priority::background, config::Priority::interactive};
  Overload overload(settings);
  feed(overload, {1, {}}, 3);
  EXPECT_EQ(overload.percent_of(Standing::interactive), 100U);
  EXPECT_EQ(overload.percent_of(Standing::background), 0U);
}

TEST(Overload, NewSettingsBeginAnew) {
  Overload overload(shedding());
  feed(overload, {1, {}}, 10);
  overload.set_settings(shedding());
  EXPECT_EQ(overload.percent_of(Standing::background), 0U);
}

}  // namespace
}  // namespace weir::limits
