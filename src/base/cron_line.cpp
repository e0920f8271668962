#include "base/cron_line.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>

namespace weir::base {
namespace {

using namespace std::chrono;

constexpr std::size_t kTextBytesMax = 200;
constexpr int kYearsAhead = 41;  // 29 February on a given day of the week may be 40 years away

struct Field {
  unsigned low;
  unsigned high;
  std::string_view names;  // three letters each, from `low`
};
constexpr std::array<Field, 5> kFields{{{0, 59, ""},
                                        {0, 23, ""},
                                        {1, 31, ""},
                                        {1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
                                        {0, 7, "SUNMONTUEWEDTHUFRISAT"}}};

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned number = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.size() > 4 || failed != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

std::optional<unsigned> parse_value(std::string_view text, Field const& field) {
  if (auto const number = parse_number(text))
    return *number >= field.low && *number <= field.high ? number : std::nullopt;
  if (text.size() != 3) return {};
  for (std::size_t at = 0; at < field.names.size(); at += 3) {
    bool const same = std::equal(text.begin(), text.end(), field.names.begin() + static_cast<long>(at),
                                 [](unsigned char a, char b) { return std::toupper(a) == b; });
    if (same) return field.low + static_cast<unsigned>(at / 3);
  }
  return {};
}

// One of a field's parts: `*`, `5` or `1-5`, each with an optional `/step`; `5/15` is from 5 on.
std::optional<std::uint64_t> parse_part(std::string_view part, Field const& field) {
  unsigned step = 1;
  auto const slash = part.find('/');
  bool const stepped = slash != std::string_view::npos;
  if (stepped) {
    auto const number = parse_number(part.substr(slash + 1));
    if (!number || *number < 1 || *number > field.high) return {};
    step = *number;
    part = part.substr(0, slash);
  }
  unsigned low = field.low, high = field.high;
  if (part != "*") {
    auto const dash = part.find('-');
    auto const first = parse_value(part.substr(0, dash), field);
    auto last = dash != std::string_view::npos ? parse_value(part.substr(dash + 1), field)
                : stepped                      ? std::optional(field.high)
                                               : first;
    if (field.high == 7 && last == 0U && first > 0U) last = 7;  // FRI-SUN
    if (!first || !last || *first > *last) return {};
    low = *first;
    high = *last;
  }
  std::uint64_t bits = 0;
  for (unsigned value = low; value <= high; value += step) bits |= std::uint64_t{1} << value;
  return bits;
}

std::optional<std::uint64_t> parse_field(std::string_view text, Field const& field) {
  std::uint64_t bits = 0;
  for (;;) {
    auto const comma = text.find(',');
    auto const part = parse_part(text.substr(0, comma), field);
    if (!part) return {};
    bits |= *part;
    if (comma == std::string_view::npos) return bits;
    text.remove_prefix(comma + 1);
  }
}

template <class Bits>
std::optional<unsigned> next_bit(Bits bits, unsigned from) {
  if (from >= sizeof(Bits) * 8) return {};
  bits = static_cast<Bits>(bits >> from << from);
  if (bits == 0) return {};
  return static_cast<unsigned>(std::countr_zero(bits));
}

}  // namespace

std::optional<CronLine> CronLine::parse(std::string_view text) {
  if (text.size() > kTextBytesMax) return {};
  std::array<std::uint64_t, kFields.size()> sets{};
  std::array<bool, kFields.size()> starred{};
  std::size_t count = 0;
  for (;; ++count) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    if (text.empty()) break;
    if (count == kFields.size()) return {};
    auto const field = text.substr(0, text.find_first_of(" \t"));
    auto const bits = parse_field(field, kFields[count]);
    if (!bits) return {};
    sets[count] = *bits;
    starred[count] = field.front() == '*';
    text.remove_prefix(field.size());
  }
  if (count != kFields.size()) return {};
  CronLine line;
  line.minutes_ = sets[0];
  line.hours_ = static_cast<std::uint32_t>(sets[1]);
  line.days_ = static_cast<std::uint32_t>(sets[2]);
  line.months_ = static_cast<std::uint32_t>(sets[3]);
  line.weekdays_ = static_cast<std::uint32_t>((sets[4] | sets[4] >> 7) & 0x7F);
  line.both_days_ = starred[2] || starred[4];
  return line;
}

bool CronLine::ever() const noexcept {
  if (!both_days_) return true;  // there is a day of the week in every month
  for (unsigned m = 1; m <= 12; ++m) {
    auto const last = static_cast<unsigned>((year(2028) / month(m) / std::chrono::last).day());
    if ((months_ >> m & 1) != 0 && next_bit(days_, 1).value_or(99) <= last) return true;
  }
  return false;
}

bool CronLine::matches_day(local_days day) const {
  year_month_day const date(day);
  if ((months_ >> static_cast<unsigned>(date.month()) & 1) == 0) return false;
  bool const of_month = (days_ >> static_cast<unsigned>(date.day()) & 1) != 0;
  bool const of_week = (weekdays_ >> weekday(day).c_encoding() & 1) != 0;
  return both_days_ ? of_month && of_week : of_month || of_week;
}

// The first time of day at or after `from`, whole minutes.
std::optional<seconds> CronLine::next_in_day(seconds from) const {
  auto const minute = static_cast<unsigned>(ceil<minutes>(from).count());
  for (auto hour = next_bit(hours_, minute / 60); hour; hour = next_bit(hours_, *hour + 1)) {
    auto const found = next_bit(minutes_, *hour == minute / 60 ? minute % 60 : 0);
    if (found) return hours(*hour) + minutes(*found);
  }
  return {};
}

std::optional<CivilTime> CronLine::next_after(CivilTime time) const {
  auto const start = time + seconds(1);
  auto day = floor<days>(start);
  auto const last_year = year_month_day(day).year() + years(kYearsAhead);
  for (;;) {
    year_month_day const date(day);
    if (date.year() > last_year) return {};
    if ((months_ >> static_cast<unsigned>(date.month()) & 1) == 0) {
      day = local_days(date.year() / date.month() / 1 + months(1));
      continue;
    }
    if (matches_day(day)) {
      auto const from = day < start ? seconds(start - day) : seconds(0);
      if (auto const found = next_in_day(from)) return day + *found;
    }
    day += days(1);
  }
}

}  // namespace weir::base
