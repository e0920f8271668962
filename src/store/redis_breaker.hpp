// RedisBreaker: when to leave a Redis alone that does not answer (T-28).
//
// After kFailuresMax failures in a row it opens for a growing, jittered time; then one probe decides. Pure:
// time is passed in. The home thread's; what other threads need to know the store publishes.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"

namespace weir::store {

class RedisBreaker {
 public:
  static constexpr unsigned kFailuresMax = 5;
  static constexpr base::Duration kFirst = std::chrono::seconds{1};
  static constexpr base::Duration kLast = std::chrono::seconds{30};
  static constexpr unsigned kJitterPercent = 20;

  explicit RedisBreaker(base::Random& random) noexcept : random_(random) {}

  bool closed() const noexcept { return !open_; }
  // When the probe is due; of no meaning while it is closed.
  base::TimePoint probe_at() const noexcept { return until_; }
  // True once for each time of rest: the caller asks Redis one thing and tells what became of it.
  bool take_probe(base::TimePoint now) noexcept;
  void hurry(base::TimePoint now) noexcept;  // a new connection: the probe need not wait

  // What became of a question. True: the breaker changed.
  bool succeeded() noexcept;
  bool failed(base::TimePoint now);

 private:
  void rest(base::TimePoint now);

  base::Random& random_;
  unsigned failures_ = 0;
  bool open_ = false;
  bool probing_ = false;
  base::Duration next_ = kFirst;
  base::TimePoint until_{};
};

}  // namespace weir::store
