// CronLine: the five fields that say when something is to be done, as sets of bits.
//
// A value, any thread. Lists, ranges, steps and names (JAN-DEC, SUN-SAT), in any letter case; Sunday is 0 and
// 7. As in Vixie's cron: where day of month and day of week are both given, either suffices; where one of
// them begins with `*`, both must hold. Knows no time zone: what it is asked about is civil time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::base {

using CivilTime = std::chrono::local_seconds;

class CronLine {
 public:
  static std::optional<CronLine> parse(std::string_view text);  // nothing for anything but a right line

  // The first minute after `time` that the line names. Nothing if there is none in the years a clock may
  // show.
  std::optional<CivilTime> next_after(CivilTime time) const;
  bool matches_day(std::chrono::local_days day) const;
  bool every_hour() const noexcept { return hours_ == 0xFFFFFF; }
  bool ever() const noexcept;  // false for the 30th of February

  friend bool operator==(CronLine const&, CronLine const&) = default;

 private:
  std::optional<std::chrono::seconds> next_in_day(std::chrono::seconds from) const;

  std::uint64_t minutes_ = 0;
  std::uint32_t hours_ = 0;
  std::uint32_t days_ = 0;      // bits 1…31
  std::uint32_t months_ = 0;    // bits 1…12
  std::uint32_t weekdays_ = 0;  // bits 0…6, from Sunday
  bool both_days_ = false;      // day of month and day of week must both hold
};

}  // namespace weir::base
