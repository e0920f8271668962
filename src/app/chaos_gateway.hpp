// ChaosGateway: a gateway of its own for one run of `weir chaos`, in a child process of this one.
//
// begin() forks before this process has any thread or loop; the child waits for the addresses of the fault
// proxies, which stand in place of the servers' own, and then runs with the settings of the parent's memory,
// so that no credential touches a disk. It listens on free loopback ports, lets in only who knows the run's
// key, and keeps its cache and log in a folder that goes with it. It ends with its parent. One thread, which
// blocks. Errors: internal (no process, no folder), unavailable (it does not start; the detail is what it
// said).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "net/url.hpp"

namespace weir::app {

class ChaosGateway {
 public:
  // `environment` must outlive the process: the child uses its copy.
  static base::Result<std::unique_ptr<ChaosGateway>> begin(config::Settings settings,
                                                           config::Environment const& environment);
  ~ChaosGateway();
  ChaosGateway(ChaosGateway const&) = delete;
  ChaosGateway& operator=(ChaosGateway const&) = delete;

  // One line each: which server, which of its URLs, and what to use instead. Returns when it listens.
  struct Detour {
    std::size_t server, url;
    std::string to;
  };
  base::Result<void> start(std::vector<Detour> const& detours);
  void end();  // orderly, and by force after a while; idempotent

  int pid() const noexcept { return pid_; }
  std::string const& key() const noexcept { return key_; }
  net::Url const& mcp() const noexcept { return mcp_; }
  net::Url const& admin() const noexcept { return admin_; }
  std::string log_tail() const;

 private:
  ChaosGateway() = default;
  std::string folder_;
  std::string key_;
  int pid_ = 0;
  int to_child_ = -1, from_child_ = -1;
  net::Url mcp_, admin_;
};

}  // namespace weir::app
