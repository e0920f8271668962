// AskingRest: for how long an issuer is not asked again what it has just failed to answer.
//
// A brain; one thread, time passed in. What is wrong with the issuer holds for every token: it cannot be
// reached (1 s, doubling to 5 s until it is heard again), throttles (its Retry-After, 1 s to 5 min), or
// refuses Weir itself (30 s). Anything else may be due to the one token, and strangers must not stop
// questions about others' by showing such: an answer without meaning 10 s, an error of the issuer or none in
// time 5 s; of those kTokensMax are remembered, the one that ends first goes. Numbers: reliability 3.3.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace weir::auth {

class AskingRest {
 public:
  static constexpr std::size_t kTokensMax = 1'000;
  static constexpr base::Duration kAwayMin = std::chrono::seconds{1};
  static constexpr base::Duration kAwayMax = std::chrono::seconds{5};
  static constexpr base::Duration kThrottledMax = std::chrono::minutes{5};
  static constexpr base::Duration kRefusedFor = std::chrono::seconds{30};
  static constexpr base::Duration kNonsenseFor = std::chrono::seconds{10};
  static constexpr base::Duration kFailedFor = std::chrono::seconds{5};

  // A question about `digest` has failed so. `error.retry_after`: what the issuer asked for; 0: nothing.
  void failed(std::string const& digest, base::Error const& error, base::TimePoint now);
  void answered() noexcept;  // the issuer is well

  // Why it is not asked now, with what is left of the time as retry_after; nothing: it may be asked.
  std::optional<base::Error> find(std::string const& digest, base::TimePoint now) const;

  void sweep(base::TimePoint now);
  std::size_t tokens() const noexcept { return tokens_.size(); }

 private:
  struct Rest {
    base::TimePoint until;
    base::Error why;
  };
  void rest_all(base::Duration time, base::Error const& why, base::TimePoint now);

  std::optional<Rest> all_;
  base::Duration away_{};  // the last time that it was away; 0: it has been heard since
  std::map<std::string, Rest> tokens_;
};

}  // namespace weir::auth
