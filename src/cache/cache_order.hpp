// CacheOrder: what has been decided about one call that may be answered from the cache.
//
// Made by CacheLayer on the caller's worker, read by FetchLayer at the server's home; never changed between.
// Keys are digests: whoever has one can ask for nothing else.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "cache/kept_answer.hpp"
#include "store/selection.hpp"

namespace weir::cache {

// What the store had that was no longer good enough. Written at the server's home before the call comes back,
// read by the caller's side afterwards.
struct Leftover {
  KeptAnswer answer;  // empty: it had nothing
  bool for_everybody = false;
};

struct CacheOrder {
  base::Digest own;                         // for this caller's partition
  base::Digest everybody;                   // for answers that are the same for all
  store::Labels labels;                     // `who` is this caller's
  bool shared = false;                      // the operator says that it is the same for all
  bool hinted = false;                      // ttlMs and cacheScope of the answer count
  std::optional<base::Duration> ttl;        // configured
  base::Duration stale_while_revalidate{};  // after the end of the freshness
  base::Duration negative{};                // how long "not found" is remembered; 0: it is not
  std::optional<base::Duration> stale_max;  // age up to which a stale copy is kept, where configured
  bool refresh = false;                     // nobody waits for it
  bool fresh_only = false;                  // no copy is wanted, the answer may be kept
  std::shared_ptr<Leftover> leftover;       // null: nobody would use it

  // Under which calls share a fetch.
  base::Digest const& meeting_point() const noexcept { return shared ? everybody : own; }

  store::Labels labels_of(bool for_everybody) const {
    auto made = labels;
    if (for_everybody) made.who.clear();
    return made;
  }
};

}  // namespace weir::cache
