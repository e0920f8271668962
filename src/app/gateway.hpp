// Gateway: the running process: what it shares, its workers, its listeners, its reloads and its end.
//
// Built and run on the main thread, which is the first worker's. start() binds and begins; run() starts the
// other workers' threads and returns when it was asked to stop and everything has ended. All members are the
// main thread's; the others hear through posts to their loops. Signals: HUP reloads, TERM and INT drain (a
// second one ends at once).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/admin_endpoint.hpp"
#include "app/cache_tiers.hpp"
#include "app/callers.hpp"
#include "app/catalog_meter.hpp"
#include "app/last_words.hpp"
#include "app/restart_keys.hpp"
#include "app/retired_secrets.hpp"
#include "app/secret_desk.hpp"
#include "app/sign_ins.hpp"
#include "app/sign_outs.hpp"
#include "app/standby_files.hpp"
#include "app/tool_desk.hpp"
#include "app/trusts.hpp"
#include "app/worker.hpp"
#include "app/worker_thread.hpp"
#include "net/listener.hpp"
#include "net/side_thread.hpp"
#include "oauth/token_reaper_loop.hpp"
#include "session/reaper_loop.hpp"

namespace weir::app {

struct GatewayOptions {
  std::shared_ptr<config::Settings const> settings;
  // Reads the sources again; `anew`: from disk, else the texts in force with the secrets of now.
  std::function<base::Result<std::shared_ptr<config::Settings const>>(bool anew)> reload;
  SecretDesk* secrets = nullptr;     // outlives the gateway; null: no secret changes while it runs
  bool stdio = false;                // serve one client on stdin and stdout
  bool keep_pins = true;             // of tools, for the next start
  std::function<void()> on_settled;  // every server has answered or failed, or had kReadyMax for that
};

class Gateway {
 public:
  Gateway(GatewayOptions options, config::Environment const& environment);
  ~Gateway();

  base::Result<void> start();  // errors: busy (port), config, internal
  int run();                   // exit code

  config::Settings const& settings() const noexcept { return *settings_; }
  std::vector<std::string> mcp_urls() const;
  std::string admin_url() const;
  std::string status_json();
  std::vector<std::pair<std::string, core::ServerStatus>> server_statuses();
  Worker& first_worker() noexcept { return *workers_.front(); }
  net::IoLoop& main_loop() noexcept { return threads_.front()->loop; }
  base::Duration uptime() const;
  void stop() { begin_stop(0); }  // orderly, as on SIGTERM; the second time at once
  bool const& stopping() const noexcept { return stopping_; }

  // A server that has not answered by then delays neither readiness nor the table any longer.
  static constexpr base::Duration kReadyMax = std::chrono::seconds{5};

 private:
  static constexpr unsigned kConnectionsMax = 9'000;
  static constexpr unsigned kListensMax = 4'096;
  static constexpr unsigned kListensOfOneMax = 1'024;  // of one principal, as kWatchesOfOneMax
  static constexpr unsigned kWatchesMax = 100'000;
  static constexpr unsigned kWatchesOfOneMax = kWatchesMax / 2;
  static constexpr std::size_t kAdminConnectionsMax = 256;
  using Doors = std::vector<std::unique_ptr<net::Listener>>;  // one for each address of a host
  void build_threads();
  void begin_watching();
  void share_parts();
  void build_workers();
  base::Result<void> listen();
  bool attach(Doors& doors);
  base::Task<void> accept_clients(net::Listener& listener, std::size_t index);
  base::Task<void> accept_admins(net::Listener& listener);
  base::Task<void> wait_for_descriptors();
  void build_trusts();
  base::Task<void> watch_trusts();
  base::Task<void> watch_sign_ins();
  void count_contexts();
  void hand_over(net::Accepted connection, std::size_t listener);
  void apply();
  static void block_signals();
  base::Task<void> signal_loop();
  base::Task<void> settle();
  base::Task<void> on_worker(std::size_t index, std::function<base::Task<void>()> work);
  base::Task<void> on_all_workers(std::function<base::Task<void>(Worker&)> work);
  base::Task<void> stop_all();
  void want_reload(bool anew);
  base::Task<void> reload_loop();
  base::Task<void> reload(bool anew);
  base::Task<base::Result<std::string>> reload_now();  // what came of it, for the admin listener
  void tell_of_reload(base::Result<std::shared_ptr<config::Settings const>> const& read);
  void take_over(std::shared_ptr<config::Settings const> settings);
  void open_secrets();
  base::Task<void> watch_secrets();
  void credential_news(std::string const& server, core::CredentialPart part, core::CredentialNews news);
  void begin_stop(int signal);  // 0: nobody sent one
  void session_ended(std::string const& id, base::TableReason why);
  void refresh_gauges();
  admin::Health health();
  admin::AdminViews views();
  base::Result<std::size_t> drop_all_of(admin::TokenDrop const& drop);
  base::Result<std::string> accept_tools(admin::AcceptRequest const& request);

  GatewayOptions options_;
  config::Environment const& environment_;
  std::shared_ptr<config::Settings const> settings_;
  RetiredSecrets retired_;  // of settings before
  std::optional<RestartKeys> restart_keys_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  std::unique_ptr<observe::Log> log_;
  std::unique_ptr<LastWords> last_words_;
  std::unique_ptr<observe::Metrics> metrics_;
  std::unique_ptr<session::SessionTable> sessions_;
  std::unique_ptr<base::Gate> calls_;
  base::Gate connections_{kConnectionsMax};
  base::Gate listens_{kListensMax, kListensOfOneMax, random_.next()};
  base::Gate watches_{kWatchesMax, kWatchesOfOneMax, random_.next()};
  resilience::BreakerBoard breakers_;
  std::unique_ptr<bridge::ParkedCalls> parked_;
  std::unique_ptr<router::CursorSealer> cursors_;
  std::shared_ptr<net::TlsContext const> tls_;
  std::unique_ptr<net::TlsContexts> contexts_;
  net::ContextCacheCounters contexts_counted_;  // as far as the metrics know
  std::unique_ptr<Trusts> trusts_;
  std::vector<std::unique_ptr<WorkerThread>> threads_;  // outlive all workers: they post to one another
  std::unique_ptr<net::SideThread> side_;               // ends before what it posts to and builds for
  std::unique_ptr<CacheTiers> cache_;
  std::unique_ptr<StandbyFiles> standby_;
  std::unique_ptr<limits::Entrance> entrance_;
  std::unique_ptr<TokenStores> tokens_;
  oauth::TokenStats tokens_counted_{};  // as far as the metrics know
  std::unique_ptr<ToolDesk> tools_;
  std::unique_ptr<SignIns> sign_ins_;
  std::unique_ptr<SignOuts> sign_outs_;
  std::unique_ptr<Callers> callers_;  // outlives the workers, on whose first one it lives
  std::unique_ptr<SharedParts> shared_;
  std::unique_ptr<CatalogMeter> catalog_meter_;  // outlives the feed that it listens to
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<WorkerPlanner> planner_;
  std::size_t next_worker_ = 0;         // takes the next connection where several have equally many
  std::vector<Doors> listeners_;        // as configured
  std::vector<config::Address> bound_;  // where each of them was told to listen
  Doors admin_listener_;
  std::unique_ptr<admin::AdminEndpoint> admin_;
  net::ServerOptions admin_options_;
  std::unique_ptr<session::ReaperLoop> reaper_;
  std::unique_ptr<oauth::TokenReaperLoop> token_reaper_;
  std::unique_ptr<limits::EntranceLoop> entrance_loop_;
  base::TimePoint started_;
  std::unique_ptr<base::Event> reload_wanted_;
  bool anew_ = false;                                        // … from disk
  std::unique_ptr<base::Event> reload_read_;                 // null: nobody has waited for one
  std::optional<base::Result<std::string>> reload_came_to_;  // … last
  bool settled_ = false;
  bool stopping_ = false;
  int exit_code_ = 0;
  std::unique_ptr<base::TaskGroup> tasks_;  // last: cancelled first
};

}  // namespace weir::app
