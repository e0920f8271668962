#include "base/cron_line.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::base {
namespace {

using namespace std::chrono;

CivilTime civil(int y, unsigned m, unsigned d, int hour = 0, int minute = 0, int second = 0) {
  return local_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute) + seconds(second);
}

std::optional<CivilTime> next(std::string_view line, CivilTime time) {
  auto const parsed = CronLine::parse(line);
  EXPECT_TRUE(parsed) << line;
  return parsed ? parsed->next_after(time) : std::nullopt;
}

TEST(CronLine, TakesListsRangesStepsAndNames) {
  for (auto const* good :
       {"* * * * *", "0 2 * * *", "*/15 0-23/2 1,15 * 1-5", "0 0 * * 7", "59 23 31 12 0", "\t0  2 * * * ",
        "0 2 * JAN-Mar mon,WED", "5/15 * * * *", "0 0 * * FRI-SUN", "0 0 * dec sun"}) {
    EXPECT_TRUE(CronLine::parse(good)) << good;
  }
  for (auto const* bad : {"",
                          "* * * *",
                          "* * * * * *",
                          "60 * * * *",
                          "* 24 * * *",
                          "* * 0 * *",
                          "* * 32 * *",
                          "* * * 0 *",
                          "* * * 13 *",
                          "* * * * 8",
                          "5-1 * * * *",
                          "*/0 * * * *",
                          "*/60 * * * *",
                          "1- * * * *",
                          "-1 * * * *",
                          "a * * * *",
                          "JAN * * * *",
                          "* * * * JAN",
                          "* * * JANU *",
                          "1,,2 * * * *",
                          ", * * * *",
                          "@daily",
                          "1.5 * * * *",
                          "+5 * * * *",
                          "*5 * * * *",
                          "*/ * * * *",
                          "99999999999999999999 * * * *"}) {
    EXPECT_FALSE(CronLine::parse(bad)) << bad;
  }
  EXPECT_FALSE(CronLine::parse("0 2 * * *" + std::string(192, ' ')));
  EXPECT_TRUE(CronLine::parse("0 2 * * *" + std::string(191, ' ')));
}

TEST(CronLine, TwoSpellingsOfTheSameAreEqual) {
  EXPECT_EQ(*CronLine::parse("0 0 * * 7"), *CronLine::parse("0 0 * * SUN"));
  EXPECT_EQ(*CronLine::parse("0 0 * * 5-7"), *CronLine::parse("0 0 * * fri-sun"));
  EXPECT_EQ(*CronLine::parse("5/15 * * * *"), *CronLine::parse("5,20,35,50 * * * *"));
  EXPECT_TRUE(CronLine::parse("0 0-23 * * *")->every_hour());
  EXPECT_FALSE(CronLine::parse("* */2 * * *")->every_hour());
}

TEST(CronLine, FindsTheNextMinute) {
  EXPECT_EQ(next("0 2 * * *", civil(2026, 11, 29, 1, 59, 59)), civil(2026, 11, 29, 2));
  EXPECT_EQ(next("0 2 * * *", civil(2026, 11, 29, 2)), civil(2026, 11, 30, 2));
  EXPECT_EQ(next("*/20 9-10 * * *", civil(2026, 1, 1, 9, 40)), civil(2026, 1, 1, 10));
  EXPECT_EQ(next("*/20 9-10 * * *", civil(2026, 1, 1, 10, 40)), civil(2026, 1, 2, 9));
  EXPECT_EQ(next("* * * * *", civil(2026, 12, 31, 23, 59)), civil(2027, 1, 1));
  EXPECT_EQ(next("30 4 1 JAN *", civil(2026, 1, 1, 4, 30)), civil(2027, 1, 1, 4, 30));
}

TEST(CronLine, EitherDaySufficesUnlessOneIsAStar) {
  auto const thursday = civil(2026, 1, 1);
  EXPECT_EQ(next("0 0 13 * FRI", thursday), civil(2026, 1, 2)) << "a Friday, or the 13th";
  EXPECT_EQ(next("0 0 13 * FRI", civil(2026, 1, 9)), civil(2026, 1, 13));
  EXPECT_EQ(next("0 0 13 * *", thursday), civil(2026, 1, 13));
  EXPECT_EQ(next("0 0 * * FRI", thursday), civil(2026, 1, 2));
  EXPECT_EQ(next("0 0 */2 * FRI", thursday), civil(2026, 1, 9)) << "an odd day that is a Friday";
}

TEST(CronLine, KnowsLeapDaysAndDaysThatNeverCome) {
  EXPECT_EQ(next("0 0 29 2 *", civil(2026, 1, 1)), civil(2028, 2, 29));
  EXPECT_EQ(next("0 0 29 2 *", civil(2096, 2, 29)), civil(2104, 2, 29)) << "2100 is no leap year";
  EXPECT_EQ(next("0 0 29 2 */7", civil(2072, 2, 1)), civil(2088, 2, 29)) << "on a Sunday";
  for (auto const* never : {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 30-31 FEB */2"}) {
    EXPECT_FALSE(CronLine::parse(never)->ever()) << never;
    EXPECT_EQ(next(never, civil(2026, 1, 1)), std::nullopt) << never;
  }
  for (auto const* some_day : {"0 0 29 2 *", "0 0 30 2 MON", "0 0 31 * *", "0 0 30 2,3 *"}) {
    EXPECT_TRUE(CronLine::parse(some_day)->ever()) << some_day;
  }
}

}  // namespace
}  // namespace weir::base
