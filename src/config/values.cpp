#include "config/values.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <span>

namespace weir::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr Unit kDurations[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kSizes[] = {{"", 1},
                           {"b", 1},
                           {"kb", 1000},
                           {"mb", 1'000'000},
                           {"gb", 1'000'000'000},
                           {"kib", 1024},
                           {"mib", 1024 * 1024},
                           {"gib", 1024 * 1024 * 1024}};
constexpr Unit kSeconds[] = {{"", 1000}};
constexpr Unit kCounts[] = {{"", 1}, {"k", 1000}, {"m", 1'000'000}};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// Digits at the front, then a unit: both must be there (the unit may be the empty one of its table).
std::optional<std::int64_t> parse_with_unit(std::string_view text, std::span<Unit const> units,
                                            bool any_case) {
  std::int64_t number = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || number < 0 || !std::isdigit(static_cast<unsigned char>(text.front())))
    return {};
  auto const rest = text.substr(static_cast<std::size_t>(end - text.data()));
  for (auto const& unit : units) {
    bool const same = any_case ? equal_ignoring_case(rest, unit.name) : rest == unit.name;
    if (!same) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) return {};
    return number * unit.factor;
  }
  return {};
}

std::optional<double> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 18) return {};
  double number = 0;
  auto const [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failed != std::errc() || end != text.data() + text.size() || !(number >= 0)) return {};
  return number;
}

template <class T, class Parse>
std::optional<std::pair<T, T>> parse_pair(std::string_view text, Parse parse) {
  auto const dots = text.find("..");
  auto const low = parse(text.substr(0, dots));
  auto const high = dots == std::string_view::npos ? low : parse(text.substr(dots + 2));
  if (!low || !high || *low > *high) return {};
  return std::pair<T, T>(*low, *high);
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return {};
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t number = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  return parse_with_unit(text, kCounts, true);
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  auto const ms = parse_with_unit(text, kDurations, false);
  if (!ms) return {};
  return milliseconds(*ms);
}

std::optional<milliseconds> parse_seconds(std::string_view text) {
  if (auto const bare = parse_with_unit(text, kSeconds, false)) return milliseconds(*bare);
  return parse_duration(text);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  auto const bytes = parse_with_unit(text, kSizes, true);
  if (!bytes) return {};
  return static_cast<std::uint64_t>(*bytes);
}

std::optional<double> parse_rate(std::string_view text) {
  auto const slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  auto const number = parse_number(text.substr(0, slash));
  auto const unit = text.substr(slash + 1);
  if (!number || (unit != "s" && unit != "m" && unit != "h")) return {};
  return unit == "s" ? *number : unit == "m" ? *number / 60 : *number / 3600;
}

std::optional<double> parse_percent(std::string_view text) {
  if (!text.ends_with('%')) return {};
  auto const number = parse_number(text.substr(0, text.size() - 1));
  if (!number || *number > 100) return {};
  return number;
}

std::optional<std::pair<std::int64_t, std::int64_t>> parse_instances(std::string_view text) {
  return parse_pair<std::int64_t>(text, parse_integer);
}

std::optional<std::pair<milliseconds, milliseconds>> parse_duration_range(std::string_view text) {
  return parse_pair<milliseconds>(text, parse_duration);
}

std::optional<std::array<std::uint8_t, 32>> parse_key_hash(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 64) return {};
  text.remove_prefix(kPrefix.size());
  std::array<std::uint8_t, 32> hash{};
  for (std::size_t i = 0; i < hash.size(); ++i) {
    auto const* begin = text.data() + 2 * i;
    if (std::from_chars(begin, begin + 2, hash[i], 16).ptr != begin + 2) return {};
  }
  return hash;
}

}  // namespace weir::config
