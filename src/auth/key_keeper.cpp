#include "auth/key_keeper.hpp"

#include <algorithm>
#include <charconv>

namespace weir::auth {
namespace {

constexpr unsigned kDoublingsMax = 10;

std::string_view trimmed(std::string_view text) {
  auto const begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool same_word(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
  });
}

}  // namespace

bool KeyKeeper::begin(Why why, base::TimePoint now) noexcept {
  if (fetching_ || now < retry_from_) return false;
  if (why == Why::due && now < due_) return false;
  if (why == Why::none_yet && now < usable_until_) return false;
  if (why == Why::unknown_key) {
    if (now < unknown_from_) return false;
    unknown_from_ = now + times_.unknown_pause;
  }
  fetching_ = true;
  return true;
}

void KeyKeeper::took(std::optional<base::Duration> max_age, base::TimePoint now) noexcept {
  auto const lifetime =
      max_age ? std::clamp(*max_age, times_.lifetime_min, times_.lifetime_max) : times_.lifetime;
  fetching_ = false;
  failures_ = 0;
  retry_from_ = now;
  due_ = now + lifetime / 4 * 3;
  usable_until_ = now + times_.kept_max;
}

void KeyKeeper::failed(base::TimePoint now) noexcept {
  fetching_ = false;
  auto const wait = times_.retry_min * (1U << std::min(failures_++, kDoublingsMax));
  due_ = retry_from_ = now + std::min<base::Duration>(wait, times_.retry_max);
}

std::optional<base::Duration> max_age_of(std::string_view cache_control) noexcept {
  std::optional<base::Duration> found;
  while (!cache_control.empty()) {
    auto const end = std::min(cache_control.find(','), cache_control.size());
    auto const word = trimmed(cache_control.substr(0, end));
    cache_control.remove_prefix(std::min(end + 1, cache_control.size()));
    if (same_word(word, "no-store") || same_word(word, "no-cache")) return base::Duration::zero();
    auto const equals = word.find('=');
    if (equals == std::string_view::npos || !same_word(word.substr(0, equals), "max-age")) continue;
    auto const number = word.substr(equals + 1);
    std::uint32_t seconds = 0;
    auto const read = std::from_chars(number.data(), number.data() + number.size(), seconds);
    if (read.ec == std::errc{} && read.ptr == number.data() + number.size())
      found = std::chrono::seconds{seconds};
  }
  return found;
}

}  // namespace weir::auth
