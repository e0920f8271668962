#include "resilience/call_rates.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weir::resilience {
namespace {

constexpr double kChance = 3;  // standard deviations, of calls that come at random

double seconds_of(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void CallRates::answered(base::Duration took) noexcept {
  now_.taken += seconds_of(took);
  ++now_.answered;
  ++now_.ended;
}

std::optional<CallRates::OfTwo> CallRates::of_two(base::TimePoint now) noexcept {
  if (now_.answered < kAnswersLeast) return std::nullopt;
  now_.seconds = seconds_of(now - begun_);
  double const each = now_.taken / now_.answered;
  if (now_.seconds < std::clamp(each, seconds_of(kShortest), seconds_of(kLongest))) return std::nullopt;
  Batch const earlier = before_;
  before_ = now_;
  now_ = {};
  auto const since = std::exchange(begun_before_, std::exchange(begun_, now));
  if (earlier.seconds == 0) return std::nullopt;
  double const ended = before_.ended / before_.seconds, ended_earlier = earlier.ended / earlier.seconds;
  double const refused = before_.refused / before_.seconds;
  double const refused_earlier = earlier.refused / earlier.seconds;
  return OfTwo{std::min(ended, ended_earlier),
               std::max(ended, ended_earlier),
               std::min(refused, refused_earlier),
               std::max(refused, refused_earlier),
               std::min(before_.seconds, earlier.seconds),
               since};
}

void CallRates::restart(base::TimePoint now) noexcept {
  now_ = before_ = {};
  begun_ = now;
}

bool refused_more(double a_second, double than, double slack, double seconds) noexcept {
  return a_second > than + std::max(slack, kChance * std::sqrt(than / seconds));
}

}  // namespace weir::resilience
