// Freshness: for how long an answer may be used again, and when to fetch it anew before that is over.
//
// Pure; `luck` is uniform in [0, 1) and comes in, so that tests choose it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "cache/cache_order.hpp"
#include "cache/kept_answer.hpp"

namespace weir::cache {

// What an answer says of its own lifetime.
struct Hints {
  bool modern = false;                 // its server speaks 2026-07-28: silence means 0 (P095)
  std::optional<std::int64_t> ttl_ms;  // as received
  bool for_everybody = false;          // cacheScope is "public"
};

struct Lifetime {
  base::Duration fresh{};
  base::Duration kept{};  // good as a stale answer until then
  bool for_everybody = false;
};

constexpr base::Duration kHintMax = std::chrono::hours{24};  // longer promises are not worth relying on
constexpr int kStaleTimes = 24;                              // a stale copy's life in lifetimes
constexpr base::Duration kKeptMax = std::chrono::hours{24 * 365};

// Nothing: it must not be kept. The shorter of hint and configuration (C-11), less or more by up to 10 % so
// that what was fetched together does not end together (F-41); what a server granted is never lengthened.
std::optional<Lifetime> lifetime_of(CacheOrder const& order, Hints const& hints, double luck);

enum class Standing {
  fresh,
  due,           // fresh, and worth fetching anew now, in the background
  revalidating,  // over, but good while it is being fetched anew
  stale,         // good only where nothing else can be had
  over,
};

// XFetch: the chance to be due grows towards the end, the faster the more the fetch costs, so that about one
// caller of many renews the entry. Source: Vattani and others, "Optimal Probabilistic Cache Stampede
// Prevention", 2015.
Standing standing_of(AnswerFacts const& facts, base::TimePoint now, base::Duration stale_while_revalidate,
                     double luck);

}  // namespace weir::cache
