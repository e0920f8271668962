// CatalogLoop: asks every server what it has and keeps the CatalogFeed true.
//
// One per worker. Each server has a ServerWatch of its own, so a broken or slow one neither delays nor hides
// another: what it offers appears when it answers and stays, marked stale, when it fails later. See
// server_watch_loop.hpp for when servers are asked again and for the limits.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "core/backend.hpp"
#include "router/catalog_set.hpp"
#include "router/server_watch_loop.hpp"

namespace weir::router {

struct CatalogLoopOptions {
  CatalogOptions catalog;
  ServerWatchOptions watch;
};

// A configured server. `entry` is where calls go in: the backend's own stack of layers.
struct ServerSpec {
  std::string name;
  std::shared_ptr<core::Backend> backend;
  std::shared_ptr<core::Handler> entry;
  ToolRules rules;
  bool in_aggregate = true;  // false: at its own endpoint only
};

class CatalogLoop final : public core::BackendObserver {
 public:
  // `random` is used on this worker only.
  CatalogLoop(base::Scheduler& scheduler, base::Random& random, CatalogLoopOptions options);

  ~CatalogLoop() override { auto const ended = std::exchange(servers_, {}); }

  CatalogFeed& feed() noexcept { return feed_; }

  // Starts asking. After a reload: servers whose backend is the same object keep what is known of them,
  // others start afresh, missing ones disappear; one publication. Order is the configuration's.
  void set_servers(std::vector<ServerSpec> servers);
  // How names are made from the next publication on, for a reload: call it before set_servers().
  void set_names(NameRules names) { options_.catalog.names = std::move(names); }

  void list_changed(std::string_view server, mcp::Method list) override;
  void state_changed(std::string_view server) override;

  void stop() noexcept;  // no more asking; subscriptions end. Idempotent.

 private:
  struct Entry {
    std::string_view name;
    std::shared_ptr<core::Handler> entry;
    ToolRules rules;
    bool in_aggregate = true;
    std::unique_ptr<ServerWatch> watch;
  };
  void publish();
  ServerWatch* find(std::string_view server) noexcept;

  base::Scheduler& scheduler_;
  base::Random& random_;
  CatalogLoopOptions options_;
  std::uint64_t generation_ = 0;
  std::unordered_set<std::string>
      names_;  // of every server there ever was: facts of running calls point here
  std::vector<Entry> servers_;
  CatalogFeed feed_;  // dies first: a backend whose last holder it is may report to us as it ends
};

}  // namespace weir::router
