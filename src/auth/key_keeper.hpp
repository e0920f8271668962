// KeyKeeper: when an issuer's signing keys are fetched, and how long they may be used.
//
// Brain; one thread. Kept as long as the issuer's Cache-Control says, within lifetime_min and lifetime_max;
// fetched anew at 75 % of that. A token that these keys do not prove may have them fetched at once, but once
// in unknown_pause only, whoever sends it. While the issuer cannot be reached the last good set stays in use,
// kept_max at most.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace weir::auth {

class KeyKeeper {
 public:
  struct Times {
    base::Duration lifetime = std::chrono::minutes{10};  // where the issuer says nothing
    base::Duration lifetime_min = std::chrono::minutes{5};
    base::Duration lifetime_max = std::chrono::hours{24};
    base::Duration kept_max = std::chrono::hours{24};
    base::Duration unknown_pause = std::chrono::seconds{30};
    base::Duration retry_min = std::chrono::seconds{1};
    base::Duration retry_max = std::chrono::seconds{30};
  };
  // unknown_key: there is none of that name, or another one stands under it by now (its signature is wrong).
  enum class Why { due, none_yet, unknown_key };

  explicit KeyKeeper(Times const& times) noexcept : times_(times) {}

  // Whether to fetch now; if so, took() or failed() must follow.
  bool begin(Why why, base::TimePoint now) noexcept;
  void took(std::optional<base::Duration> max_age, base::TimePoint now) noexcept;
  void failed(base::TimePoint now) noexcept;

  bool fetching() const noexcept { return fetching_; }
  base::TimePoint due() const noexcept { return due_; }
  base::TimePoint usable_until() const noexcept { return usable_until_; }  // TimePoint::min(): no keys yet
  // From when a key that is unknown is a reason to ask; before that it does not exist. Nobody can say so
  // while a fetch is under way or after one that failed: min().
  base::TimePoint unknown_from() const noexcept {
    return fetching_ || failures_ > 0 ? base::TimePoint::min() : unknown_from_;
  }

 private:
  Times times_;
  bool fetching_ = false;
  unsigned failures_ = 0;
  base::TimePoint due_ = base::TimePoint::min();
  base::TimePoint retry_from_ = base::TimePoint::min();
  base::TimePoint usable_until_ = base::TimePoint::min();
  base::TimePoint unknown_from_ = base::TimePoint::min();  // when unknown_key counts again
};

// `max-age` of a Cache-Control value; 0 for `no-store` and `no-cache`.
std::optional<base::Duration> max_age_of(std::string_view cache_control) noexcept;

}  // namespace weir::auth
