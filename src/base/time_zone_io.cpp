#include <date/tz.h>

#include <algorithm>
#include <exception>
#include <string>

#include "base/time_zone.hpp"

namespace weir::base {
namespace {

using std::chrono::seconds;

constexpr std::size_t kNameBytesMax = 64;

date::time_zone const& library(void const* zone) { return *static_cast<date::time_zone const*>(zone); }

date::sys_seconds to_library(WallTime time) {
  return date::sys_seconds(std::chrono::floor<seconds>(time).time_since_epoch());
}

// The library's first and last instants do not fit into milliseconds.
WallTime from_library(date::sys_seconds time) {
  constexpr auto kLimit = std::chrono::duration_cast<seconds>(std::chrono::hours(24) * 365'000);
  return WallTime(std::clamp(time.time_since_epoch(), -kLimit, kLimit));
}

// A name is looked up as a file's by other software; ours is a word of these only.
bool is_name(std::string_view text) {
  constexpr std::string_view kBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
  return !text.empty() && text.size() <= kNameBytesMax &&
         text.find_first_not_of(kBytes) == std::string_view::npos;
}

}  // namespace

std::optional<TimeZone> TimeZone::find(std::string_view name) {
  if (name == "UTC") return TimeZone();
  if (!is_name(name)) return {};
  TimeZone zone;
  try {
    zone.zone_ = date::locate_zone(std::string(name));
    zone.span_at(WallTime());  // reads the zone's file now, while a failure is still somebody's answer
  } catch (std::exception const&) {
    return {};
  }
  return zone;
}

TimeZone::Span TimeZone::span_at(WallTime time) const {
  if (zone_ == nullptr)
    return {from_library(date::sys_seconds::min()), from_library(date::sys_seconds::max()), {}};
  auto const info = library(zone_).get_info(to_library(time));
  return {from_library(info.begin), from_library(info.end), info.offset};
}

CivilTime TimeZone::civil(WallTime time) const {
  return CivilTime(std::chrono::floor<seconds>(time).time_since_epoch() + span_at(time).offset);
}

WallTime TimeZone::first_at(CivilTime time) const {
  if (zone_ == nullptr) return WallTime(time.time_since_epoch());
  auto const info = library(zone_).get_info(date::local_seconds(time.time_since_epoch()));
  if (info.result == date::local_info::nonexistent) return from_library(info.first.end);
  return WallTime(time.time_since_epoch() - info.first.offset);
}

}  // namespace weir::base
