// TimeZone: what clocks on the wall show, by the IANA data of this machine's distribution (package tzdata).
//
// A value; any thread. The first find() of a process reads the list of zones (about 3 ms, from disk); a zone
// lives as long as the process, and data that is updated meanwhile is seen after a restart. UTC is known
// without any data. docs/decisions/0011-time-zones.md.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/cron_line.hpp"

namespace weir::base {

class TimeZone {
 public:
  TimeZone() = default;                                        // UTC
  static std::optional<TimeZone> find(std::string_view name);  // "Europe/Berlin"; nothing if unknown

  struct Span {  // clocks are `offset` ahead of UTC from `begin` until before `end`
    WallTime begin;
    WallTime end;
    std::chrono::seconds offset;
  };
  Span span_at(WallTime time) const;
  CivilTime civil(WallTime time) const;  // whole seconds, rounded down

  // The instant of a civil time. Where clocks go back and show it twice: the first. Where they go forward and
  // never show it: the first instant after the gap. Later civil times have no earlier instants.
  WallTime first_at(CivilTime time) const;

 private:
  void const* zone_ = nullptr;  // the library's; null for UTC
};

}  // namespace weir::base
