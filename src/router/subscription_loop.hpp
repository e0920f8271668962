// Subscriptions: subscriptions/listen as a long call that tells its client when the lists it sees have
// changed.
//
// The acknowledgement comes first and names only what is honoured: the three listChanged kinds (P064, P066);
// watching single resources is not. Every message carries the id of the request, byte for byte (P065).
// Changes within `coalesce` are one notification; a list that is as before is none. One per worker, owned by
// the router; their number is the process'. Ends when the client goes (its sink says so, or the call is
// cancelled), when the feed closes or the endpoint is removed: the last two with the empty final result.
// Limit: what `places` admits at a time, else -32603 before the first byte.
#pragma once

#include "base/gate.hpp"
#include "base/scheduler.hpp"
#include "core/outcome.hpp"
#include "router/catalog_set.hpp"

namespace weir::router {

struct SubscriptionOptions {
  base::Duration coalesce = std::chrono::milliseconds{100};  // 50 to 250 ms
};

class Subscriptions {
 public:
  Subscriptions(base::Scheduler& scheduler, CatalogFeed& feed, base::Gate& places,
                SubscriptionOptions const& options)
      : scheduler_(scheduler), feed_(feed), places_(places), options_(options) {}

  base::Task<base::Result<core::Outcome>> serve(core::Call& call);

 private:
  base::Scheduler& scheduler_;
  CatalogFeed& feed_;
  base::Gate& places_;
  SubscriptionOptions options_;
};

}  // namespace weir::router
