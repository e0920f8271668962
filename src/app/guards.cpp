#include "app/guards.hpp"

#include "app/degradation_options.hpp"
#include "app/server_options.hpp"
#include "resilience/breaker_layer.hpp"
#include "resilience/deadline_layer.hpp"

namespace weir::app {

Guards::Guards(WorkerParts& parts, config::Settings const& settings, config::Server const& server,
               std::shared_ptr<core::Handler> upstream)
    : scheduler_(parts.scheduler) {
  auto const& metrics = parts.metrics.server(server.name);
  auto const& of = degradation_of(settings, server.name);
  std::shared_ptr<core::Handler> timed = std::make_shared<resilience::DeadlineLayer>(
      upstream, parts.scheduler, server.name, deadline_options(server, metrics));
  timed = refitted(parts.refit, Stage::deadline, server.name, std::move(upstream), std::move(timed));
  limit_ = std::make_shared<resilience::LimitLayer>(
      timed, parts.scheduler, server.name, limit_options(of, server.timeouts.call),
      resilience::LimitMeters{metrics.queue_depth, metrics.concurrency_limit, metrics.queue_wait,
                              metrics.calls_shed,
                              [&wait = parts.entrance.wait](base::Duration waited) { wait.saw(waited); }});
  auto limited = refitted(parts.refit, Stage::limit, server.name, std::move(timed), limit_);
  breakers_ = std::make_shared<resilience::ServerBreakers>(server.name, breaker_options(of),
                                                           parts.random.next(), metrics, &parts.log);
  auto broken = std::make_shared<resilience::BreakerLayer>(limited, parts.scheduler, breakers_);
  auto guarded = refitted(parts.refit, Stage::breaker, server.name, std::move(limited), std::move(broken));
  auto const retry = retry_options(of);
  auto const book = std::make_shared<resilience::SendBook>(retry.budget, parts.random.next());
  hedge_ = std::make_shared<resilience::HedgeLayer>(std::move(guarded), parts.scheduler, book, metrics,
                                                    hedge_options(of, server), retry);
  retry_ = std::make_shared<resilience::RetryLayer>(hedge_, parts.scheduler, book, metrics, retry);
  entry_ = refitted(parts.refit, Stage::retry, server.name, hedge_, retry_);
}

void Guards::set_options(config::Settings const& settings, config::Server const& server) {
  auto const& of = degradation_of(settings, server.name);
  limit_->set_options(limit_options(of, server.timeouts.call));
  breakers_->set_options(breaker_options(of), scheduler_.now());
  hedge_->set_options(hedge_options(of, server), retry_options(of));
  retry_->set_options(retry_options(of));
}

}  // namespace weir::app
