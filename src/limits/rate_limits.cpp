#include "limits/rate_limits.hpp"

#include <algorithm>
#include <cmath>

#include "base/hash.hpp"

namespace weir::limits {

using base::Duration;
using base::TimePoint;

namespace {

constexpr int kLookedAt = 8;  // of those unused for longest, when room is needed
constexpr auto kDay = std::chrono::hours{24};
constexpr Duration kWindowMax = 365 * kDay;  // that an empty bucket takes to fill

}  // namespace

std::string_view name_of(RateReason reason) noexcept {
  switch (reason) {
    case RateReason::rate: return "rate";
    case RateReason::global_rate: return "global_rate";
    case RateReason::daily: return "daily";
    default: return "";
  }
}

struct RateTable::Entry : base::ListHook {
  std::string name;
  Bucket bucket;
  std::int64_t day = 0;
  std::uint64_t calls_today = 0;
};

std::size_t RateTable::KeyHash::operator()(std::string_view key) const noexcept {
  return base::hash64(key, seed);
}

// A bucket that is empty is `burst` intervals from being full; under older limits it may have been more.
void RateTable::Bucket::bound(Rule const& rule, TimePoint now) noexcept {
  full_at = std::clamp(full_at, now, now + rule.interval * rule.burst);
}

// How long until there is room for a call; zero: there is.
Duration RateTable::Bucket::wait(Rule const& rule, TimePoint now) const noexcept {
  if (rule.interval == Duration::zero()) return Duration::zero();
  return std::max(full_at - now - rule.interval * (rule.burst - 1), Duration::zero());
}

BucketState RateTable::Bucket::state(Rule const& rule, TimePoint now) const noexcept {
  if (rule.interval == Duration::zero()) return {};
  auto const window = rule.interval * rule.burst;
  auto const debt = full_at - now;
  return {rule.burst, static_cast<std::uint32_t>((window - debt) / rule.interval), debt, window};
}

RateTable::RateTable(config::RateLimits const& limits, std::uint64_t seed, std::size_t principals_max)
    : principals_max_(principals_max), entries_(8, KeyHash{seed}) {
  set_limits(limits);
}

RateTable::~RateTable() = default;

RateTable::Rule RateTable::rule_of(config::Rate rate, unsigned burst) {
  if (rate.per_second <= 0) return {};
  double const second = std::max(1.0, std::min(std::floor(rate.per_second), 1e6));
  Rule rule;
  rule.interval = Duration(std::max<std::int64_t>(1, std::llround(1e9 / rate.per_second)));
  auto const most = std::max<std::int64_t>(kWindowMax / rule.interval, 1);
  rule.burst = burst > 0 ? burst : static_cast<std::uint32_t>(second);
  rule.burst = static_cast<std::uint32_t>(std::min<std::int64_t>(rule.burst, most));
  return rule;
}

void RateTable::set_limits(config::RateLimits const& limits) {
  std::lock_guard const guard(lock_);
  global_rule_ = rule_of(limits.global, 0);
  rule_ = rule_of(limits.per_principal, limits.burst);
  daily_ = limits.daily_calls;
  active_ = global_rule_.interval > Duration::zero() || rule_.interval > Duration::zero() || daily_ > 0;
}

// Null: there is no room for one more, use the crowd's.
RateTable::Entry* RateTable::entry_of(std::string_view principal, TimePoint now, std::int64_t day) {
  if (auto const found = entries_.find(principal); found != entries_.end()) {
    by_use_.push_back(*found->second);
    return found->second.get();
  }
  for (int looked = 0; entries_.size() >= principals_max_; ++looked) {
    if (looked >= kLookedAt || by_use_.empty()) return nullptr;
    auto& oldest = by_use_.front();
    bool const owes =
        oldest.bucket.full_at > now || (daily_ > 0 && oldest.day >= day && oldest.calls_today > 0);
    if (owes) {
      by_use_.push_back(oldest);  // looked at again after the others
      continue;
    }
    entries_.erase(entries_.find(oldest.name));
  }
  auto made = std::make_unique<Entry>();
  made->name = principal;
  auto& entry = *made;
  entries_.emplace(entry.name, std::move(made));
  by_use_.push_back(entry);
  return &entry;
}

RateVerdict RateTable::ask(std::string_view principal, TimePoint now, base::WallTime wall) {
  auto const since_epoch = wall.time_since_epoch();
  std::int64_t const day = since_epoch / kDay;
  RateVerdict verdict;
  std::lock_guard const guard(lock_);
  bool const personal = rule_.interval > Duration::zero() || daily_ > 0;
  Entry* const entry = personal ? entry_of(principal, now, day) : nullptr;
  Bucket& own = entry != nullptr ? entry->bucket : crowd_;
  if (entry != nullptr && day > entry->day) {  // a clock that is set back gives nobody a new day
    entry->day = day;
    entry->calls_today = 0;
  }
  own.bound(rule_, now);
  global_.bound(global_rule_, now);
  if (auto const wait = own.wait(rule_, now); wait > Duration::zero()) {
    verdict.refused = RateReason::rate;
    verdict.retry_after = wait;
  } else if (entry != nullptr && daily_ > 0 && entry->calls_today >= daily_) {
    verdict.refused = RateReason::daily;
    verdict.retry_after = (entry->day + 1) * kDay - since_epoch;
  } else if (auto const all = global_.wait(global_rule_, now); all > Duration::zero()) {
    verdict.refused = RateReason::global_rate;
    verdict.retry_after = all;
  } else {
    global_.full_at += global_rule_.interval;
    own.full_at += rule_.interval;
    if (entry != nullptr) ++entry->calls_today;
  }
  verdict.principal = own.state(rule_, now);
  return verdict;
}

std::size_t RateTable::size() const {
  std::lock_guard const guard(lock_);
  return entries_.size();
}

}  // namespace weir::limits
