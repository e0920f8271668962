#include "app/worker_plan.hpp"

#include "app/server_options.hpp"
#include "app/server_tokens.hpp"

namespace weir::app {
namespace {

// Why a server cannot be built; "" when it can.
std::string why_not(config::Server const& server) {
  if (!server.unusable.empty()) return server.unusable;
  if (server.kind == config::UpstreamKind::stdio) return {};
  if (server.oauth) {
    if (auto const tokens = token_options(server); !tokens) return "auth: " + tokens.error().detail;
  }
  auto const addresses = address_labels(server);
  return addresses ? std::string() : addresses.error().detail;
}

}  // namespace

std::shared_ptr<PlannedServer const> WorkerPlanner::find(config::Server const& server,
                                                         Trusted const& trusted) const {
  if (!last_) return nullptr;
  for (auto const& known : last_->servers) {
    if (known->settings == server && known->trust == trusted.slot) return known;
  }
  return nullptr;
}

std::string WorkerPlanner::problem_of(std::string_view server) const {
  auto const found = last_->problems.find(server);
  return found == last_->problems.end() ? std::string() : found->second;
}

std::shared_ptr<WorkerPlan const> WorkerPlanner::next(std::shared_ptr<config::Settings const> settings) {
  auto plan = std::make_shared<WorkerPlan>();
  for (auto const& server : settings->servers) {
    if (server.disabled) continue;
    if (auto problem = why_not(server); !problem.empty()) {
      plan->problems.emplace(server.name, std::move(problem));
      continue;
    }
    auto trusted = trusted_ ? trusted_(server.name) : Trusted{};
    if (!trusted.problem.empty()) {
      plan->problems.emplace(server.name, std::move(trusted.problem));
      continue;
    }
    auto planned = find(server, trusted);
    if (!planned) {
      unsigned const worker = planned_ % static_cast<unsigned>(places_.size());
      auto home = std::make_shared<upstream::ServerHome>(worker, places_[worker]);
      planned = std::make_shared<PlannedServer const>(
          PlannedServer{server, std::move(trusted.slot), planned_++, std::move(home)});
    }
    plan->servers.push_back(std::move(planned));
  }
  plan->settings = std::move(settings);
  return last_ = std::move(plan);
}

}  // namespace weir::app
