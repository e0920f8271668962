#include "app/worker.hpp"

#include "app/server_options.hpp"
#include "base/run_until.hpp"

namespace weir::app {

Worker::Worker(SharedParts& shared, WorkerIo io, std::shared_ptr<config::Settings const> settings)
    : shared_(shared),
      loop_(io.loop),
      catalog_(loop_, shared.random, catalog_options(*settings, shared.random.next())),
      parts_{loop_,           shared.random,  io.dialer,       io.spawner,         catalog_,
             catalog_.feed(), shared.cursors, shared.sessions, shared.environment, shared.gateway_info,
             shared.log,      shared.metrics},
      meter_(shared.metrics, shared.log, shared.clock, settings->log.access),
      entry_(build_entry(parts_)),
      closing_(loop_),
      connections_(loop_) {}

Worker::~Worker() = default;

void Worker::apply(std::shared_ptr<config::Settings const> settings,
                   std::shared_ptr<edge::EndpointRules const> rules) {
  std::vector<router::ServerSpec> specs;
  std::map<std::string, Running, std::less<>> kept;
  problems_.clear();
  for (auto const& server : settings->servers) {
    if (server.disabled) continue;
    if (!server.unusable.empty()) {
      problems_[server.name] = server.unusable;
      continue;
    }
    auto const before = servers_.find(server.name);
    Running running;
    if (before != servers_.end() && before->second.settings == server) {
      running = std::move(before->second);
      servers_.erase(before);
    } else {
      auto stack = build_server(parts_, server);
      if (!stack) {
        problems_[server.name] = stack.error().detail;
        continue;
      }
      running = Running{server, std::move(*stack)};
    }
    specs.push_back(router::ServerSpec{server.name, running.stack.backend, running.stack.entry,
                                       tool_rules(server.tools), server.expose});
    kept.emplace(server.name, std::move(running));
  }
  meter_.set_access_lines(settings->log.access);
  catalog_.set_names(name_rules(*settings));
  catalog_.set_servers(std::move(specs));
  base::TimePoint const deadline = loop_.now() + settings->drain;
  for (auto& [name, running] : servers_) closing_.spawn(close_stack(std::move(running.stack), deadline));
  servers_ = std::move(kept);
  server_options_.limits.body_bytes_max = rules->body_bytes_max;
  if (endpoint_) {
    endpoint_->set_rules(std::move(rules));
  } else {
    endpoint_ = std::make_unique<edge::McpEndpoint>(endpoint_parts(), std::move(rules));
  }
}

edge::EndpointParts Worker::endpoint_parts() noexcept {
  return {loop_, *entry_, shared_.sessions, catalog_.feed(), shared_.gate, meter_, shared_.random};
}

base::Task<void> Worker::close_stack(ServerStack stack, base::TimePoint deadline) {
  co_await stack.backend->close(deadline);
}

void Worker::serve(std::unique_ptr<net::Stream> client) {
  if (stopping_ || connections_.size() >= kConnectionsMax) return;
  connections_.spawn(net::serve_connection(loop_, std::move(client), *endpoint_, server_options_, stopping_));
}

void Worker::session_ended(std::string const& id) {
  for (auto& [name, running] : servers_) running.stack.backend->session_ended(id);
}

core::Backend const* Worker::backend(std::string_view name) const {
  auto const found = servers_.find(name);
  return found == servers_.end() ? nullptr : found->second.stack.backend.get();
}

std::string Worker::problem_of(std::string_view name) const {
  auto const found = problems_.find(name);
  return found == problems_.end() ? std::string() : found->second;
}

base::Task<void> Worker::drain(base::TimePoint deadline) {
  stopping_ = true;
  catalog_.stop();  // subscriptions end with their final result
  while ((endpoint_->in_progress() > 0 || shared_.gate.inside() > 0) && loop_.now() < deadline) {
    co_await loop_.sleep_for(std::chrono::milliseconds{10});
  }
  connections_.cancel();
  for (auto& [name, running] : servers_) closing_.spawn(close_stack(running.stack, deadline));
  auto const all = [](base::TaskGroup& group) -> base::Task<void> { co_await group.idle(); };
  auto waiting = all(closing_);
  co_await base::run_until(loop_, waiting, deadline);
}

}  // namespace weir::app
