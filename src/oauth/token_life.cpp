#include "oauth/token_life.hpp"

#include <algorithm>

namespace weir::oauth {

using base::Duration;

namespace {

// An end that is never, or in the year 9999, does not fit into a Duration.
Duration distance(base::WallTime end, base::WallTime wall) {
  constexpr std::chrono::milliseconds kFar = std::chrono::hours{24 * 365};
  return std::clamp(end - wall, -kFar, kFar);
}

}  // namespace

std::optional<TokenLife> life_of(TokenEnds const& ends, Duration cap, base::TimePoint asked_at,
                                 base::TimePoint now, base::WallTime wall, base::Random& random) {
  Duration most = cap;
  std::optional<Duration> left;
  if (ends.expires_in) left = *ends.expires_in - (now - asked_at);
  if (ends.expires_at) {
    auto const by_token = distance(*ends.expires_at, wall);
    left = left ? std::min(*left, by_token) : by_token;
  }
  if (left) most = std::min(most, *left - std::min(kSkewMax, *left / 2));
  if (ends.subject_expires_at) most = std::min(most, distance(*ends.subject_expires_at, wall));
  if (most <= Duration::zero()) return std::nullopt;
  auto const early = std::chrono::nanoseconds{
      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most.count() / 10 + 1)))};
  return TokenLife{now + most, now + most * 3 / 4 + early};
}

Duration left_to_take(base::WallTime asked_at, std::optional<base::WallTime> end) noexcept {
  return end ? std::clamp(distance(*end, asked_at) / 3, Duration::zero(), kSkewMax) : kSkewMax;
}

}  // namespace weir::oauth
