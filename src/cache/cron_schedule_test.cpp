#include "cache/cron_schedule.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.hpp"

namespace weir::cache {
namespace {

using namespace std::chrono;
using base::CivilTime;
using base::TimePoint;
using base::TimeZone;
using base::WallTime;

WallTime utc(int y, unsigned m, unsigned d, int hour = 0, int minute = 0) {
  return sys_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute);
}

std::vector<WallTime> runs(std::string_view line, std::string_view zone, WallTime from, WallTime to) {
  auto const schedule = CronSchedule::make(line, zone);
  EXPECT_TRUE(schedule);
  std::vector<WallTime> all;
  for (auto next = schedule->next_after(from); next && *next <= to; next = schedule->next_after(*next))
    all.push_back(*next);
  return all;
}

TEST(CronSchedule, NeedsARightLineAndAKnownZone) {
  EXPECT_FALSE(CronSchedule::make("* * *", "UTC"));
  EXPECT_FALSE(CronSchedule::make("* * * * *", "Europe/Berlyn"));
  EXPECT_TRUE(CronSchedule::make("* * * * *", "UTC"));
}

TEST(CronSchedule, TwoOClockRunsOnceOnTheDayWithoutIt) {  // F-42, T-26
  EXPECT_EQ(runs("0 2 * * *", "Europe/Berlin", utc(2026, 3, 28, 12), utc(2026, 3, 30, 12)),
            (std::vector<WallTime>{utc(2026, 3, 29, 1), utc(2026, 3, 30, 0)}));
  EXPECT_EQ(runs("*/30 2 * * *", "Europe/Berlin", utc(2026, 3, 28, 12), utc(2026, 3, 29, 12)),
            (std::vector<WallTime>{utc(2026, 3, 29, 1)}))
      << "all of the skipped hour, once";
  EXPECT_EQ(runs("30 2 * * *", "Europe/Berlin", utc(2026, 3, 28, 12), utc(2026, 3, 29, 12)),
            (std::vector<WallTime>{utc(2026, 3, 29, 1)}))
      << "when the gap ends, not half an hour later";
}

TEST(CronSchedule, TwoOClockRunsOnceOnTheDayThatHasItTwice) {
  EXPECT_EQ(runs("0 2 * * *", "Europe/Berlin", utc(2026, 10, 24, 12), utc(2026, 10, 26, 12)),
            (std::vector<WallTime>{utc(2026, 10, 25, 0), utc(2026, 10, 26, 1)}));
  EXPECT_EQ(CronSchedule::make("0 2 * * *", "Europe/Berlin")->next_after(utc(2026, 10, 25, 0, 59)),
            utc(2026, 10, 26, 1));
}

TEST(CronSchedule, EveryHalfHourFollowsTheTimeThatPasses) {
  for (auto const day : {utc(2026, 3, 29), utc(2026, 10, 25), utc(2026, 7, 1)}) {
    auto const all = runs("*/30 * * * *", "Europe/Berlin", day, day + hours(6));
    ASSERT_EQ(all.size(), 12U);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], day + minutes(30) * (i + 1));
  }
}

TEST(CronSchedule, UtcHasNoSuchHours) {
  EXPECT_EQ(runs("0 2 * * *", "UTC", utc(2026, 3, 28, 12), utc(2026, 3, 30, 12)),
            (std::vector<WallTime>{utc(2026, 3, 29, 2), utc(2026, 3, 30, 2)}));
  EXPECT_EQ(CronSchedule::make("0 0 30 2 *", "UTC")->next_after(utc(2026, 1, 1)), std::nullopt);
  EXPECT_EQ(CronSchedule::make("* * 30 2 *", "Europe/Berlin")->next_after(utc(2026, 1, 1)), std::nullopt);
}

// The rule again, minute by minute and without cleverness: which instants does the line name?
std::vector<WallTime> walked(base::CronLine const& line, TimeZone const& zone, WallTime from, WallTime to) {
  CivilTime asked{}, next{};
  auto const named = [&](CivilTime time) {
    if (time < asked || time > next) next = line.next_after(time - seconds(1)).value_or(CivilTime::max());
    asked = time;
    return next == time;
  };
  std::vector<WallTime> all;
  auto shown_max = zone.civil(from);  // the latest minute that clocks have shown
  for (auto time = from + minutes(1); time <= to; time += minutes(1)) {
    auto const shown = zone.civil(time);
    bool run = named(shown) && (line.every_hour() || shown > shown_max);
    for (auto skipped = shown_max + minutes(1); !line.every_hour() && skipped < shown; skipped += minutes(1))
      run = run || named(skipped);
    shown_max = std::max(shown_max, shown);
    if (run) all.push_back(time);
  }
  return all;
}

TEST(CronSchedule, AgreesWithAWalkOverEveryMinuteWhereClocksChange) {  // T-26
  constexpr std::string_view kZones[] = {"UTC",           "Europe/Berlin",       "America/New_York",
                                         "Europe/London", "Australia/Lord_Howe", "Africa/Cairo",
                                         "Asia/Beirut",   "America/Sao_Paulo",   "Asia/Kathmandu",
                                         "Pacific/Apia",  "America/St_Johns",    "Africa/Casablanca"};
  constexpr std::string_view kLines[] = {"0 2 * * *",    "*/30 * * * *",  "*/7 1-3 * * *",     "0 0 * * *",
                                         "30 1,2 * * *", "59 23 * * SAT", "0 */2 * * *",       "15 * * * SUN",
                                         "* 0 1 * 0",    "0 0-23 * * *",  "0 2 28-31 3,10 */7"};
  int compared = 0;
  for (auto const name : kZones) {
    auto const zone = *TimeZone::find(name);
    std::vector<WallTime> changes{utc(2026, 2, 28)};
    for (auto at = utc(2009, 1, 1); at < utc(2028, 1, 1) && changes.size() < 9;) {
      at = zone.span_at(at).end;
      changes.push_back(at);
      if (changes.size() > 5) at += days(365);
    }
    for (auto const change : changes) {
      if (change > utc(2030, 1, 1)) continue;
      for (auto const line : kLines) {
        auto const from = floor<minutes>(change) - hours(6), to = from + hours(32);
        ASSERT_EQ(runs(line, name, from, to), walked(*base::CronLine::parse(line), zone, from, to))
            << line << " in " << name << " around " << change.time_since_epoch().count();
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 600);
}

struct Clocks {
  WallTime wall;
  TimePoint now{hours(1000)};
  void pass(milliseconds by) {
    wall += by;
    now += by;
  }
};

// Looks as often as wait() asks for, for `time`; how often it ran.
int run_for(CronRunner& runner, Clocks& clocks, milliseconds time) {
  int count = 0;
  auto const end = clocks.now + time;
  while (clocks.now < end) {
    auto const wait = std::min<base::Duration>(runner.wait(clocks.wall), end - clocks.now);
    clocks.pass(std::max(ceil<milliseconds>(wait), milliseconds(1)));
    count += runner.due(clocks.wall, clocks.now) ? 1 : 0;
  }
  return count;
}

CronRunner runner_of(std::string_view line, Clocks const& clocks, std::string_view zone = "UTC") {
  return {*CronSchedule::make(line, zone), clocks.wall, clocks.now};
}

TEST(CronRunner, RunsWhenItIsDueAndOnce) {
  Clocks clocks{utc(2026, 5, 1, 1, 59)};
  auto runner = runner_of("0 2 * * *", clocks);
  EXPECT_EQ(runner.wait(clocks.wall), CronRunner::kLookEvery);
  EXPECT_EQ(run_for(runner, clocks, seconds(59)), 0);
  EXPECT_EQ(runner.wait(clocks.wall), seconds(1));
  EXPECT_EQ(run_for(runner, clocks, seconds(1)), 1);
  EXPECT_EQ(runner.last(), utc(2026, 5, 1, 2));
  EXPECT_EQ(run_for(runner, clocks, hours(24) - milliseconds(1)), 0);
  EXPECT_EQ(run_for(runner, clocks, milliseconds(1)), 1);
}

TEST(CronRunner, ACivilDayHasOneRunWhereverClocksChange) {
  for (auto const* zone : {"Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"}) {
    Clocks clocks{utc(2026, 3, 1, 12)};
    auto runner = runner_of("0 2 * * *", clocks, zone);
    EXPECT_EQ(run_for(runner, clocks, days(60)), 60) << zone;
  }
}

TEST(CronRunner, AStepForwardOverDueTimesRunsOnce) {  // T-26
  Clocks clocks{utc(2026, 5, 1, 1, 30)};
  auto runner = runner_of("0 2 * * *", clocks);
  clocks.wall += hours(1);
  EXPECT_TRUE(runner.due(clocks.wall, clocks.now));
  EXPECT_FALSE(runner.due(clocks.wall, clocks.now));
  clocks.wall += days(9);
  EXPECT_TRUE(runner.due(clocks.wall, clocks.now)) << "nine are one";
  EXPECT_FALSE(runner.due(clocks.wall, clocks.now));
}

TEST(CronRunner, AStepBackDoesNotRunAgainWhatRan) {  // T-26
  Clocks clocks{utc(2026, 5, 1, 1, 30)};
  auto runner = runner_of("0 2 * * *", clocks);
  EXPECT_EQ(run_for(runner, clocks, hours(1)), 1);
  clocks.wall -= hours(1);
  EXPECT_EQ(run_for(runner, clocks, hours(24)), 0) << "01:30 to 01:30: 02:00 had its run";
  EXPECT_EQ(run_for(runner, clocks, hours(1)), 1);
}

TEST(CronRunner, AStepBackOverMostOfADayDoesNotRunAgainEither) {
  Clocks clocks{utc(2026, 5, 1, 1, 30)};
  auto runner = runner_of("0 2 * * *", clocks);
  EXPECT_EQ(run_for(runner, clocks, hours(14)), 1);
  clocks.wall -= hours(14);
  EXPECT_EQ(run_for(runner, clocks, hours(1)), 0);
}

TEST(CronRunner, ForwardAndBackAgainIsOneRun) {
  Clocks clocks{utc(2026, 5, 1, 1, 30)};
  auto runner = runner_of("0 2 * * *", clocks);
  clocks.wall += hours(1);
  EXPECT_TRUE(runner.due(clocks.wall, clocks.now));
  clocks.wall -= hours(1);
  EXPECT_EQ(run_for(runner, clocks, hours(24)), 0);
  EXPECT_EQ(run_for(runner, clocks, hours(1)), 1);
}

TEST(CronRunner, AClockThatWasYearsAheadDoesNotSilenceIt) {
  Clocks clocks{utc(2036, 5, 1, 1, 30)};
  auto runner = runner_of("0 2 * * *", clocks);
  EXPECT_EQ(run_for(runner, clocks, hours(1)), 1);
  clocks.wall = utc(2026, 5, 1, 1, 30);
  EXPECT_FALSE(runner.due(clocks.wall, clocks.now));
  EXPECT_EQ(run_for(runner, clocks, hours(1)), 0) << "it ran an hour ago";
  EXPECT_EQ(run_for(runner, clocks, hours(24)), 1);
}

TEST(CronRunner, ManySmallStepsAreNotOneLargeOne) {
  Clocks clocks{utc(2026, 5, 1, 12)};
  auto runner = runner_of("0 2 * * *", clocks);
  int count = 0;
  for (int night = 0; night < 100; ++night) {
    clocks.wall -= minutes(30);
    count += run_for(runner, clocks, hours(24) + minutes(30));
  }
  EXPECT_EQ(count, 100);
}

TEST(CronRunner, AScheduleOfElapsedTimeKeepsItsPaceAfterAStepBack) {
  Clocks clocks{utc(2026, 5, 1, 9, 50)};
  auto runner = runner_of("*/30 * * * *", clocks);
  EXPECT_EQ(run_for(runner, clocks, minutes(11)), 1);
  clocks.wall -= seconds(90);  // 09:59:30 again
  EXPECT_EQ(run_for(runner, clocks, minutes(25)), 0);
  EXPECT_EQ(run_for(runner, clocks, minutes(10)), 1);
  clocks.wall -= hours(5);
  EXPECT_EQ(run_for(runner, clocks, hours(3)), 6);
}

TEST(CronRunner, StepsAtRandomNeverRunOneCivilTimeTwice) {
  base::SeededRandom random(7);
  for (int round = 0; round < 200; ++round) {
    Clocks clocks{utc(2026, 3, 28, 12)};
    auto runner = runner_of("0 2 * * *", clocks, "Europe/Berlin");
    TimePoint before{};
    for (int step = 0; step < 40; ++step) {
      clocks.pass(minutes(random.below(240)));
      clocks.wall += minutes(static_cast<int>(random.below(121)) - 60);  // ±1 h
      if (!runner.due(clocks.wall, clocks.now)) continue;
      EXPECT_GT(clocks.now - before, hours(1)) << round;
      EXPECT_FALSE(runner.due(clocks.wall, clocks.now));
      before = clocks.now;
    }
  }
}

}  // namespace
}  // namespace weir::cache
