// The pipeline: which layers a call passes, in which order, and why. Read pipeline.cpp first.
//
// One set of layers per worker, built with it and, after a reload, for the servers that changed. The order
// and its reasons stand at the top of pipeline.cpp.
#pragma once

#include <functional>
#include <memory>

#include "app/refit.hpp"
#include "app/token_stores.hpp"
#include "base/random.hpp"
#include "bridge/parked_calls.hpp"
#include "cache/cache_layer.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "core/backend.hpp"
#include "core/credential_slot.hpp"
#include "fallback/fallback_layer.hpp"
#include "limits/entrance.hpp"
#include "net/dialer.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "router/router_layer.hpp"
#include "session/session_layer.hpp"
#include "upstream/child_process.hpp"
#include "watch/watch_layer.hpp"

namespace weir::app {

// What the layers of one worker borrow.
struct WorkerParts {
  base::Scheduler& scheduler;
  base::Random& random;
  net::Dialer& dialer;
  upstream::ChildSpawner& spawner;
  core::BackendObserver& observer;  // tells the catalogue
  router::CatalogFeed& catalog;
  router::CursorSealer const& cursors;
  base::Gate& listens;
  base::Gate& watches;
  session::SessionTable& sessions;
  cache::ResponseCache& cache;
  limits::Entrance& entrance;
  bridge::ParkedCalls& parked;
  bridge::ParkingDesk& desk;
  config::Environment const& environment;
  std::string gateway_info;  // {"name":"weir","version":…}
  observe::Log& log;
  observe::Metrics& metrics;
  // Where calls that another server's failure leads to a server go in on this worker: as FallbackParts has
  // it.
  fallback::FallbackParts::DoorOf door_of;
  std::function<std::shared_ptr<fallback::LocalAnswers>(config::Degradation const&)> standby;
  Refit refit{};                  // of tests
  TokenStores* tokens = nullptr;  // null: no server can have tokens
};

// The door every call goes through, up to the choice of a server.
std::unique_ptr<session::SessionLayer> build_entry(WorkerParts& parts);

class Guards;  // guards.hpp

// One server on the worker where it lives: the far rim and the layers that stand before it.
struct ServerStack {
  std::shared_ptr<core::Backend> backend;
  std::shared_ptr<core::Handler> entry;
  std::shared_ptr<watch::WatchLayer> watch;  // null on other workers than its own
  std::shared_ptr<Guards> guards;            // likewise
};
// Of its credentials, all that may change while it is in use.
struct CredentialSlots {
  std::shared_ptr<core::CredentialSlot> sent;   // to the server
  std::shared_ptr<core::CredentialSlot> shown;  // to the issuer of its tokens; null: it has none
};
// `own`: what its connections are made by, where that is not parts.dialer; it lives as long as the backend.
base::Result<ServerStack> build_server(WorkerParts& parts, config::Settings const& settings,
                                       config::Server const& server, CredentialSlots const& slots,
                                       std::shared_ptr<net::Dialer> own = nullptr);

// What stands before a server on every worker: `entry` is the stack's, or the hop to it.
std::shared_ptr<cache::CacheLayer> build_front(WorkerParts& parts, config::Settings const& settings,
                                               config::Server const& server,
                                               std::shared_ptr<core::Handler> entry);
// Outermost on a server's side: deadline and fallback. `front` may be asked for copies; `inner` is where
// calls go on to.
std::shared_ptr<fallback::FallbackLayer> build_door(WorkerParts& parts, config::Settings const& settings,
                                                    config::Server const& server,
                                                    std::shared_ptr<cache::CacheLayer> const& front,
                                                    std::shared_ptr<core::Handler> inner);
std::shared_ptr<fallback::FallbackOptions const> door_options(WorkerParts& parts,
                                                              config::Settings const& settings,
                                                              config::Server const& server);
std::shared_ptr<cache::CachePolicy const> cache_policy(WorkerParts& parts, config::Settings const& settings,
                                                       config::Server const& server);

}  // namespace weir::app
