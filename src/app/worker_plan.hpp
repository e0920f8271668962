// WorkerPlan: what all workers have to serve, and on which of them each server lives. WorkerPlanner makes one
// from the settings at the start and at each reload.
//
// A plan is immutable and shared by all workers. The planner belongs to the gateway, on the first worker. A
// server whose settings stay equal keeps its number and its home, and so does one over HTTP of which only the
// credentials changed: those change while it is in use. New ones take turns, so servers are spread
// over the workers in the order of the configuration.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/trusts.hpp"
#include "config/settings.hpp"
#include "core/credential_slot.hpp"
#include "upstream/server_home.hpp"

namespace weir::app {

struct PlannedServer {
  config::Server settings;
  std::shared_ptr<net::TrustSlot> trust;  // null: that of the process
  std::uint32_t number = 0;               // of this server with these settings; never used again
  std::shared_ptr<upstream::ServerHome> home;
  std::shared_ptr<core::CredentialSlot> credential;  // of HTTP servers
  std::shared_ptr<core::CredentialSlot> shown;       // of those that have tokens: to their issuers
};

struct WorkerPlan {
  std::shared_ptr<config::Settings const> settings;
  std::vector<std::shared_ptr<PlannedServer const>> servers;  // those that can be started, in order
  std::map<std::string, std::string, std::less<>> problems;   // of the others, by name
};

class WorkerPlanner {
 public:
  // One workplace for each worker, the first worker's first.
  // `trusted` says what a server is reached with; without it all share the trust of the process. `heard`:
  // what is found out about a server's credential; from any thread.
  using Heard =
      std::function<void(std::string const& server, core::CredentialPart part, core::CredentialNews news)>;
  explicit WorkerPlanner(std::vector<std::shared_ptr<base::Workplace>> places,
                         std::function<Trusted(std::string const& server)> trusted = {}, Heard heard = {})
      : places_(std::move(places)), trusted_(std::move(trusted)), heard_(std::move(heard)) {}

  std::shared_ptr<WorkerPlan const> next(std::shared_ptr<config::Settings const> settings,
                                         base::TimePoint now = {});
  void expire_credentials(base::TimePoint now);  // those in reserve whose time is over
  // What is configured is tried again, where something else is in use since that was refused once.
  void offer_again(std::string_view server, base::TimePoint now);
  std::string problem_of(std::string_view server) const;  // in the last plan; "" when it has none

 private:
  static void offer(PlannedServer const& planned, config::Settings const& settings,
                    config::Server const& server, base::TimePoint now);
  std::shared_ptr<PlannedServer const> find(config::Server const& server, Trusted const& trusted) const;
  std::shared_ptr<PlannedServer const> renewed(config::Settings const& settings, config::Server const& server,
                                               Trusted const& trusted, base::TimePoint now) const;
  std::shared_ptr<core::CredentialSlot> slot_of(config::Settings const& settings,
                                                config::Server const& server,
                                                core::CredentialPart part) const;
  std::vector<std::shared_ptr<base::Workplace>> places_;
  std::function<Trusted(std::string const& server)> trusted_;
  Heard heard_;
  std::shared_ptr<WorkerPlan const> last_;
  std::uint32_t planned_ = 0;
};

}  // namespace weir::app
