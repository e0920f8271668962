// IdleLimit: how long a connection to one origin may have been idle and still be given a request.
//
// Many servers close idle connections after 5 s without saying so (Node where the application names
// `Connection` itself, uvicorn always). A request that meets the close is lost, and one that must not be
// executed twice cannot be sent again. So a connection is trusted for kFirst at first; idle ones that nobody
// needs are watched, and what is seen moves the limit: one that is still open proves its age, one that the
// peer closed takes it back. A brain: owned by one HttpClient, on its thread, `age` is the time since the
// last answer was complete.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"

namespace weir::net {

class IdleLimit {
 public:
  static constexpr base::Duration kFirst = std::chrono::seconds{4};
  static constexpr base::Duration kLeast = std::chrono::seconds{1};
  // The peer's clock begins when it sent the answer, ours when we have read it.
  static constexpr base::Duration kMargin = std::chrono::seconds{1};

  bool allows(base::Duration age) const noexcept { return age < limit_; }
  base::Duration value() const noexcept { return limit_; }

  void seen_open(base::Duration age) noexcept { limit_ = std::max(limit_, age - kMargin); }
  // `lag`: how much earlier it may have been closed.
  void seen_closed(base::Duration age, base::Duration lag) noexcept {
    limit_ = std::clamp(age - lag - kMargin, kLeast, limit_);
  }

 private:
  base::Duration limit_ = kFirst;
};

}  // namespace weir::net
