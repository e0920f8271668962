#include "store/redis_breaker.hpp"

#include <algorithm>

namespace weir::store {

void RedisBreaker::rest(base::TimePoint now) {
  until_ = now + base::jittered(next_, kJitterPercent, random_);
  next_ = std::min(next_ * 2, kLast);
  probing_ = false;
}

bool RedisBreaker::take_probe(base::TimePoint now) noexcept {
  if (!open_ || probing_ || now < until_) return false;
  probing_ = true;
  return true;
}

void RedisBreaker::hurry(base::TimePoint now) noexcept {
  if (open_) until_ = std::min(until_, now);
}

bool RedisBreaker::succeeded() noexcept {
  failures_ = 0;
  if (!open_) return false;
  if (!probing_) return false;  // a late answer to an old question proves nothing
  open_ = false;
  probing_ = false;
  next_ = kFirst;
  return true;
}

bool RedisBreaker::failed(base::TimePoint now) {
  if (open_) {
    if (!probing_) return false;  // questions from before it opened
    rest(now);
    return true;
  }
  if (++failures_ < kFailuresMax) return false;
  failures_ = 0;
  open_ = true;
  rest(now);
  return true;
}

}  // namespace weir::store
