// CatalogLoop: asks every server what it has and keeps the CatalogFeed true.
//
// One per worker. Each server has a task of its own, so a broken or slow one neither delays nor hides another: what
// it offers appears when it answers and stays, marked stale, when it fails later. Asked again after a change
// notification (bursts are gathered for `coalesce`), when the freshness a modern server granted ends (not before
// `refresh_min`), when it comes back, and after failures with a growing, jittered pause.
// Limits: pages_max a list and a repeated cursor end a list with Fault::protocol; see ItemListOptions for sizes.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "core/backend.hpp"
#include "router/catalog_set.hpp"

namespace weir::router {

struct CatalogLoopOptions {
  CatalogOptions catalog;
  ItemListOptions items;
  unsigned pages_max = 1000;                                 // a list
  base::Duration open_max = std::chrono::seconds{60};        // connecting or starting a child
  base::Duration ask_max = std::chrono::seconds{30};         // one page
  base::Duration retry_min = std::chrono::seconds{1};        // doubled after each failure …
  base::Duration retry_max = std::chrono::seconds{60};       // … up to this, each ± 20 %
  base::Duration coalesce = std::chrono::milliseconds{100};
  base::Duration refresh_min = std::chrono::seconds{30};
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
  ~CatalogLoop() override;

  CatalogFeed& feed() noexcept { return feed_; }

  // Starts asking. After a reload: servers whose backend is the same object keep what is known of them, others start
  // afresh, missing ones disappear; one publication. Order is the configuration's.
  void set_servers(std::vector<ServerSpec> servers);

  void list_changed(std::string_view server, mcp::Method list) override;
  void state_changed(std::string_view server) override;

  void stop() noexcept;  // no more asking; subscriptions end. Idempotent.

 private:
  class Watch;
  void publish();
  Watch* find(std::string_view name) noexcept;
  std::string_view lasting(std::string const& name) { return *names_.insert(name).first; }

  base::Scheduler& scheduler_;
  base::Random& random_;
  CatalogLoopOptions options_;
  CatalogFeed feed_;
  std::unordered_set<std::string> names_;  // of every server there ever was: facts of running calls point here
  std::vector<std::unique_ptr<Watch>> watches_;
};

}  // namespace weir::router
