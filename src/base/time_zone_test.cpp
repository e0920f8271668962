#include "base/time_zone.hpp"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

using namespace std::chrono;

CivilTime civil(int y, unsigned m, unsigned d, int hour, int minute = 0) {
  return local_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute);
}
WallTime utc(int y, unsigned m, unsigned d, int hour, int minute = 0) {
  return sys_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute);
}

TEST(TimeZone, KnowsNamesAndNothingElse) {
  for (auto const* name : {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Etc/GMT+5"})
    EXPECT_TRUE(TimeZone::find(name)) << name;
  for (auto const* name : {"", "Europe/Berlyn", "europe/berlin", "/etc/passwd", "../zoneinfo/UTC",
                           "tzdata.zi", "Europe", "Europe/Berlin ", "leapseconds"})
    EXPECT_FALSE(TimeZone::find(name)) << name;
  EXPECT_FALSE(TimeZone::find(std::string(65, 'A')));
}

TEST(TimeZone, UtcIsWhatItSays) {
  TimeZone const zone;
  EXPECT_EQ(zone.civil(utc(2026, 3, 29, 1, 30)), civil(2026, 3, 29, 1, 30));
  EXPECT_EQ(zone.first_at(civil(2026, 3, 29, 2, 30)), utc(2026, 3, 29, 2, 30));
  EXPECT_EQ(zone.civil(utc(1969, 12, 31, 23, 59) + milliseconds(1)), civil(1969, 12, 31, 23, 59));
  EXPECT_GT(zone.span_at(utc(2026, 1, 1, 0)).end, utc(2900, 1, 1, 0));
}

TEST(TimeZone, ASkippedTimeIsTheEndOfTheGapAndATwiceShownOneItsFirst) {  // F-42
  auto const berlin = *TimeZone::find("Europe/Berlin");
  EXPECT_EQ(berlin.first_at(civil(2026, 3, 29, 1, 59)), utc(2026, 3, 29, 0, 59));
  EXPECT_EQ(berlin.first_at(civil(2026, 3, 29, 2, 0)), utc(2026, 3, 29, 1, 0));
  EXPECT_EQ(berlin.first_at(civil(2026, 3, 29, 2, 59)), utc(2026, 3, 29, 1, 0));
  EXPECT_EQ(berlin.first_at(civil(2026, 3, 29, 3, 0)), utc(2026, 3, 29, 1, 0));
  EXPECT_EQ(berlin.first_at(civil(2026, 10, 25, 2, 30)), utc(2026, 10, 25, 0, 30));
  EXPECT_EQ(berlin.first_at(civil(2026, 10, 25, 3, 0)), utc(2026, 10, 25, 2, 0));
  EXPECT_EQ(berlin.span_at(utc(2026, 6, 1, 0)).end, utc(2026, 10, 25, 1));
  EXPECT_EQ(berlin.span_at(utc(2026, 6, 1, 0)).offset, hours(2));
}

TEST(TimeZone, ADayThatWasSkippedEndsItsGapTheNextDay) {
  auto const apia = *TimeZone::find("Pacific/Apia");
  EXPECT_EQ(apia.first_at(civil(2011, 12, 30, 2)), utc(2011, 12, 30, 10)) << "the 31st began there";
}

}  // namespace
}  // namespace weir::base
