#include "net/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace weir::net {

namespace {

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<unsigned> whole(std::string_view digits) noexcept {
  unsigned number = 0;
  auto const parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size())
    return std::nullopt;
  return number;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<std::chrono::sys_seconds> instant_of(std::string_view text) noexcept {
  bool const shaped = text.size() == 29 && text.substr(3, 2) == ", " && text[7] == ' ' && text[11] == ' ' &&
                      text[16] == ' ' && text[19] == ':' && text[22] == ':' && text.substr(25) == " GMT";
  if (!shaped) return std::nullopt;
  auto const day = whole(text.substr(5, 2));
  auto const month = std::find(std::begin(kMonths), std::end(kMonths), text.substr(8, 3));
  auto const year = whole(text.substr(12, 4));
  auto const hour = whole(text.substr(17, 2));
  auto const minute = whole(text.substr(20, 2));
  auto const second = whole(text.substr(23, 2));
  if (!day || month == std::end(kMonths) || !year || !hour || !minute || !second) return std::nullopt;
  std::chrono::year_month_day const date{
      std::chrono::year(static_cast<int>(*year)),
      std::chrono::month(static_cast<unsigned>(month - std::begin(kMonths)) + 1), std::chrono::day(*day)};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

}  // namespace

std::optional<base::Duration> retry_after(std::string_view field, std::string_view date) noexcept {
  if (auto const seconds = whole(field)) return std::chrono::seconds{*seconds};
  auto const then = instant_of(field);
  auto const sent = instant_of(date);
  if (!then || !sent) return std::nullopt;
  constexpr std::chrono::seconds kFar = std::chrono::hours{24 * 365};  // centuries do not fit into a Duration
  return std::clamp(*then - *sent, -kFar, kFar);
}

}  // namespace weir::net
