// CronSchedule: a cron line in a time zone, as instants (F-42). CronRunner: when to act on it (T-26).
//
// Brains: pure but for the zone's data; time comes in. A schedule is a value; a runner belongs to one loop.
//
// Where clocks change, a line that names hours follows civil time: an hour that is skipped is made up for at
// the first instant after the gap, all of its minutes at once; one that comes twice counts at the first time.
// A line that names every hour (`*/30 * * * *`) has no hour to keep to and follows the time that passes.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/cron_line.hpp"
#include "base/time_zone.hpp"

namespace weir::cache {

class CronSchedule {
 public:
  // Nothing if the line is wrong or the zone unknown; the configuration was refused for both.
  static std::optional<CronSchedule> make(std::string_view line, std::string_view zone);

  std::optional<base::WallTime> next_after(base::WallTime time) const;  // strictly after
  bool follows_elapsed_time() const noexcept { return line_.every_hour(); }

 private:
  CronSchedule(base::CronLine line, base::TimeZone zone) : line_(line), zone_(zone) {}

  base::CronLine line_;
  base::TimeZone zone_;
};

// Says when a schedule is due, each time once, also when the wall clock is set.
//
// Forward over one or many due times: one run. Back: what ran does not run again. Back by more than
// kHeldBack, or for a schedule of elapsed time by more than its period: the clock was wrong before, and the
// schedule starts anew. Times that pass while the process is down are not made up for.
class CronRunner {
 public:
  static constexpr base::Duration kLookEvery =
      std::chrono::seconds(30);  // a step of the clock is seen so soon
  static constexpr base::Duration kHeldBack = std::chrono::hours(24);
  static constexpr base::Duration kSlack = std::chrono::seconds(2);  // clocks drift; that is no step

  CronRunner(CronSchedule schedule, base::WallTime wall, base::TimePoint now);

  bool due(base::WallTime wall, base::TimePoint now);  // true: run, now and once
  base::Duration wait(base::WallTime wall) const;      // until due() should be asked again
  std::optional<base::WallTime> next() const noexcept { return due_; }
  std::optional<base::WallTime> last() const noexcept { return last_; }  // when due() was true last

 private:
  base::Duration period() const;  // between the next two due times
  base::Duration held_max() const;
  void start_anew(base::WallTime wall, base::TimePoint now);

  CronSchedule schedule_;
  std::optional<base::WallTime> due_;
  std::optional<base::WallTime> last_;
  base::TimePoint last_now_{};
  base::WallTime seen_wall_;  // at the last look
  base::TimePoint seen_now_;
  base::Duration held_{};  // how far the clock is behind where it was
};

}  // namespace weir::cache
