// CacheTiers: the cache of the process: its secret, its tiers and what keeps them tidy.
//
// Owned by Gateway, on the first worker; ResponseCache itself is for all. The secret under which keys and
// records are made comes from the configuration or from a file of this machine; where that cannot be read or
// made, it is random and lives as long as the process: what the second tier kept before is then of no use. A
// tier that cannot be used is reported with its cure and left out; serving goes on. Settings of the second
// tier itself (kind, address, folder) take effect with a restart, everything else with a reload.
#pragma once

#include <memory>
#include <string>

#include "admin/purge_request.hpp"
#include "base/task_group.hpp"
#include "cache/response_cache.hpp"
#include "cache/schedule_loop.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "net/dialer.hpp"
#include "observe/log.hpp"
#include "router/catalog_set.hpp"
#include "store/store_secret.hpp"

namespace weir::app {

class CacheTiers {
 public:
  struct Parts {  // borrowed; all outlive the tiers
    config::Environment const& environment;
    base::Clock const& clock;
    base::Random& random;
    observe::Metrics& metrics;
    observe::Log& log;
    net::IoLoop& loop;
    net::Dialer& dialer;
    std::function<std::vector<cache::PurgeBucket>(store::Selection const&)> buckets;  // what servers offer
  };

  CacheTiers(Parts const& parts, config::Settings const& settings);
  ~CacheTiers();

  cache::ResponseCache& responses() noexcept { return *responses_; }
  void start();                                  // idempotent: expiry in the background
  void apply(config::Settings const& settings);  // a reload
  void refresh_gauges();                         // before a scrape
  std::string status_json() const;
  // Errors: invalid_input, with a sentence for the caller.
  base::Task<base::Result<std::string>> purge(admin::PurgeRequest request);
  void stop();  // idempotent; writes what is queued for the second tier

 private:
  base::Task<void> keep_tidy();
  base::Result<std::vector<store::Selection>> selected(admin::PurgeRequest const& request) const;
  void set_server_caps(config::Caching const& caching);
  void take_over(config::Settings const& settings);

  Parts parts_;
  std::unique_ptr<net::Dialer> private_dialer_;  // where the store has an authority of its own
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<cache::ResponseCache> responses_;
  std::unique_ptr<cache::ScheduleLoop> schedule_;
  std::vector<std::string> servers_;  // configured names
  config::Caching settings_;
  config::CacheStore store_settings_;
  std::vector<std::string> capped_;  // servers with a cap of their own
  cache::MemoryCacheCounters counted_{};
  store::StoreStatus reported_;
  base::TaskGroup tasks_;  // last: cancelled first
};

// What the servers offer of a selection: their tools, prompts and, as one, resources.
std::vector<cache::PurgeBucket> offered(router::CatalogSet const& set, store::Selection const& what);

// Null where there is none; `private_dialer` outlives it. A store that cannot be opened is one that says so.
std::unique_ptr<store::Store> open_store(CacheTiers::Parts const& parts, config::Caching const& caching,
                                         store::StoreSecret const& secret,
                                         std::unique_ptr<net::Dialer>& private_dialer);

}  // namespace weir::app
