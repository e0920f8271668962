#include "cache/purge_turns.hpp"

#include "base/hash.hpp"

namespace weir::cache {

base::Duration PurgeTurns::offset(PurgeBucket const& bucket, base::Duration spread) noexcept {
  if (spread <= base::Duration::zero()) return {};
  constexpr std::uint64_t kSeed = 0;  // the same everywhere; a chosen collision would gain nobody anything
  auto const hash = base::hash64(bucket.operation, base::hash64(bucket.server, kSeed));
  return base::Duration(static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(spread.count())));
}

void PurgeTurns::add(base::TimePoint due, PurgeBucket bucket, base::Duration spread) {
  auto const turn = due + offset(bucket, spread);
  auto const known = waiting_.find(bucket);
  if (known != waiting_.end()) {
    if (known->second <= turn) return;
    order_.erase({known->second, bucket});
    known->second = turn;
    order_.emplace(turn, std::move(bucket));
    return;
  }
  if (waiting_.size() >= kBucketsMax) {
    ++unspread_;
    at_once_.push_back(std::move(bucket));
    return;
  }
  waiting_.emplace(bucket, turn);
  order_.emplace(turn, std::move(bucket));
}

std::vector<PurgeBucket> PurgeTurns::take_due(base::TimePoint now) {
  auto taken = std::exchange(at_once_, {});
  while (!order_.empty() && order_.begin()->first <= now) {
    auto first = order_.extract(order_.begin());
    waiting_.erase(first.value().second);
    taken.push_back(std::move(first.value().second));
  }
  return taken;
}

std::optional<base::TimePoint> PurgeTurns::next() const {
  if (!at_once_.empty()) return base::TimePoint::min();
  if (order_.empty()) return {};
  return order_.begin()->first;
}

}  // namespace weir::cache
