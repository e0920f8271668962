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
    base::SystemRandom random;  // nothing is signed here
    if (auto const tokens = token_options(server, random); !tokens) return "auth: " + tokens.error().detail;
  }
  auto const addresses = address_labels(server);
  return addresses ? std::string() : addresses.error().detail;
}

bool is_http(config::Server const& server) { return server.kind != config::UpstreamKind::stdio; }

// Whether what the server is sent comes from a place where it may change.
bool renewable(config::Settings const& settings, config::Server const& server) {
  for (auto const part : {"headers.", "auth."}) {
    auto const prefix = "servers." + server.name + "." + part;
    for (auto const& use : settings.references) {
      if (use.path.starts_with(prefix)) return true;
    }
  }
  return false;
}

}  // namespace

std::shared_ptr<core::CredentialSlot> WorkerPlanner::slot_of(config::Settings const& settings,
                                                             config::Server const& server,
                                                             core::CredentialPart part) const {
  bool const shown = part == core::CredentialPart::shown;
  if (!is_http(server) || (shown && !server.oauth)) return nullptr;
  core::CredentialSlot::Heard heard;
  if (heard_) {
    heard = [tell = heard_, name = server.name, part](core::CredentialNews news) { tell(name, part, news); };
  }
  return std::make_shared<core::CredentialSlot>(shown ? shown_fields(server) : credential_fields(server),
                                                renewable(settings, server), std::move(heard));
}

// Changes nothing where those are in use already.
void WorkerPlanner::offer(PlannedServer const& planned, config::Settings const& settings,
                          config::Server const& server, base::TimePoint now) {
  bool const may_change = renewable(settings, server);
  if (planned.credential) {
    planned.credential->set_renewable(may_change);
    planned.credential->set(credential_fields(server), settings.stores.overlap, now);
  }
  if (planned.shown) {
    planned.shown->set_renewable(may_change);
    planned.shown->set(shown_fields(server), settings.stores.overlap, now);
  }
}

void WorkerPlanner::offer_again(std::string_view server, base::TimePoint now) {
  if (!last_) return;
  for (auto const& known : last_->servers) {
    if (known->settings.name == server) offer(*known, *last_->settings, known->settings, now);
  }
}

// The same server with other credentials; null if there is none, or more has changed.
std::shared_ptr<PlannedServer const> WorkerPlanner::renewed(config::Settings const& settings,
                                                            config::Server const& server,
                                                            Trusted const& trusted,
                                                            base::TimePoint now) const {
  if (!last_ || !is_http(server)) return nullptr;
  auto const bare = without_credentials(server);
  for (auto const& known : last_->servers) {
    if (known->trust != trusted.slot || known->settings.name != server.name) continue;
    if (without_credentials(known->settings) != bare) continue;
    offer(*known, settings, server, now);
    auto copy = *known;
    copy.settings = server;
    return std::make_shared<PlannedServer const>(std::move(copy));
  }
  return nullptr;
}

void WorkerPlanner::expire_credentials(base::TimePoint now) {
  if (!last_) return;
  for (auto const& server : last_->servers) {
    if (server->credential) server->credential->expire(now);
    if (server->shown) server->shown->expire(now);
  }
}

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

std::shared_ptr<WorkerPlan const> WorkerPlanner::next(std::shared_ptr<config::Settings const> settings,
                                                      base::TimePoint now) {
  auto plan = std::make_shared<WorkerPlan>();
  for (auto const& configured : settings->servers) {
    if (configured.disabled) continue;
    auto server = configured;
    if (auto problem = why_not(server); !problem.empty()) {
      plan->problems.emplace(server.name, std::move(problem));
      continue;
    }
    auto trusted = trusted_ ? trusted_(server.name) : Trusted{};
    if (!trusted.problem.empty()) {
      plan->problems.emplace(server.name, std::move(trusted.problem));
      continue;
    }
    if (server.oauth) server.oauth->sign_in = trusted.sign_in;  // another one makes it another server
    auto planned = find(server, trusted);
    if (planned) offer(*planned, *settings, server, now);
    if (!planned) planned = renewed(*settings, server, trusted, now);
    if (!planned) {
      unsigned const worker = planned_ % static_cast<unsigned>(places_.size());
      auto home = std::make_shared<upstream::ServerHome>(worker, places_[worker]);
      planned = std::make_shared<PlannedServer const>(
          PlannedServer{server, std::move(trusted.slot), planned_++, std::move(home),
                        slot_of(*settings, server, core::CredentialPart::sent),
                        slot_of(*settings, server, core::CredentialPart::shown)});
    }
    plan->servers.push_back(std::move(planned));
  }
  plan->settings = std::move(settings);
  return last_ = std::move(plan);
}

}  // namespace weir::app
