#include "cache/freshness.hpp"

#include <algorithm>
#include <cmath>

namespace weir::cache {
namespace {

constexpr double kJitter = 0.1;

base::Duration scaled(base::Duration duration, double by) {
  return std::chrono::duration_cast<base::Duration>(duration * by);
}

}  // namespace

std::optional<Lifetime> lifetime_of(CacheOrder const& order, Hints const& hints, double luck) {
  bool const granted = order.hinted && (hints.ttl_ms || hints.modern);
  std::optional<base::Duration> grant;
  if (granted) {
    auto const ms = std::clamp<std::int64_t>(hints.ttl_ms.value_or(0), 0, 365LL * 24 * 3'600'000);
    grant = std::min<base::Duration>(std::chrono::milliseconds{ms}, kHintMax);
  }
  if (!grant && !order.ttl) return std::nullopt;
  bool const by_grant = grant && (!order.ttl || *grant <= *order.ttl);
  auto const fresh = by_grant ? *grant : *order.ttl;
  if (fresh <= base::Duration::zero()) return std::nullopt;
  Lifetime made;
  made.fresh = scaled(fresh, by_grant ? 1 - kJitter * luck : 1 + kJitter * (2 * luck - 1));
  if (grant) made.fresh = std::min(made.fresh, *grant);
  auto const kept = std::min({fresh * kStaleTimes, order.stale_max.value_or(kKeptMax), kKeptMax});
  made.kept = std::max(kept, made.fresh);
  made.for_everybody = order.shared || (order.hinted && hints.for_everybody);
  return made;
}

Standing standing_of(AnswerFacts const& facts, base::TimePoint now, base::Duration stale_while_revalidate,
                     double luck) {
  auto const age = now - facts.fetched;
  if (age >= facts.kept_for) return Standing::over;
  if (age >= facts.fresh_for) {
    return age < facts.fresh_for + stale_while_revalidate ? Standing::revalidating : Standing::stale;
  }
  if (facts.negative || facts.cost <= base::Duration::zero()) return Standing::fresh;
  constexpr int kNeverBefore = 40;  // e^-40 happens to nobody
  auto const left = facts.fresh_for - age;
  if (left > facts.cost * kNeverBefore) return Standing::fresh;
  auto const early = scaled(facts.cost, -std::log(std::max(luck, 1e-18)));
  return early >= left ? Standing::due : Standing::fresh;
}

}  // namespace weir::cache
