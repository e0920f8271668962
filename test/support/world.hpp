// World: clients ⇄ Weir ⇄ servers in one thread on virtual time, with Weir's real layers in between.
//
//   World world;
//   auto& server = world.http("a", FakeServer::Speaks::modern);
//   auto& client = world.client(FakeClient::Era::modern);
//   world.start();
//   auto reply = client.call("a__echo");
//   world.advance(1s);
//
// Weir is an app::Worker over twins: pipes for sockets, FakeServers behind the dialer, scripted programs
// behind the spawner. Nothing sleeps, no thread runs but the log's writer. Everything that happens depends on
// the seed alone.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "app/worker.hpp"
#include "base/virtual_loop.hpp"
#include "session/reaper_loop.hpp"
#include "support/fake_client.hpp"
#include "support/fake_server.hpp"
#include "support/fault_pipe.hpp"
#include "support/scripted_child.hpp"

namespace weir::test {

using namespace std::chrono_literals;

bool long_run();  // WEIR_TEST_TIER says that time matters less than count

// Connects to FakeServers by host name.
class FakeDialer final : public net::Dialer {
 public:
  FakeDialer(base::Scheduler& scheduler, std::map<std::string, std::unique_ptr<FakeServer>>& servers)
      : scheduler_(scheduler), servers_(servers) {}
  base::Task<base::Result<std::unique_ptr<net::Stream>>> dial(net::Endpoint const& to,
                                                              base::TimePoint deadline) override;
  Tally tally;
  Trial* trial = nullptr;  // for connections to come, until it trips
  std::size_t pipe_bytes = 64 * 1024;

 private:
  base::Scheduler& scheduler_;
  std::map<std::string, std::unique_ptr<FakeServer>>& servers_;
};

class World {
 public:
  explicit World(std::uint64_t seed = 1);
  ~World();

  // Before start(), or before reload().
  FakeServer& http(std::string const& name, FakeServer::Speaks speaks);
  config::Server& stdio(std::string const& name, Handshake handshake);
  void start();
  void reload();

  void admit(std::unique_ptr<net::Stream> client);  // as the listener does
  FakeClient& client(FakeClient::Era era);          // lives as long as the world
  void advance(base::Duration by) { loop.advance(by); }
  base::TimePoint now() const { return loop.now(); }
  double metric(std::string const& series);  // 0 when absent

  // Weir stops as on SIGTERM; time passes until `drain` is over at most.
  void drain();
  // What is still alive in Weir once nobody wants anything any more; "" when nothing is. Lets idle times
  // pass.
  std::string leftovers();

  base::VirtualLoop loop;
  base::SeededRandom random;
  config::Settings settings;
  Ledger ledger;
  std::map<std::string, std::unique_ptr<FakeServer>> servers;
  FakeDialer dialer{loop, servers};
  ScriptedSpawner spawner{loop};
  Tally front;             // connections of clients
  Trial* trial = nullptr;  // for client connections to come, until it trips
  std::size_t pipe_bytes = 64 * 1024;

  app::Refit refit;               // flaws to plant in the pipeline; before start()
  observe::Log* log = nullptr;    // where events go, nowhere unless set; before start(), outlives the world
  store::Store* store = nullptr;  // the cache's second tier; before start()
  // What answers without a server; before start(), or before reload().
  std::function<std::shared_ptr<fallback::LocalAnswers>(config::Degradation const&, base::Scheduler&)>
      standby;
  cache::ResponseCache& cache() noexcept { return *cache_; }
  app::Worker& weir() noexcept { return *worker_; }
  observe::Metrics& metrics() noexcept { return *metrics_; }
  session::SessionTable& sessions() noexcept { return *sessions_; }
  base::Gate& gate() noexcept { return *calls_; }
  base::Gate& watches() noexcept { return watches_; }
  base::Gate& connection_gate() noexcept { return connections_; }

 private:
  base::Task<std::unique_ptr<net::Stream>> connect();
  base::Task<void> stop();
  void answer_stdio(FakeProgram& program, mcp::Message const& request);

  config::MemoryEnvironment environment_;
  std::unique_ptr<observe::Metrics> metrics_;
  std::unique_ptr<session::SessionTable> sessions_;
  std::unique_ptr<cache::ResponseCache> cache_;
  std::unique_ptr<limits::Entrance> entrance_;
  std::unique_ptr<base::Gate> calls_;
  base::Gate connections_{9'000};
  base::Gate listens_{4096};
  base::Gate watches_{100'000};
  std::unique_ptr<bridge::ParkedCalls> parked_;
  std::unique_ptr<router::CursorSealer> cursors_;
  std::unique_ptr<app::SharedParts> shared_;
  std::unique_ptr<app::Worker> worker_;
  std::optional<app::WorkerPlanner> planner_;
  std::unique_ptr<session::ReaperLoop> reaper_;
  std::deque<FakeClient> clients_;
};

}  // namespace weir::test
