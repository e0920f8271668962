#include "app/worker.hpp"

#include <algorithm>
#include <limits>

#include "app/cache_options.hpp"
#include "app/degradation_options.hpp"
#include "app/guards.hpp"
#include "app/server_options.hpp"
#include "base/run_until.hpp"

namespace weir::app {

Worker::Worker(SharedParts& shared, WorkerIo io, std::shared_ptr<config::Settings const> settings,
               Worker* first, unsigned index)
    : shared_(shared),
      loop_(io.loop),
      first_(first),
      index_(index),
      place_(std::make_shared<base::Workplace>(loop_)),
      feed_(loop_),
      reports_(*this),
      desk_(loop_),
      parts_{loop_,
             shared.random,
             io.dialer,
             io.spawner,
             reports_,
             feed_,
             shared.cursors,
             shared.listens,
             shared.watches,
             shared.sessions,
             shared.cache,
             shared.entrance,
             shared.parked,
             desk_,
             shared.environment,
             shared.gateway_info,
             shared.log,
             shared.metrics,
             [this](std::string_view server, std::string_view tool, std::string_view tenant) {
               return door_of(server, tool, tenant);
             },
             {}},
      meter_(shared.metrics, shared.log, shared.clock, settings->log.access),
      seats_(std::numeric_limits<unsigned>::max()),
      trusted_(std::move(io.trusted)),
      entry_(build_entry(parts_)),
      turned_away_(loop_),
      closing_(loop_),
      connections_(loop_) {
  parts_.refit = shared.refit;
  parts_.tokens = shared.tokens;
  if (shared.standby) {
    parts_.standby = [this](config::Degradation const& of) { return shared_.standby(of, loop_); };
  }
  if (first_ != nullptr) {
    first_->followers_.push_back(this);
  } else {
    auto options = catalog_options(*settings, shared.random.next());
    options.guard = shared.guard;
    catalog_.emplace(loop_, shared.random, std::move(options),
                     [this](std::shared_ptr<router::CatalogSet const> set) { publish(std::move(set)); });
  }
}

Worker::~Worker() {
  connections_.cancel();
  desk_.close();  // what waits there uses the servers
  place_->close();
  for (auto& [name, running] : servers_) {
    if (running.home) running.home->move_out();
  }
}

void Worker::publish(std::shared_ptr<router::CatalogSet const> set) {
  for (auto* const follower : followers_) {
    follower->loop_.post([follower, set] { follower->feed_.publish(set); });
  }
  auto const before = feed_.view();
  feed_.publish(std::move(set));
  for (auto const& server : feed_.current().servers()) {
    auto const* const was = before->set->server(server.name);
    if (was == nullptr || was->readiness != server.readiness) tell_of(server.name);
  }
}

// Of what a server has become, if that is news. Here come the reports of all workers, and what the catalogue
// found out by asking.
void Worker::tell_of(std::string_view server) {
  auto const found = servers_.find(server);
  if (found == servers_.end() || stopping_) return;
  auto& running = found->second;
  auto const line = running.news.look(running.stack.backend->status(), late_, loop_.now());
  if (!line) return;
  using observe::Key;
  if (line->lasted > base::Duration::zero()) {
    shared_.log.event(line->level, line->event, line->text,
                      {{Key::server, server}, {Key::duration_ms, line->lasted}});
  } else {
    shared_.log.event(line->level, line->event, line->text, {{Key::server, server}});
  }
}

void Worker::Reports::list_changed(std::string_view server, mcp::Method list) {
  if (worker_.catalog_) return worker_.catalog_->list_changed(server, list);
  auto* const first = worker_.first_;
  first->loop_.post([first, name = std::string(server), list] { first->catalog_->list_changed(name, list); });
}

void Worker::Reports::state_changed(std::string_view server) {
  if (worker_.catalog_) {
    worker_.tell_of(server);
    return worker_.catalog_->state_changed(server);
  }
  auto const* const backend = worker_.backend(server);
  if (backend == nullptr) return;
  auto* const first = worker_.first_;
  first->loop_.post(
      [first, name = std::string(server), status = backend->status()] { first->heard(name, status); });
}

void Worker::Reports::era_changed(std::string_view server) {
  if (worker_.catalog_) return worker_.catalog_->era_changed(server);
  auto* const first = worker_.first_;
  first->loop_.post([first, name = std::string(server)] { first->catalog_->era_changed(name); });
}

void Worker::heard(std::string const& server, core::ServerStatus status) {
  auto const found = servers_.find(server);
  if (found == servers_.end() || !found->second.far_away) return;
  found->second.far_away->heard(std::move(status));
  tell_of(server);
  catalog_->state_changed(server);
}

Worker::Running Worker::start(PlannedServer const& server, config::Settings const& settings) {
  Running running(loop_.now());
  running.number = server.number;
  if (server.home->worker() != index_) {
    running.far_away = std::make_shared<upstream::HopBackend>(loop_, server.settings.name,
                                                              transport_of(server.settings), server.home);
    running.stack = ServerStack{running.far_away, running.far_away, nullptr, nullptr};
    build_way_in(running, settings, server.settings);
    return running;
  }
  auto own = server.trust && trusted_ ? trusted_(server.trust) : nullptr;
  auto stack =
      build_server(parts_, settings, server.settings, {server.credential, server.shown}, std::move(own));
  WEIR_ASSERT(stack.has_value());  // the planner leaves out what cannot be built
  running.stack = std::move(*stack);
  running.home = server.home;
  if (shared_.breakers != nullptr) shared_.breakers->put(running.stack.guards->breakers());
  build_way_in(running, settings, server.settings);
  running.home->move_in(running.stack.backend, running.stack.entry);
  return running;
}

void Worker::build_way_in(Running& running, config::Settings const& settings, config::Server const& server) {
  running.front = build_front(parts_, settings, server, running.stack.entry);
  auto inner = refitted(parts_.refit, Stage::cache, server.name, running.stack.entry, running.front);
  running.door = build_door(parts_, settings, server, running.front, inner);
  running.way_in = refitted(parts_.refit, Stage::fallback, server.name, inner, running.door);
}

// The router is passed by, so what it checks of a tool is checked here.
std::shared_ptr<core::Handler> Worker::door_of(std::string_view server, std::string_view tool,
                                               std::string_view tenant) const {
  auto const found = servers_.find(server);
  if (found == servers_.end()) return nullptr;
  auto const* const shown = feed_.current().server(server);
  bool const may_be_called = tool.empty() || (shown != nullptr && shown->may_stand_in(tool, tenant));
  return may_be_called ? found->second.way_in : nullptr;
}

void Worker::retire(Servers servers, base::TimePoint deadline) {
  for (auto& [name, running] : servers) {
    if (running.stack.guards) running.stack.guards->retire();
    if (running.home) closing_.spawn(close_retired(std::move(running), deadline));
  }
}

base::Task<void> Worker::close_retired(Running running, base::TimePoint deadline) {
  // Until every worker has the catalogue that leads elsewhere, calls still come this way.
  constexpr auto kViewsCatchUp = std::chrono::seconds{1};
  co_await loop_.sleep_until(std::min(loop_.now() + kViewsCatchUp, deadline));
  co_await close_stack(std::move(running.stack), deadline);
  running.home->move_out();
}

void Worker::apply(std::shared_ptr<WorkerPlan const> plan) {
  std::vector<router::ServerSpec> specs;
  router::ServerEntries entries;
  Servers kept;
  for (auto const& server : plan->servers) {
    auto const& settings = server->settings;
    auto const before = servers_.find(settings.name);
    bool const same = before != servers_.end() && before->second.number == server->number;
    Running running = same ? std::move(before->second) : start(*server, *plan->settings);
    if (same) {
      servers_.erase(before);
      running.stack.backend->credential_changed();
      running.front->set_policy(cache_policy(parts_, *plan->settings, settings));
      running.door->set_options(door_options(parts_, *plan->settings, settings));
      if (running.stack.guards) running.stack.guards->set_options(*plan->settings, settings);
    }
    entries.emplace(server->number, running.way_in);
    specs.push_back(router::ServerSpec{settings.name, server->number, running.stack.backend,
                                       tool_rules(settings.tools), settings.expose,
                                       list_ttl(*plan->settings, settings.name)});
    kept.emplace(settings.name, std::move(running));
  }
  auto gone = std::exchange(servers_, std::move(kept));
  feed_.set_entries(std::move(entries));
  if (catalog_) {
    catalog_->set_names(name_rules(*plan->settings));
    std::vector<router::AbsentServer> absent;
    for (auto const& [name, problem] : plan->problems) {
      auto const* const configured = plan->settings->server(name);
      absent.push_back({name, configured == nullptr || configured->expose, problem});
    }
    catalog_->set_servers(std::move(specs), std::move(absent));
  }
  retire(std::move(gone), loop_.now() + plan->settings->drain);
  set_rules(*plan->settings);
}

void Worker::set_rules(config::Settings const& settings) {
  meter_.set_access_lines(settings.log.access);
  server_options_.limits.body_bytes_max = settings.limits.body_bytes;
  bool const first_time = endpoints_.empty();
  auto const tokens = shared_.caller_tokens ? shared_.caller_tokens() : auth::TokenSources{};
  for (auto const& listener : settings.listeners) {
    auto rules = endpoint_rules(settings, listener, tokens);
    if (first_time) {
      bound_.push_back(listener.bind);
      endpoints_.push_back(std::make_unique<edge::McpEndpoint>(endpoint_parts(), std::move(rules)));
      continue;
    }
    auto const known = std::find(bound_.begin(), bound_.end(), listener.bind);
    if (known == bound_.end()) continue;
    endpoints_[static_cast<std::size_t>(known - bound_.begin())]->set_rules(std::move(rules));
  }
}

edge::EndpointParts Worker::endpoint_parts() noexcept {
  return {loop_, *entry_, shared_.sessions, feed_, shared_.calls, meter_, shared_.random};
}

base::Task<void> Worker::close_stack(ServerStack stack, base::TimePoint deadline) {
  stack.watch->stop();
  std::string const name(stack.backend->name());
  co_await stack.backend->close(deadline);
  if (parts_.tokens == nullptr) co_return;
  // What an issuer answers replaces the refresh token that it was asked with: its source has to hear it.
  constexpr auto kQuestionMax = std::chrono::seconds{15};  // TokenSourceOptions::ask_max
  auto const latest = std::max(deadline, loop_.now() + kQuestionMax);
  while (parts_.tokens->book.in_use(name) && loop_.now() < latest) {
    co_await loop_.sleep_for(std::chrono::milliseconds{10});
  }
}

std::optional<Worker::Seat> Worker::reserve() noexcept {
  auto in_process = shared_.connections.enter();
  auto on_worker = seats_.enter();
  if (!in_process || !on_worker) return std::nullopt;
  return Seat{std::move(*in_process), std::move(*on_worker)};
}

base::Task<void> Worker::serve_client(std::unique_ptr<net::Stream> client, edge::McpEndpoint& endpoint,
                                      Seat seat) {
  Seat const seated(std::move(seat));
  co_await net::serve_connection(loop_, std::move(client), endpoint, server_options_, stopping_);
}

void Worker::serve(std::unique_ptr<net::Stream> client, std::size_t listener, Seat seat) {
  if (stopping_) return;
  connections_.spawn(serve_client(std::move(client), *endpoints_[listener], std::move(seat)));
}

base::Task<void> Worker::welcome(std::unique_ptr<net::TlsArrival> client, edge::McpEndpoint& endpoint,
                                 Seat seat) {
  Seat const seated(std::move(seat));
  std::unique_ptr<net::Stream> stream;
  {
    auto const pass = handshakes_.enter();
    if (!pass) {
      meter_.refused("connections");
      co_return;
    }
    auto shaken = co_await client->shake_hands(loop_.now() + kHandshakeMax);
    if (!shaken) {
      meter_.refused("tls");
      co_return;
    }
    stream = std::move(*shaken);
  }
  client.reset();
  co_await net::serve_connection(loop_, std::move(stream), endpoint, server_options_, stopping_);
}

void Worker::serve(std::unique_ptr<net::TlsArrival> client, std::size_t listener, Seat seat) {
  if (stopping_) return;
  connections_.spawn(welcome(std::move(client), *endpoints_[listener], std::move(seat)));
}

void Worker::turn_away(std::unique_ptr<net::Stream> client) {
  meter_.refused("connections");
  if (stopping_ || turned_away_.size() >= kTurnedAwayMax) return;
  turned_away_.spawn(
      net::serve_connection(loop_, std::move(client), full_house_, full_house_options_, stopping_));
}

void Worker::session_ended(std::string const& id) {
  for (auto& [name, running] : servers_) {
    running.stack.backend->session_ended(id);
    if (running.stack.watch) running.stack.watch->session_ended(id);
  }
}

core::Backend const* Worker::backend(std::string_view name) const {
  auto const found = servers_.find(name);
  return found == servers_.end() ? nullptr : found->second.stack.backend.get();
}

unsigned long Worker::in_progress() const noexcept {
  unsigned long count = 0;
  for (auto const& endpoint : endpoints_) count += endpoint->in_progress();
  return count;
}

base::Task<void> Worker::finish_calls(base::TimePoint deadline) {
  stopping_ = true;
  if (catalog_) catalog_->stop();
  feed_.close();  // subscriptions end with their final result
  desk_.stop();   // what waits for a client's answer would use up the time of all
  while ((in_progress() > 0 || shared_.calls.inside() > 0) && loop_.now() < deadline) {
    co_await loop_.sleep_for(std::chrono::milliseconds{10});
  }
  connections_.cancel();
  turned_away_.cancel();
}

base::Task<void> Worker::close_servers(base::TimePoint deadline) {
  for (auto& [name, running] : servers_) {
    if (running.home) closing_.spawn(close_stack(running.stack, deadline));
  }
  auto const all = [](base::TaskGroup& group) -> base::Task<void> { co_await group.idle(); };
  auto waiting = all(closing_);
  co_await base::run_until(loop_, waiting, deadline);
}

}  // namespace weir::app
