#include "app/gateway.hpp"

#include <fmt/core.h>

#include "app/log_options.hpp"
#include "app/server_options.hpp"
#include "app/version.hpp"
#include "net/url.hpp"

namespace weir::app {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

// One set of rules serves every listener: one with weaker rules would open the door of the others.
bool same_rules(config::Listener const& a, config::Listener const& b) {
  return a.auth == b.auth && a.modern == b.modern && a.legacy == b.legacy &&
         a.allowed_hosts == b.allowed_hosts && a.allowed_origins == b.allowed_origins &&
         a.bind.local_only() == b.bind.local_only();
}

bool wants_tls(config::Settings const& settings) {
  for (auto const& server : settings.servers) {
    for (auto const& url : server.urls) {
      if (url.starts_with("https:")) return true;
    }
  }
  return false;
}

}  // namespace

Gateway::Gateway(GatewayOptions options, config::Environment const& environment)
    : options_(std::move(options)), environment_(environment), settings_(options_.settings) {}

Gateway::~Gateway() {
  tasks_.reset();
  admin_.reset();
}

Result<void> Gateway::start() {
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
      [this](std::string const& id, base::TableReason why) { session_ended(id, why); });
  gate_ = std::make_unique<edge::CallGate>(settings_->limits.in_flight);
  cursors_ = std::make_unique<router::CursorSealer>(random_);
  if (wants_tls(*settings_)) {
    auto tls = net::TlsContext::system();
    if (!tls) return tls.error();
    tls_ = std::move(*tls);
  }
  shared_ = std::make_unique<SharedParts>(SharedParts{clock_, random_, *log_, *metrics_, *sessions_, *gate_,
                                                      *cursors_, environment_, gateway_info()});
  threads_.push_back(std::make_unique<Thread>(*shared_, tls_.get(), settings_));
  catalog_meter_ = std::make_unique<CatalogMeter>(*metrics_);
  first_worker().catalog().listen(*catalog_meter_);
  started_ = clock_.now();
  if (auto bound = listen(); !bound) return bound.error();
  for (auto const& server : settings_->servers) metrics_->server(server.name);
  first_worker().apply(settings_, endpoint_rules(*settings_));
  auto& loop = main_loop();
  tasks_ = std::make_unique<base::TaskGroup>(loop);
  reaper_ = std::make_unique<session::ReaperLoop>(loop, *sessions_);
  reaper_->start();
  metrics_->on_scrape([this] { refresh_gauges(); });
  metrics_->gateway().config_last_reload_success.set(1);
  admin_ = std::make_unique<admin::AdminEndpoint>(views(), settings_->metrics.path);
  tasks_->spawn(signal_loop());
  tasks_->spawn(settle());
  for (auto& listener : listeners_) tasks_->spawn(accept_loop(*listener, false));
  if (admin_listener_) tasks_->spawn(accept_loop(*admin_listener_, true));
  log_->event(observe::Level::info, "gateway.start", fmt::format("weir {} is listening", kVersion));
  return {};
}

Result<void> Gateway::listen() {
  auto bind = [](config::Address const& at) -> Result<std::unique_ptr<net::Listener>> {
    if (at.kind != config::Address::Kind::tcp) {
      return Error(Fault::config, Blame::gateway,
                   "listening on " + at.shown() + " is not possible in this version");
    }
    auto made = net::Listener::bind(at.host.empty() ? "0.0.0.0" : at.host, at.port);
    if (made || made.error().fault != Fault::busy) return made;
    std::string const owner = net::owner_of_port(at.port);
    auto const free = net::Listener::bind(at.host, 0);
    std::string text = fmt::format("port {} is in use", at.port);
    if (!owner.empty()) text += " by " + owner;
    Error error(Fault::busy, Blame::gateway, text);
    if (free)
      return std::move(error).advise(
          fmt::format("{} is free: use --listen {}:{}", (*free)->port(), at.host, (*free)->port()));
    return error;
  };
  if (!options_.stdio) {
    for (auto const& listener : settings_->listeners) {
      if (!same_rules(listener, settings_->listeners.front())) {
        return Error(Fault::config, Blame::gateway,
                     "listeners that differ in auth, eras, hosts, origins or reach are not possible in this "
                     "version")
            .advise("Give every listener the same rules, or run one Weir for each.");
      }
      if (listener.tls) {
        return Error(Fault::config, Blame::gateway, "TLS listeners are not possible in this version");
      }
      auto made = bind(listener.bind);
      if (!made) return made.error();
      if (!(*made)->attach(main_loop())) return Error(Fault::internal, Blame::gateway, "no descriptors");
      listeners_.push_back(std::move(*made));
    }
  }
  auto admin = bind(settings_->admin.bind);
  if (!admin) {
    if (options_.stdio) return {};  // one of many children of editors: the first one has the console
    return admin.error();
  }
  if (!(*admin)->attach(main_loop())) return Error(Fault::internal, Blame::gateway, "no descriptors");
  admin_listener_ = std::move(*admin);
  return {};
}

base::Task<void> Gateway::accept_loop(net::Listener& listener, bool admin) {
  auto& loop = main_loop();
  base::TaskGroup admins(loop);
  for (;;) {
    co_await listener.ready().wait();
    auto connections = listener.accept();
    for (auto& connection : connections) {
      auto stream = net::make_fd_stream(loop, connection.fd, std::move(connection.peer));
      if (!stream) continue;
      if (!admin) {
        first_worker().serve(std::move(stream));
      } else if (admins.size() < kAdminConnectionsMax) {
        admins.spawn(net::serve_connection(loop, std::move(stream), *admin_, admin_options_, stopping_));
      }
    }
    if (!listener.out_of_descriptors()) continue;
    log_->event(observe::Level::error, "gateway.descriptors", "out of file descriptors: connections wait");
    co_await loop.sleep_for(std::chrono::milliseconds{100});
  }
}

// Tells the starter once every server has answered or failed for the first time.
base::Task<void> Gateway::settle() {
  auto& loop = main_loop();
  base::TimePoint const deadline = loop.now() + kSettleMax;
  auto pending = [this] {
    for (auto const& server : first_worker().catalog().current()->servers()) {
      if (server.readiness == router::Readiness::pending) return true;
    }
    return false;
  };
  while (pending() && loop.now() < deadline) co_await loop.sleep_for(std::chrono::milliseconds{20});
  settled_ = true;
  if (options_.on_settled) options_.on_settled();
}

void Gateway::session_ended(std::string const& id, base::TableReason) {
  for (auto& thread : threads_) {
    thread->loop.post([&worker = thread->worker, id] { worker.session_ended(id); });
  }
}

void Gateway::reload() {
  auto const& gauges = metrics_->gateway();
  auto read = options_.reload();
  gauges.config_last_reload_success.set(read ? 1 : 0);
  gauges.config_last_reload_timestamp.set(static_cast<double>(
      std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count()));
  if (!read) {
    log_->event(observe::Level::error, "config.reload",
                "the configuration was not taken over: " + read.error().detail);
    return;
  }
  auto const before = std::exchange(settings_, std::move(*read));
  auto const changed = config::changes(*before, *settings_);
  adjust_log(*log_, *before, *settings_);
  for (auto const& server : settings_->servers) metrics_->server(server.name);
  gate_->set_most(settings_->limits.in_flight);
  sessions_->set_options(table_options(settings_->sessions), clock_.now());
  if (!tls_ && wants_tls(*settings_)) {
    if (auto tls = net::TlsContext::system()) tls_ = std::move(*tls);
  }
  for (auto& thread : threads_) thread->worker.apply(settings_, endpoint_rules(*settings_));
  log_->event(observe::Level::info, "config.reload",
              fmt::format("{} servers added, {} removed, {} changed, the rest keeps running",
                          changed.added.size(), changed.removed.size(), changed.changed.size()));
}

int Gateway::run() {
  main_loop().run();
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

base::Task<void> Gateway::stop_all() {
  auto& loop = main_loop();
  base::TimePoint const deadline = loop.now() + settings_->drain;
  for (auto& thread : threads_) co_await thread->worker.drain(deadline);
  reaper_->stop();
  sessions_->end_all();
  loop.stop();
}

}  // namespace weir::app
