#include "app/guards.hpp"

#include "app/degradation_options.hpp"
#include "app/server_options.hpp"
#include "resilience/deadline_layer.hpp"

namespace weir::app {

Guards::Guards(WorkerParts& parts, config::Settings const& settings, config::Server const& server,
               std::shared_ptr<core::Handler> upstream) {
  auto const& metrics = parts.metrics.server(server.name);
  auto const& of = degradation_of(settings, server.name);
  auto timed = std::make_shared<resilience::DeadlineLayer>(std::move(upstream), parts.scheduler, server.name,
                                                           deadline_options(server, metrics));
  limit_ = std::make_shared<resilience::LimitLayer>(
      std::move(timed), parts.scheduler, server.name, limit_options(of),
      resilience::LimitMeters{metrics.queue_depth, metrics.concurrency_limit, metrics.queue_wait,
                              metrics.calls_shed,
                              [&wait = parts.entrance.wait](base::Duration waited) { wait.saw(waited); }});
  entry_ = limit_;
}

void Guards::set_options(config::Settings const& settings, config::Server const& server) {
  auto const& of = degradation_of(settings, server.name);
  limit_->set_options(limit_options(of));
}

}  // namespace weir::app
