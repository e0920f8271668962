// RateTable: how many calls each principal, and all together, may make in a second and in a day.
//
// One per process; any thread; one short lock, nothing is allocated but a principal's first entry. Buckets
// are kept as the one time at which they would be full again (GCRA): exact for any rate, nothing to refill. A
// refused call costs nobody anything. Anonymous callers are one principal.
//
// Bound: `principals_max` buckets. One goes only when it is full again and its day has no calls, so nobody
// loses a debt by being pushed out. When there is no such one, newcomers share a bucket of their own rate:
// who comes with ten thousand names gets one more share with them, not ten thousand. Daily numbers are not
// counted in that one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/intrusive_list.hpp"
#include "config/degradation_settings.hpp"

namespace weir::limits {

enum class RateReason : std::uint8_t { none, rate, global_rate, daily };
std::string_view name_of(RateReason reason) noexcept;  // the label of mcp_rate_limited_total

// A bucket after a call, or after one that it did not let through.
struct BucketState {
  std::uint32_t quota = 0;  // calls that it holds when it is full; 0: there is no limit
  std::uint32_t remaining = 0;
  base::Duration full_in{};  // when it is full again
  base::Duration window{};   // how long an empty one takes
};

struct RateVerdict {
  RateReason refused = RateReason::none;
  base::Duration retry_after{};
  BucketState principal;
};

class RateTable {
 public:
  static constexpr std::size_t kPrincipalsMax = 10'000;

  explicit RateTable(config::RateLimits const& limits, std::uint64_t seed,
                     std::size_t principals_max = kPrincipalsMax);
  ~RateTable();
  RateTable(RateTable const&) = delete;
  RateTable& operator=(RateTable const&) = delete;

  // Whether there is any limit at all: without, ask() need not be called. No lock.
  bool active() const noexcept { return active_.load(std::memory_order_relaxed); }

  RateVerdict ask(std::string_view principal, base::TimePoint now, base::WallTime wall);

  // Debts stay, but none is larger than the new limits allow.
  void set_limits(config::RateLimits const& limits);

  std::size_t size() const;

 private:
  struct Rule {  // of a bucket; no interval: no limit
    base::Duration interval{};
    std::uint32_t burst = 1;
  };
  struct Bucket {
    base::TimePoint full_at{};
    void bound(Rule const& rule, base::TimePoint now) noexcept;  // first, with each `now`
    base::Duration wait(Rule const& rule, base::TimePoint now) const noexcept;
    BucketState state(Rule const& rule, base::TimePoint now) const noexcept;
  };
  struct Entry;
  struct KeyHash {
    std::uint64_t seed = 0;
    std::size_t operator()(std::string_view key) const noexcept;
  };

  static Rule rule_of(config::Rate rate, unsigned burst);
  Entry* entry_of(std::string_view principal, base::TimePoint now, std::int64_t day);

  std::size_t const principals_max_;
  std::atomic<bool> active_{false};
  mutable std::mutex lock_;
  Rule global_rule_, rule_;
  std::uint64_t daily_ = 0;
  Bucket global_, crowd_;
  std::unordered_map<std::string_view, std::unique_ptr<Entry>, KeyHash>
      entries_;                        // keys view the entries' names
  base::IntrusiveList<Entry> by_use_;  // unused for longest first
};

}  // namespace weir::limits
