// ChaosRun: one run of `weir chaos`: fault proxies before the servers, a gateway before those, calls, a
// report.
//
// HTTP servers are reached through one FaultProxy for each of their URLs; programs that the gateway starts
// are killed and stopped. Everything here runs on one loop of this thread; the gateway is a process of its
// own. Calls only what reads_of() finds or what was named. Bounds: those of the options; getting ready takes
// kReadyMax at most. Errors: unavailable (no server that can be called), invalid_input, and those of
// ChaosGateway.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "app/chaos_gateway.hpp"
#include "chaos/fault_proxy.hpp"
#include "chaos/ledger_client.hpp"
#include "chaos/process_fault.hpp"

namespace weir::app {

struct ChaosOptions {
  std::vector<std::string> servers;  // names; empty: all
  std::string tool;                  // of one server; "": reads only
  std::string arguments = "{}";      // JSON
  chaos::FaultScript script;
  std::uint64_t seed = 1;
  std::uint64_t calls = 1000;
  std::size_t concurrency = 16;
  base::Duration time_max = std::chrono::minutes{10};
  unsigned useful_min = 0;                  // of a thousand
  std::atomic<bool> const* stop = nullptr;  // true: the person wants it to end
};

class ChaosRun {
 public:
  static constexpr base::Duration kReadyMax = std::chrono::seconds{30};

  ChaosRun(ChaosOptions options, std::shared_ptr<config::Settings const> settings);
  ~ChaosRun();

  // `gateway` has begun and not been started yet; it is ended here.
  base::Result<chaos::ChaosReport> run(ChaosGateway& gateway);

 private:
  struct Target;
  base::Result<void> build(std::vector<ChaosGateway::Detour>& detours);
  base::Result<void> put_proxies(Target& target, std::size_t server,
                                 std::vector<ChaosGateway::Detour>& detours);
  base::Task<void> play();
  base::Task<bool> find_operations(Target& target);
  base::Task<base::Result<mcp::Message>> list(std::string server, mcp::Method method);
  base::Task<void> try_once();
  void before_call(std::uint64_t number, chaos::Operation const& operation);
  void set_step(chaos::FaultStep const& step);
  void hit_process(Target& target);
  base::Task<void> go_on_after(Target& target, base::Duration time);
  void heal();
  void sum_up(ChaosGateway const& gateway);
  base::Duration deadline_of(config::Server const& server, chaos::Operation const& operation) const;

  ChaosOptions options_;
  std::shared_ptr<config::Settings const> settings_;
  chaos::FaultSchedule schedule_;
  base::SystemClock clock_;
  std::shared_ptr<net::TlsContext const> tls_;
  net::IoLoop loop_{clock_};
  int gateway_pid_ = 0;
  std::vector<std::unique_ptr<Target>> targets_;
  std::unique_ptr<chaos::LedgerClient> client_;
  std::vector<chaos::Operation> operations_;
  chaos::FaultStep step_;
  base::TimePoint ready_until_, began_;
  chaos::ChaosReport report_;
  std::string problem_;  // why nothing could be called
  base::TaskGroup tasks_{loop_};
};

}  // namespace weir::app
