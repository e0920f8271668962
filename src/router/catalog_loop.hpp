// CatalogLoop: asks every server what it has and publishes a new CatalogSet whenever that has changed.
//
// One per process, on the first worker. Each server has a ServerWatch of its own, so a broken or slow one
// neither delays nor hides another: what it offers appears when it answers and stays, marked stale, when it
// fails later. See server_watch_loop.hpp for when servers are asked again and for the limits.
#pragma once

#include <functional>
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

// Looks at what each server offers before anybody else does.
class ToolGuard {
 public:
  virtual ~ToolGuard() = default;
  // At each publication; `tools` is null while the server offers none. The tools to withhold, and from whom;
  // null: none. Must not call the loop.
  virtual std::shared_ptr<SuspectTools const> inspect(std::string_view server,
                                                      std::shared_ptr<ItemList const> const& tools) = 0;
  // Whether tools that this server has not listed are withheld too.
  virtual bool withholds_unseen(std::string_view server) const = 0;
};

struct CatalogLoopOptions {
  CatalogOptions catalog;
  ToolGuard* guard = nullptr;  // outlives the loop; null: all is offered
  ServerWatchOptions watch;
};

// A configured server, as the first worker reaches it.
struct ServerSpec {
  std::string name;
  std::uint32_t number = 0;
  std::shared_ptr<core::Backend> backend;
  ToolRules rules;
  bool in_aggregate = true;                     // false: at its own endpoint only
  std::optional<base::Duration> list_ttl = {};  // configured
};

// A configured server that cannot be used as it is: clients are told so, and not that it does not exist.
struct AbsentServer {
  std::string name;
  bool in_aggregate = true;
  std::string cause;  // one line
};

class CatalogLoop final : public core::BackendObserver {
 public:
  using Publish = std::function<void(std::shared_ptr<CatalogSet const>)>;  // must not call the loop

  CatalogLoop(base::Scheduler& scheduler, base::Random& random, CatalogLoopOptions options, Publish publish);

  // A backend whose last holder this is may report to us as it ends.
  ~CatalogLoop() override { auto const ended = std::exchange(servers_, {}); }

  // Starts asking. After a reload: servers whose backend is the same object keep what is known of them,
  // others start afresh, missing ones disappear; one publication. Order is the configuration's.
  void set_servers(std::vector<ServerSpec> servers, std::vector<AbsentServer> absent = {});
  // How names are made from the next publication on, for a reload: call it before set_servers().
  void set_names(NameRules names) { options_.catalog.names = std::move(names); }

  // The guard has changed its mind.
  void publish_again() { publish(); }

  void list_changed(std::string_view server, mcp::Method list) override;
  void state_changed(std::string_view server) override;
  void era_changed(std::string_view server) override;

  void stop() noexcept;  // no more asking. Idempotent.

 private:
  struct Entry {
    std::string_view name;
    std::uint32_t number = 0;
    ToolRules rules;
    bool in_aggregate = true;
    std::unique_ptr<ServerWatch> watch;
  };
  void publish();
  std::shared_ptr<SuspectTools const> withheld_of(Entry const& server) const;
  ServerWatch* find(std::string_view server) noexcept;

  base::Scheduler& scheduler_;
  base::Random& random_;
  CatalogLoopOptions options_;
  std::uint64_t generation_ = 0;
  std::unordered_set<std::string>
      names_;  // of every server there ever was: facts of running calls point here
  std::vector<Entry> servers_;
  std::vector<AbsentServer> absent_;
  Publish publish_;
};

}  // namespace weir::router
