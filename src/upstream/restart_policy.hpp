// RestartPolicy: when a child that failed to start or died is started again.
//
// One per server; one thread. Waits double from wait_min to wait_max and lose up to half at random, so that
// servers which died together do not come back together. A child that ran for stable_after clears the record.
// After attempts_max failures in a row nothing is started any more until somebody asks for the server again,
// at the earliest wait_max after the last failure.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace weir::upstream {

class RestartPolicy {
 public:
  struct Options {
    base::Duration wait_min = std::chrono::milliseconds(100);
    base::Duration wait_max = std::chrono::seconds(30);
    base::Duration stable_after = std::chrono::seconds(60);
    int attempts_max = 5;
  };

  explicit RestartPolicy(Options options) noexcept : options_(options) {}

  void started(base::TimePoint now) noexcept { running_since_ = now; }

  // The start failed or the child died. When to start it again; nothing: not until asked.
  std::optional<base::TimePoint> failed(base::TimePoint now, base::Random& random);

  // Whether being asked may start it again after the attempts were used up.
  bool may_ask(base::TimePoint now) const noexcept { return now >= not_before_; }
  void asked() noexcept { failures_ = options_.attempts_max - 1; }  // one more attempt, not a new series

  int failures() const noexcept { return failures_; }  // in a row
  int attempts_max() const noexcept { return options_.attempts_max; }

 private:
  Options options_;
  int failures_ = 0;
  std::optional<base::TimePoint> running_since_;
  base::TimePoint not_before_{};
};

}  // namespace weir::upstream
