// Worker: one thread's share of the gateway: its loop, its stack of layers, the servers that live on it and
// its clients' connections.
//
// Built before its thread runs, used on its thread only (reserve() excepted), destroyed after all workers'
// threads have ended and before any of their loops. The first worker owns the catalogue: it asks each server
// once and hands the immutable result to the others. What is shared otherwise comes in through SharedParts.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/pipeline.hpp"
#include "app/server_news.hpp"
#include "app/worker_plan.hpp"
#include "edge/full_house.hpp"
#include "edge/mcp_endpoint.hpp"
#include "net/tls_accept.hpp"
#include "resilience/breaker_board.hpp"
#include "router/catalog_loop.hpp"
#include "upstream/hop_backend.hpp"

namespace weir::app {

// What a worker reaches the world with: the kernel in production, twins in memory in tests. Outlives the
// worker.
struct WorkerIo {
  base::Scheduler& loop;
  net::Dialer& dialer;
  upstream::ChildSpawner& spawner;
  // For a server with a trust of its own.
  std::function<std::shared_ptr<net::Dialer>(std::shared_ptr<net::TrustSlot>)> trusted{};
};

// One truth per process, borrowed by every worker.
struct SharedParts {
  base::Clock const& clock;
  base::Random& random;
  observe::Log& log;
  observe::Metrics& metrics;
  session::SessionTable& sessions;
  cache::ResponseCache& cache;
  limits::Entrance& entrance;
  base::Gate& calls;        // at work
  base::Gate& connections;  // of clients
  base::Gate& listens;      // subscriptions
  base::Gate& watches;      // of single resources, by all clients
  bridge::ParkedCalls& parked;
  router::CursorSealer const& cursors;
  config::Environment const& environment;
  std::string gateway_info;
  // What can be said of a server's calls without it, for the layers of the worker whose loop is given.
  std::function<std::shared_ptr<fallback::LocalAnswers>(config::Degradation const&, base::Scheduler&)>
      standby;
  Refit refit{};                                        // of tests
  std::function<auth::TokenSources()> caller_tokens{};  // where callers' tokens are proven; any thread
  TokenStores* tokens = nullptr;                        // null: no server can have tokens
  router::ToolGuard* guard = nullptr;                   // null: all tools are offered
  resilience::BreakerBoard* breakers = nullptr;         // null: nobody looks at them
};

class Worker {
 public:
  // A client's connection: its place in the process and on its worker.
  struct Seat {
    base::Gate::Pass in_process;
    base::Gate::Pass on_worker;
  };

  // `first`: null for the first worker itself.
  Worker(SharedParts& shared, WorkerIo io, std::shared_ptr<config::Settings const> settings,
         Worker* first = nullptr, unsigned index = 0);
  ~Worker();

  base::Scheduler& loop() noexcept { return loop_; }
  std::shared_ptr<base::Workplace> const& place() const noexcept { return place_; }
  router::CatalogFeed& catalog() noexcept { return feed_; }

  // Starts, keeps or ends servers so that they are those of the plan. The first worker goes last, because its
  // catalogue leads calls to what the others have built. A listener that the new settings do not name keeps
  // its rules.
  void apply(std::shared_ptr<WorkerPlan const> plan);

  // A seat for one more connection; none when the process has its fill. Any thread.
  std::optional<Seat> reserve() noexcept;
  void serve(std::unique_ptr<net::Stream> client, std::size_t listener, Seat seat);
  // One that has to shake hands first, within kHandshakeMax; at most kHandshakesMax do at a time, the others
  // are closed.
  void serve(std::unique_ptr<net::TlsArrival> client, std::size_t listener, Seat seat);
  static constexpr base::Duration kHandshakeMax = std::chrono::seconds{10};
  static constexpr unsigned kHandshakesMax = 512;
  unsigned connections() const noexcept { return seats_.inside(); }  // any thread
  // A connection for which there is no seat: its request is answered 503. At most kTurnedAwayMax at a time
  // get that answer, the others are closed.
  void turn_away(std::unique_ptr<net::Stream> client);
  static constexpr std::size_t kTurnedAwayMax = 256;

  edge::McpEndpoint& endpoint(std::size_t listener = 0) noexcept { return *endpoints_[listener]; }
  edge::EndpointParts endpoint_parts() noexcept;  // for another way in than HTTP
  void session_ended(std::string const& id);
  core::Backend const* backend(std::string_view name) const;
  // The first worker's: what may be offered is not the same any more.
  void publish_again() { catalog_->publish_again(); }
  // The first worker's: the log tells from now on of servers that answer for the first time.
  void table_shown() noexcept { late_ = true; }

  // No new work; what is in progress may finish until `deadline`, then connections end.
  base::Task<void> finish_calls(base::TimePoint deadline);
  // Once all workers have finished their calls.
  base::Task<void> close_servers(base::TimePoint deadline);

 private:
  struct Running {
    explicit Running(base::TimePoint now) noexcept : news(now) {}
    std::uint32_t number = 0;
    ServerNews news;  // the first worker's
    ServerStack stack;
    std::shared_ptr<cache::CacheLayer> front;        // before it
    std::shared_ptr<fallback::FallbackLayer> door;   // before that
    std::shared_ptr<core::Handler> way_in;           // where calls go in: the door, unless a test says else
    std::shared_ptr<upstream::ServerHome> home;      // if it lives here
    std::shared_ptr<upstream::HopBackend> far_away;  // if it does not
  };
  using Servers = std::map<std::string, Running, std::less<>>;

  // What servers that live here report goes to the first worker.
  class Reports final : public core::BackendObserver {
   public:
    explicit Reports(Worker& worker) : worker_(worker) {}
    void list_changed(std::string_view server, mcp::Method list) override;
    void state_changed(std::string_view server) override;
    void era_changed(std::string_view server) override;

   private:
    Worker& worker_;
  };

  Running start(PlannedServer const& server, config::Settings const& settings);
  void build_way_in(Running& running, config::Settings const& settings, config::Server const& server);
  std::shared_ptr<core::Handler> door_of(std::string_view server, std::string_view tool,
                                         std::string_view tenant) const;
  void retire(Servers servers, base::TimePoint deadline);
  void publish(std::shared_ptr<router::CatalogSet const> set);
  void heard(std::string const& server, core::ServerStatus status);
  void tell_of(std::string_view server);
  void set_rules(config::Settings const& settings);
  unsigned long in_progress() const noexcept;
  base::Task<void> close_retired(Running running, base::TimePoint deadline);
  base::Task<void> close_stack(ServerStack stack, base::TimePoint deadline);
  base::Task<void> serve_client(std::unique_ptr<net::Stream> client, edge::McpEndpoint& endpoint, Seat seat);
  base::Task<void> welcome(std::unique_ptr<net::TlsArrival> client, edge::McpEndpoint& endpoint, Seat seat);

  SharedParts& shared_;
  base::Scheduler& loop_;
  Worker* const first_;
  unsigned const index_;
  std::vector<Worker*> followers_;  // the first worker's
  std::shared_ptr<base::Workplace> const place_;
  router::CatalogFeed feed_;
  std::optional<router::CatalogLoop> catalog_;  // the first worker's
  Reports reports_;
  bridge::ParkingDesk desk_;
  WorkerParts parts_;
  edge::CallMeter meter_;
  Servers servers_;
  base::Gate seats_;
  base::Gate handshakes_{kHandshakesMax};
  std::function<std::shared_ptr<net::Dialer>(std::shared_ptr<net::TrustSlot>)> const trusted_;
  std::unique_ptr<session::SessionLayer> entry_;
  std::vector<config::Address> bound_;  // of each endpoint
  std::vector<std::unique_ptr<edge::McpEndpoint>> endpoints_;
  net::ServerOptions server_options_;
  bool stopping_ = false;
  bool late_ = false;  // the start table has been shown
  edge::FullHouse full_house_;
  net::ServerOptions const full_house_options_ = edge::FullHouse::options();
  base::TaskGroup turned_away_;
  base::TaskGroup closing_;
  base::TaskGroup connections_;  // last: cancelled before anything they use goes
};

}  // namespace weir::app
