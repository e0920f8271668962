// DegradedRun: what agents get while the servers behind weir fail: T-01, T-02, T-03 over sockets, with a
// ledger.
//
// The oldest user's day: a code reviewer asks four documentation servers while they fail; beside it, a tool
// that nobody may cache and one that must not run twice. Phases follow one another against one weir, each
// with its own proxies' seeds and faults at the servers' sockets; deadlines and recovery times are short, so
// that a phase has many breaker openings in little time. Everything but weir runs on one loop in this
// process. Bounds: clients_max clients with one connection each; the calls of LoadOptions are divided among
// the phases.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "chaos/chaos_report.hpp"
#include "chaos/fault_proxy.hpp"
#include "load_report.hpp"
#include "metric_sums.hpp"
#include "net/dialer.hpp"
#include "support/fake_client.hpp"
#include "support/fake_server.hpp"
#include "weir_process.hpp"

namespace weir::load {

struct DegradedOptions {
  std::string weir;  // the program to start
  std::uint64_t calls = 100'000;
  std::uint64_t seed = 1;
  std::uint64_t seconds_max = 600;
  unsigned workers = 0;
  std::size_t clients = 24;
  std::string only;  // name of one phase; "" = all
};

class DegradedRun {
 public:
  explicit DegradedRun(DegradedOptions options);
  Report run();

 private:
  struct Server {
    std::string name;
    std::unique_ptr<test::FakeServer> fake;
    std::unique_ptr<net::Listener> listener;
    std::vector<std::unique_ptr<chaos::FaultProxy>> proxies;  // one for each of its URLs
  };
  struct Phase {
    std::string name;
    std::vector<std::string> servers;
    std::string tool;
    unsigned per_thousand = 0;  // harmed
    unsigned part = 1;          // of the calls
    double useful_min = 0;      // percent
    double extra_max = 0;       // percent of the upstream calls that are repetitions; 0: not looked at
    bool warm = false;          // the same questions again and again, each asked once before
  };
  struct Tally;

  bool prepare();
  bool add_server(std::string const& name, std::string const& tool, std::size_t urls);
  std::string yaml() const;
  std::string urls_of(Server const& server) const;
  base::Task<void> accept(Server& server);
  base::Task<std::unique_ptr<net::Stream>> connect(net::Endpoint const& to);
  base::Task<bool> wait_until_ready();
  base::Task<void> play();
  base::Task<void> play_phase(Phase const& phase);
  base::Task<void> warm_up(Phase const& phase);
  base::Task<void> work(Phase const& phase, Tally& tally, std::uint64_t seed);
  bool account(Phase const& phase, Tally& tally, std::string const& key, std::string const& question,
               std::string const& server, test::Reply const& reply);
  base::Task<void> watch_the_clock();
  base::Task<void> stop_weir();
  void set_faults(Phase const& phase, unsigned per_thousand);
  void judge(Phase const& phase, Tally const& tally);
  void judge_metrics(Phase const& phase, Tally const& tally);
  void judge_mix();
  base::Task<MetricSums> scrape();
  Server& server(std::string const& name);

  DegradedOptions options_;
  base::SystemClock clock_;
  net::IoLoop loop_{clock_};
  net::NetDialer dialer_{loop_, nullptr};
  net::Endpoint weir_at_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::map<std::string, std::unique_ptr<chaos::Ledger>> ledgers_;  // by server
  WeirProcess weir_;
  bool weir_ended_ = false;
  std::uint64_t next_key_ = 0;
  Report report_;
  chaos::FaultCounts mix_;  // of all phases
  base::TaskGroup fakes_{loop_};
  base::TaskGroup clients_{loop_};
  base::TaskGroup main_{loop_};
};

}  // namespace weir::load
