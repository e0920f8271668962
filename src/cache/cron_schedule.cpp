#include "cache/cron_schedule.hpp"

#include <algorithm>

namespace weir::cache {

using base::WallTime;
using std::chrono::seconds;

std::optional<CronSchedule> CronSchedule::make(std::string_view line, std::string_view zone) {
  auto const parsed = base::CronLine::parse(line);
  auto const found = base::TimeZone::find(zone);
  if (!parsed || !found) return {};
  return CronSchedule(*parsed, *found);
}

std::optional<WallTime> CronSchedule::next_after(WallTime time) const {
  auto civil = zone_.civil(time);
  if (!line_.every_hour()) {
    for (;;) {
      auto const named = line_.next_after(civil);
      if (!named) return {};
      auto const instant = zone_.first_at(*named);
      if (instant > time) return instant;
      civil = *named;  // the second showing of a time that counted already
    }
  }
  for (auto span = zone_.span_at(time);;) {  // until the next change of the clocks civil time just passes
    auto const named = line_.next_after(civil);
    if (!named) return {};
    auto const instant = WallTime(named->time_since_epoch() - span.offset);
    if (instant < span.end) return instant;
    span = zone_.span_at(span.end);
    civil = zone_.civil(span.begin) - seconds(1);
  }
}

CronRunner::CronRunner(CronSchedule schedule, WallTime wall, base::TimePoint now)
    : schedule_(schedule), due_(schedule_.next_after(wall)), seen_wall_(wall), seen_now_(now) {}

bool CronRunner::due(WallTime wall, base::TimePoint now) {
  auto const step = base::Duration(wall - seen_wall_) - (now - seen_now_);
  seen_wall_ = wall;
  seen_now_ = now;
  if (step < -kSlack || step > kSlack) held_ = std::max(held_ - step, base::Duration::zero());
  if (step < -kSlack && held_ > held_max()) {
    start_anew(wall, now);
    return false;
  }
  if (!due_ || wall < *due_) return false;
  last_ = wall;
  last_now_ = now;
  held_ = {};
  due_ = schedule_.next_after(wall);
  return true;
}

base::Duration CronRunner::period() const {
  auto const then = due_ ? schedule_.next_after(*due_) : std::nullopt;
  return then ? base::Duration(*then - *due_) : kHeldBack;
}

base::Duration CronRunner::held_max() const {
  return schedule_.follows_elapsed_time() ? std::min(period(), kHeldBack) : kHeldBack;
}

void CronRunner::start_anew(WallTime wall, base::TimePoint now) {
  held_ = {};
  due_ = schedule_.next_after(wall);
  if (!due_ || !last_) return;
  bool const just_ran = (now - last_now_) + base::Duration(*due_ - wall) < period() / 2;
  if (just_ran) due_ = schedule_.next_after(*due_);
}

base::Duration CronRunner::wait(WallTime wall) const {
  if (!due_) return kLookEvery;
  return std::clamp<base::Duration>(*due_ - wall, base::Duration::zero(), kLookEvery);
}

}  // namespace weir::cache
