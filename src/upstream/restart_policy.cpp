#include "upstream/restart_policy.hpp"

#include <algorithm>

namespace weir::upstream {

std::optional<base::TimePoint> RestartPolicy::failed(base::TimePoint now, base::Random& random) {
  if (running_since_ && now - *running_since_ >= options_.stable_after) failures_ = 0;
  running_since_.reset();
  ++failures_;
  if (failures_ >= options_.attempts_max) {
    not_before_ = now + options_.wait_max;
    return std::nullopt;
  }
  auto wait = options_.wait_min;
  for (int i = 1; i < failures_ && wait < options_.wait_max; ++i) wait *= 2;
  wait = std::min(wait, options_.wait_max);
  auto const half = static_cast<std::uint64_t>(wait.count() / 2);
  return now + wait - base::Duration(random.below(half + 1));
}

}  // namespace weir::upstream
