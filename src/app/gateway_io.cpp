#include "app/gateway.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "app/log_options.hpp"
#include "app/server_options.hpp"
#include "app/state_folder.hpp"
#include "app/version.hpp"
#include "net/url.hpp"

namespace weir::app {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

bool wants_tls(config::Settings const& settings) {
  for (auto const& server : settings.servers) {
    for (auto const& url : server.urls) {
      if (url.starts_with("https:")) return true;
    }
  }
  bool const signed_tokens = settings.jwt && settings.jwt->issuer.starts_with("https:");
  return signed_tokens || (settings.introspection && settings.introspection->url.starts_with("https:"));
}

}  // namespace

Gateway::Gateway(GatewayOptions options, config::Environment const& environment)
    : options_(std::move(options)), environment_(environment), settings_(std::move(options_.settings)) {}

Gateway::~Gateway() {
  if (options_.secrets != nullptr) options_.secrets->close();
  tasks_.reset();
  admin_.reset();
}

Result<void> Gateway::start() {
  block_signals();
  log_ = make_log(*settings_, clock_);
  last_words_ = std::make_unique<LastWords>(*log_);
  observe::Metrics::Options metrics;
  metrics.version = kVersion;
  metrics.revision = kSourceRevision;
  for (auto const revision : mcp::kRevisions) metrics.protocol_versions.emplace_back(mcp::text_of(revision));
  metrics.series_max = settings_->metrics.series_max;
  metrics_ = std::make_unique<observe::Metrics>(metrics);
  sessions_ = std::make_unique<session::SessionTable>(
      table_options(settings_->sessions), random_,
      [this](std::string const& id, base::TableReason why) { session_ended(id, why); }, metrics_->gateway());
  sessions_->set_stream_limits(stream_limits(settings_->streams));
  calls_ = std::make_unique<base::Gate>(settings_->limits.in_flight);
  parked_ = std::make_unique<bridge::ParkedCalls>(parked_options(), random_);
  cursors_ = std::make_unique<router::CursorSealer>(random_);
  if (auto tls = net::TlsContext::system()) {  // even if nobody needs it yet: a reload may bring who does
    tls_ = std::move(*tls);
  } else if (wants_tls(*settings_)) {
    return tls.error();
  }
  build_threads();
  build_trusts();
  auto& kernel = *threads_.front();
  cache_ = std::make_unique<CacheTiers>(
      CacheTiers::Parts{
          environment_, clock_, random_, *metrics_, *log_, kernel.loop, kernel.dialer,
          [this](store::Selection const& what) { return offered(first_worker().catalog().current(), what); }},
      *settings_);
  share_parts();
  build_workers();
  callers_->apply(*settings_, first_worker().place());
  catalog_meter_ = std::make_unique<CatalogMeter>(*metrics_);
  first_worker().catalog().listen(*catalog_meter_);
  started_ = clock_.now();
  if (auto bound = listen(); !bound) return bound.error();
  for (auto const& server : settings_->servers) metrics_->server(server.name);
  auto& loop = main_loop();
  apply();
  tasks_ = std::make_unique<base::TaskGroup>(loop);
  reaper_ = std::make_unique<session::ReaperLoop>(loop, *sessions_, settings_->sessions.sweep);
  reaper_->start();
  token_reaper_ = std::make_unique<oauth::TokenReaperLoop>(
      loop, tokens_->cache, [this](oauth::TokenReaperLoop::Swept const& round) {
        log_->event(
            observe::Level::debug, "token.sweep",
            fmt::format("{} over, {} made room, {} are kept", round.expired, round.evicted, round.entries));
      });
  token_reaper_->start();
  entrance_loop_ = std::make_unique<limits::EntranceLoop>(
      loop, *entrance_, [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; },
      settings_->workers);
  entrance_loop_->start();
  cache_->start();
  metrics_->on_scrape([this] { refresh_gauges(); });
  metrics_->gateway().config_last_reload_success.set(1);
  restart_keys_.emplace(*settings_);
  admin_ = std::make_unique<admin::AdminEndpoint>(views(), settings_->metrics.path);
  reload_wanted_ = std::make_unique<base::Event>(loop);
  begin_watching();
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    for (auto& door : listeners_[i]) tasks_->spawn(accept_clients(*door, i));
  }
  for (auto& door : admin_listener_) tasks_->spawn(accept_admins(*door));
  log_->event(observe::Level::info, "gateway.start", fmt::format("weir {} is listening", kVersion));
  return {};
}

// What may change while the gateway runs, and whoever wants something of it.
void Gateway::begin_watching() {
  open_secrets();
  tasks_->spawn(reload_loop());
  tasks_->spawn(signal_loop());
  tasks_->spawn(settle());
  tasks_->spawn(watch_trusts());
  tasks_->spawn(watch_sign_ins());
}

// What all workers borrow.
void Gateway::share_parts() {
  auto& kernel = *threads_.front();
  standby_ = std::make_unique<StandbyFiles>(clock_, *log_);
  entrance_ = std::make_unique<limits::Entrance>(settings_->rates, settings_->shedding, random_.next(),
                                                 metrics_->gateway());
  auto const standby = [this](config::Degradation const& of, base::Scheduler& here) {
    return standby_->answers_for(of, here);
  };
  shared_ = std::make_unique<SharedParts>(SharedParts{
      clock_, random_, *log_, *metrics_, *sessions_, cache_->responses(), *entrance_, *calls_, connections_,
      listens_, watches_, *parked_, *cursors_, environment_, gateway_info(), standby});
  callers_ = std::make_unique<Callers>(kernel.loop, kernel.dialer, *log_, random_);
  shared_->caller_tokens = [this] { return callers_->sources(); };
  tokens_ =
      std::make_unique<TokenStores>(random_, settings_->tokens, clock_.now(), sign_ins_folder(environment_));
  sign_ins_ = std::make_unique<SignIns>(tokens_->sign_ins);
  sign_ins_->configure(*settings_);
  sign_outs_ = std::make_unique<SignOuts>(SignOuts::Parts{
      kernel.loop, kernel.dialer, random_, tokens_->sign_ins, *log_,
      [this, &kernel](std::string const& server) -> std::shared_ptr<net::Dialer> {
        auto slot = trusts_->of_server(server).slot;
        if (!slot) return nullptr;
        return std::make_shared<net::TrustedDialer>(kernel.dialer, *contexts_, std::move(slot));
      },
      [this](std::string_view result) { metrics_->gateway().tokens.revocations.add(result); }});
  shared_->tokens = tokens_.get();
  shared_->breakers = &breakers_;
  std::optional<std::string> pins;
  if (options_.keep_pins) pins = pin_path(environment_);
  tools_ = std::make_unique<ToolDesk>(ToolDesk::Parts{*side_, *log_, *metrics_}, pins);
  tools_->apply(*settings_);
  shared_->guard = tools_.get();
}

void Gateway::build_threads() {
  unsigned const count = options_.stdio ? 1 : settings_->workers;
  for (unsigned i = 0; i < count; ++i) {
    threads_.push_back(std::make_unique<WorkerThread>(clock_, tls_.get()));
  }
}

void Gateway::build_workers() {
  std::vector<std::shared_ptr<base::Workplace>> places;
  for (unsigned i = 0; i < threads_.size(); ++i) {
    auto& kernel = *threads_[i];
    auto const trusted = [this, &kernel](std::shared_ptr<net::TrustSlot> slot) {
      return std::make_shared<net::TrustedDialer>(kernel.dialer, *contexts_, std::move(slot));
    };
    workers_.push_back(std::make_unique<Worker>(*shared_,
                                                WorkerIo{kernel.loop, kernel.dialer, kernel.spawner, trusted},
                                                settings_, i == 0 ? nullptr : workers_.front().get(), i));
    places.push_back(workers_.back()->place());
  }
  planner_.emplace(
      std::move(places),
      [this](std::string const& name) {
        auto trusted = trusts_->of_server(name);
        trusted.sign_in = sign_ins_->of_server(name).state();
        return trusted;
      },
      [this](std::string const& server, core::CredentialPart part, core::CredentialNews news) {
        main_loop().post([this, server, part, news] { credential_news(server, part, news); });
      });
}

// The first worker last: what it publishes leads to what the others have built by then.
void Gateway::apply() {
  auto const plan = planner_->next(settings_, clock_.now());
  for (std::size_t i = 1; i < workers_.size(); ++i) {
    workers_[i]->loop().post([worker = workers_[i].get(), plan] { worker->apply(plan); });
  }
  first_worker().apply(plan);
}

bool Gateway::attach(Doors& doors) {
  return std::all_of(doors.begin(), doors.end(), [&](auto& door) { return door->attach(main_loop()); });
}

Result<void> Gateway::listen() {
  auto bind = [this](config::Address const& at, char const* flag) -> Result<Doors> {
    if (at.kind != config::Address::Kind::tcp) {
      return Error(Fault::config, Blame::gateway,
                   "listening on " + at.shown() + " is not possible in this version");
    }
    std::string const host = at.host.empty() ? "0.0.0.0" : at.host;
    auto made = net::Listener::bind_all(host, at.port);
    if (made && !attach(*made)) return Error(Fault::internal, Blame::gateway, "no descriptors");
    if (made || made.error().fault != Fault::busy) return made;
    std::string const owner = net::owner_of_port(at.port);
    auto const free = net::Listener::bind(host, 0);
    std::string text = fmt::format("port {} is in use", at.port);
    if (!owner.empty()) text += " by " + owner;
    Error error(Fault::busy, Blame::gateway, text);
    if (free)
      return std::move(error).advise(
          fmt::format("{} is free: use {} {}:{}", (*free)->port(), flag, host, (*free)->port()));
    return error;
  };
  if (!options_.stdio) {
    for (auto const& listener : settings_->listeners) {
      if (auto why = trusts_->problem_of_listeners(); !why.empty())
        return Error(Fault::config, Blame::gateway, "the listener cannot serve https: " + why);
      auto made = bind(listener.bind, "--listen");
      if (!made) return made.error();
      listeners_.push_back(std::move(*made));
      bound_.push_back(listener.bind);
    }
  }
  auto admin = bind(settings_->admin.bind, "--admin");
  if (!admin) {
    if (options_.stdio) return {};  // one of many children of editors: the first one has the console
    return admin.error();
  }
  admin_listener_ = std::move(*admin);
  return {};
}

base::Task<void> Gateway::wait_for_descriptors() {
  log_->event(observe::Level::error, "gateway.descriptors", "out of file descriptors: connections wait");
  co_await main_loop().sleep_for(std::chrono::milliseconds{100});
}

base::Task<void> Gateway::accept_clients(net::Listener& listener, std::size_t index) {
  for (;;) {
    co_await listener.ready().wait();
    for (auto& connection : listener.accept()) hand_over(std::move(connection), index);
    if (listener.out_of_descriptors()) co_await wait_for_descriptors();
  }
}

base::Task<void> Gateway::accept_admins(net::Listener& listener) {
  auto& loop = main_loop();
  base::TaskGroup admins(loop);
  for (;;) {
    co_await listener.ready().wait();
    for (auto& connection : listener.accept()) {
      auto stream = net::make_fd_stream(loop, connection.fd, std::move(connection.peer));
      if (!stream || admins.size() >= kAdminConnectionsMax) continue;
      admins.spawn(net::serve_connection(loop, std::move(stream), *admin_, admin_options_, stopping_));
    }
    if (listener.out_of_descriptors()) co_await wait_for_descriptors();
  }
}

// To the worker with the fewest connections; they take turns where several have equally few.
void Gateway::hand_over(net::Accepted connection, std::size_t listener) {
  auto const door = trusts_->of_listener(bound_[listener]);
  if (door.wanted && !door.context) {
    ::close(connection.fd);
    return;
  }
  std::size_t const count = workers_.size();
  std::size_t chosen = next_worker_ % count;
  for (std::size_t i = 1; i < count; ++i) {
    std::size_t const other = (next_worker_ + i) % count;
    if (workers_[other]->connections() < workers_[chosen]->connections()) chosen = other;
  }
  next_worker_ = chosen + 1;
  auto seat = workers_[chosen]->reserve();
  if (!seat && door.wanted) {  // to say so would take a handshake
    ::close(connection.fd);
    return;
  }
  if (!seat) {
    auto stream = net::make_fd_stream(main_loop(), connection.fd, std::move(connection.peer));
    if (stream) first_worker().turn_away(std::move(stream));
    return;
  }
  struct Arrival {
    net::Accepted connection;
    Worker::Seat seat;
  };
  auto arrival = std::make_shared<Arrival>(Arrival{std::move(connection), std::move(*seat)});
  auto take = [&loop = threads_[chosen]->loop, &worker = *workers_[chosen], arrival, listener,
               tls = door.context] {
    auto& [accepted, place] = *arrival;
    if (tls) {
      auto client = net::TlsArrival::adopt(loop, accepted.fd, std::move(accepted.peer), *tls);
      if (client) worker.serve(std::move(client), listener, std::move(place));
      return;
    }
    auto stream = net::make_fd_stream(loop, accepted.fd, std::move(accepted.peer));
    if (stream) worker.serve(std::move(stream), listener, std::move(place));
  };
  if (chosen == 0) return take();
  threads_[chosen]->loop.post(std::move(take));
}

// Tells the starter once every server has answered or failed for the first time, or took too long for that:
// then the log tells of the others.
base::Task<void> Gateway::settle() {
  auto& loop = main_loop();
  base::TimePoint const deadline = loop.now() + kReadyMax;
  auto pending = [this] {
    for (auto const& server : first_worker().catalog().current().servers()) {
      if (server.readiness == router::Readiness::pending) return true;
    }
    return false;
  };
  while (pending() && loop.now() < deadline) co_await loop.sleep_for(std::chrono::milliseconds{20});
  settled_ = true;
  if (options_.on_settled) options_.on_settled();
  first_worker().table_shown();
}

void Gateway::session_ended(std::string const& id, base::TableReason) {
  for (auto& worker : workers_) {
    worker->loop().post([&worker = *worker, id] { worker.session_ended(id); });
  }
}

int Gateway::run() {
  for (std::size_t i = 1; i < threads_.size(); ++i) threads_[i]->start();
  main_loop().run();
  for (auto& thread : threads_) thread->stop();
  tasks_.reset();
  log_->flush();
  return exit_code_;
}

void Gateway::begin_stop(int signal) {
  if (stopping_) {  // the second time: at once, and as a shell shows what a signal has ended
    constexpr int kBySignal = 128;
    if (signal != 0) exit_code_ = kBySignal + signal;
    main_loop().stop();
    return;
  }
  stopping_ = true;
  log_->event(observe::Level::info, "gateway.stop", "stopping: no new work, what is in progress may finish");
  tasks_->spawn(stop_all());
}

// Runs `work` on that worker's thread and waits for its end.
base::Task<void> Gateway::on_worker(std::size_t index, std::function<base::Task<void>()> work) {
  class Order final : public base::Errand<bool> {
   public:
    Order(base::Scheduler& here, std::shared_ptr<base::Workplace> there,
          std::function<base::Task<void>()> what)
        : Errand(here, std::move(there)), work_(std::move(what)) {}

   private:
    base::Task<Result<bool>> perform() override {
      co_await work_();
      co_return true;
    }
    std::function<base::Task<void>()> work_;
  };
  auto const order = std::make_shared<Order>(main_loop(), workers_[index]->place(), std::move(work));
  co_await base::run_errand<bool>(order);
}

base::Task<void> Gateway::on_all_workers(std::function<base::Task<void>(Worker&)> work) {
  base::TaskGroup all(main_loop());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    all.spawn(on_worker(i, [work, &worker = *workers_[i]] { return work(worker); }));
  }
  co_await all.idle();
}

base::Task<void> Gateway::stop_all() {
  auto& loop = main_loop();
  base::TimePoint const deadline = loop.now() + settings_->drain;
  tokens_->book.close();  // what is being renewed is waited for where the servers are closed
  // Servers are closed only when no worker has calls any more: they may be calls to servers of another one.
  co_await on_all_workers([deadline](Worker& worker) { return worker.finish_calls(deadline); });
  co_await on_all_workers([deadline](Worker& worker) { return worker.close_servers(deadline); });
  reaper_->stop();
  callers_->stop();
  cache_->stop();
  sessions_->end_all();
  loop.stop();
}

}  // namespace weir::app
