// Worker: one thread's share of the gateway: its loop, its stack of layers, its servers and its clients'
// connections.
//
// Built before its thread runs, used on its thread only, destroyed after the thread has ended. What is shared
// between workers comes in through SharedParts.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "app/pipeline.hpp"
#include "edge/mcp_endpoint.hpp"
#include "router/catalog_loop.hpp"

namespace weir::app {

// What a worker reaches the world with: the kernel in production, twins in memory in tests. Outlives the
// worker.
struct WorkerIo {
  base::Scheduler& loop;
  net::Dialer& dialer;
  upstream::ChildSpawner& spawner;
};

// One truth per process, borrowed by every worker.
struct SharedParts {
  base::Clock const& clock;
  base::Random& random;
  observe::Log& log;
  observe::Metrics& metrics;
  session::SessionTable& sessions;
  edge::CallGate& gate;
  router::CursorSealer const& cursors;
  config::Environment const& environment;
  std::string gateway_info;
};

class Worker {
 public:
  static constexpr std::size_t kConnectionsMax = 9'000;

  Worker(SharedParts& shared, WorkerIo io, std::shared_ptr<config::Settings const> settings);
  ~Worker();

  base::Scheduler& loop() noexcept { return loop_; }
  router::CatalogFeed& catalog() noexcept { return catalog_.feed(); }

  // Starts, keeps or ends servers so that they are those of `settings`; equal ones keep running.
  void apply(std::shared_ptr<config::Settings const> settings,
             std::shared_ptr<edge::EndpointRules const> rules);

  void serve(std::unique_ptr<net::Stream> client);  // one of the MCP listener; dropped beyond kConnectionsMax
  edge::McpEndpoint& endpoint() noexcept { return *endpoint_; }
  edge::EndpointParts endpoint_parts() noexcept;  // for another way in than HTTP
  void session_ended(std::string const& id);
  core::Backend const* backend(std::string_view name) const;
  std::string problem_of(std::string_view name) const;  // why a server has no backend; "" when it has
  std::size_t connections() const noexcept { return connections_.size(); }

  // No new work; what is in progress may finish until `deadline`, then everything ends.
  base::Task<void> drain(base::TimePoint deadline);

 private:
  struct Running {
    config::Server settings;
    ServerStack stack;
  };
  base::Task<void> close_stack(ServerStack stack, base::TimePoint deadline);

  SharedParts& shared_;
  base::Scheduler& loop_;
  router::CatalogLoop catalog_;
  WorkerParts parts_;
  edge::CallMeter meter_;
  std::map<std::string, Running, std::less<>> servers_;
  std::map<std::string, std::string, std::less<>> problems_;
  std::unique_ptr<session::SessionLayer> entry_;
  std::unique_ptr<edge::McpEndpoint> endpoint_;
  net::ServerOptions server_options_;
  bool stopping_ = false;
  base::TaskGroup closing_;
  base::TaskGroup connections_;  // last: cancelled before anything they use goes
};

}  // namespace weir::app
