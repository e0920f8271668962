// Guards: the layers that bound what one server can do to its callers, and their options.
//
// Built with a server's stack, at its home; used on that worker only. A reload changes their options in
// place: what they have learned stays, calls go on.
#pragma once

#include <memory>

#include "app/pipeline.hpp"
#include "resilience/hedge_layer.hpp"
#include "resilience/limit_layer.hpp"
#include "resilience/retry_layer.hpp"
#include "resilience/server_breakers.hpp"

namespace weir::app {

class Guards {
 public:
  // What stands between the bridge and the upstream: retry → hedge → breaker → limit → deadline → upstream.
  Guards(WorkerParts& parts, config::Settings const& settings, config::Server const& server,
         std::shared_ptr<core::Handler> upstream);

  std::shared_ptr<core::Handler> const& entry() const noexcept { return entry_; }
  void set_options(config::Settings const& settings, config::Server const& server);
  std::shared_ptr<resilience::ServerBreakers> const& breakers() const noexcept { return breakers_; }
  void retire() noexcept { breakers_->retire(); }  // a reload has taken the server away or built it anew

 private:
  base::Scheduler& scheduler_;
  std::shared_ptr<resilience::LimitLayer> limit_;
  std::shared_ptr<resilience::ServerBreakers> breakers_;
  std::shared_ptr<resilience::HedgeLayer> hedge_;
  std::shared_ptr<resilience::RetryLayer> retry_;
  std::shared_ptr<core::Handler> entry_;
};

}  // namespace weir::app
