// The small grammars of values: durations, sizes, rates, ranges, addresses, dates. Pure functions.
//
// Each returns nothing for a text outside its grammar or too large for its type; none allocates without
// bound. Durations: ms s m h d. Sizes: b, kb mb gb (powers of 1000), KiB MiB GiB (powers of 1024), letter
// case ignored.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "config/settings.hpp"

namespace weir::config {

std::optional<bool> parse_boolean(std::string_view text);  // true, True, TRUE, false, False, FALSE
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<std::int64_t> parse_count(std::string_view text);
std::optional<milliseconds> parse_duration(std::string_view text);
std::optional<milliseconds> parse_seconds(std::string_view text);
std::optional<std::uint64_t> parse_size(std::string_view text);
std::optional<double> parse_rate(std::string_view text);     // per second
std::optional<double> parse_percent(std::string_view text);  // 0…100
std::optional<std::pair<std::int64_t, std::int64_t>> parse_instances(std::string_view text);
std::optional<std::pair<milliseconds, milliseconds>> parse_duration_range(std::string_view text);
std::optional<base::WallTime> parse_date(std::string_view text);
std::optional<Address> parse_address(std::string_view text);
bool is_http_url(std::string_view text);
std::optional<std::array<std::uint8_t, 32>> parse_key_hash(std::string_view text);

}  // namespace weir::config
