// Subscriptions: subscriptions/listen as a long call that tells its client when the lists it sees, and the
// resources it names, have changed.
//
// The acknowledgement comes first and names the three listChanged kinds and those resources whose owner takes
// subscriptions. If resources are named, it waits for servers that have just been started (RouterLayer), and
// `attach_max` for the servers to be asked; what is watched later than that counts as changed then. Changes
// within `coalesce` are one notification; a list that is as before is none. One per worker, owned by the
// router; their number is the process'. Ends when the client goes (its sink says so, or the call is
// cancelled), when the feed closes, the endpoint is removed or the caller's tenure is over: the last three
// with the empty final result. Limits: what `places` admits at a time, for one caller and in all, `uris_max`
// resources in one, and what `watches` admits for one caller and in all; else -32603 before the first byte.
#pragma once

#include "base/gate.hpp"
#include "base/scheduler.hpp"
#include "core/outcome.hpp"
#include "router/catalog_set.hpp"

namespace weir::router {

struct SubscriptionOptions {
  base::Duration coalesce = std::chrono::milliseconds{100};    // 50 to 250 ms
  base::Duration attach_max = std::chrono::milliseconds{250};  // until servers have been asked
  std::size_t uris_max = core::ClientSession::kWatchesMax;
};

class Subscriptions {
 public:
  Subscriptions(base::Scheduler& scheduler, CatalogFeed& feed, base::Gate& places, base::Gate& watches,
                SubscriptionOptions const& options)
      : scheduler_(scheduler), feed_(feed), places_(places), watches_(watches), options_(options) {}

  base::Task<base::Result<core::Outcome>> serve(core::Call& call);

 private:
  base::Scheduler& scheduler_;
  CatalogFeed& feed_;
  base::Gate& places_;
  base::Gate& watches_;
  SubscriptionOptions options_;
};

}  // namespace weir::router
