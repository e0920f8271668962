// LoadRun: many clients with identical ids, few servers that break, one weir in between; all of it counted.
//
// Issue point "nothing lost or crossed" and T-01, T-03, T-40 in small. Everything but weir and its child
// program runs on one loop in this process. A client that is told that the house is full comes again when it
// was told to, and 0.1 s after any other error. Bounds: clients_max clients, one connection each; servers on
// 127.0.0.2 and following.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "chaos/fault_proxy.hpp"
#include "load_report.hpp"
#include "net/dialer.hpp"
#include "support/fake_client.hpp"
#include "support/fake_server.hpp"
#include "weir_process.hpp"

namespace weir::load {

struct LoadOptions {
  static constexpr std::size_t clients_max = 2000;
  std::string weir;      // the program to start …
  std::string url_host;  // … or where one is running, with the servers of --print-servers
  std::uint16_t url_port = 0;
  std::string self;  // this program: also the child that weir starts
  std::size_t clients = 1000;
  std::uint64_t calls = 10'000;
  std::uint64_t seed = 1;
  std::uint64_t seconds_max = 300;
  unsigned workers = 0;  // threads of weir; 0: as many as it likes
  bool calm = false;     // no faults
};

class LoadRun {
 public:
  explicit LoadRun(LoadOptions options);
  Report run();

 private:
  struct Server {
    std::unique_ptr<test::FakeServer> fake;
    std::unique_ptr<net::Listener> listener;
    std::unique_ptr<chaos::FaultProxy> proxy;
    std::string name;
  };
  struct Usage {
    std::size_t descriptors = 0, threads = 0;
  };

  bool prepare();
  std::string servers_yaml() const;
  base::Task<void> accept(Server& server);
  base::Task<void> play();
  base::Task<bool> wait_until_ready();
  base::Task<void> work(std::size_t index);
  base::Task<void> one_call(test::FakeClient& client, base::Event& answered, std::uint64_t number,
                            std::uint64_t id);
  base::Task<void> trouble();
  base::Task<void> stop_weir();
  base::Task<void> watch_the_clock();
  base::Duration told_to_wait(std::string const& error);
  bool account(std::string const& key, std::string const& id, std::string const& server,
               test::Reply const& reply);
  void take_child_executions();
  void summarise();
  Usage usage() const;
  base::Task<std::unique_ptr<net::Stream>> connect();

  LoadOptions options_;
  base::SystemClock clock_;
  net::IoLoop loop_{clock_};
  net::NetDialer dialer_{loop_, nullptr};
  net::Endpoint weir_at_;
  base::SeededRandom dice_;
  chaos::Ledger ledger_;
  std::vector<Server> servers_;
  WeirProcess weir_;
  std::uint64_t next_call_ = 0;
  std::size_t connections_now_ = 0, connections_most_ = 0;
  Usage before_, after_;
  bool weir_ended_ = false;
  std::string first_crossed_;
  std::map<std::string, std::uint64_t> errors_;  // by their reason
  Report report_;
  base::TimePoint begun_, finished_;
  base::TaskGroup fakes_{loop_};
  base::TaskGroup trouble_{loop_};
  base::TaskGroup clients_{loop_};
  base::TaskGroup main_{loop_};
};

}  // namespace weir::load
