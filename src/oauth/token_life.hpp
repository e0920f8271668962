// How long a token may be served, and when to get the next one before that (C-1, F-02).
//
// Pure; any thread. Serve until min(end − min(30 s, half the life), cap, the subject's end); renew at 80 % of
// that, give or take 5 %. The wall clock is asked once, to turn an end into a distance; from then on time is
// monotonic (F-08).
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace weir::oauth {

struct TokenLife {
  base::TimePoint until;     // first instant at which it is not served
  base::TimePoint renew_at;  // from here on one caller fetches the next one
};

struct TokenEnds {
  std::optional<base::Duration> expires_in;          // as the answer says
  std::optional<base::WallTime> expires_at;          // as the token says
  std::optional<base::WallTime> subject_expires_at;  // of the token that it was exchanged for
};

inline constexpr base::Duration kSkewMax = std::chrono::seconds{30};

// Nothing when it is over already. `asked_at`: when the question was sent, from which `expires_in` counts at
// the latest.
std::optional<TokenLife> life_of(TokenEnds const& ends, base::Duration cap, base::TimePoint asked_at,
                                 base::TimePoint now, base::WallTime wall, base::Random& random);

// What has to be left of a token that another gateway has asked for, to be worth taking: 30 s, but no more
// than a third of what such tokens live. `end`: of the last one that was asked for.
base::Duration left_to_take(base::WallTime asked_at, std::optional<base::WallTime> end) noexcept;

}  // namespace weir::oauth
