#include "app/pipeline.hpp"

#include "app/cache_options.hpp"
#include "app/degradation_options.hpp"
#include "app/guards.hpp"
#include "app/server_options.hpp"
#include "app/server_tokens.hpp"
#include "bridge/parking_layer.hpp"
#include "bridge/rounds_layer.hpp"
#include "cache/fetch_layer.hpp"
#include "limits/idempotency_layer.hpp"
#include "limits/limits_layer.hpp"
#include "upstream/http_backend.hpp"
#include "upstream/pool_backend.hpp"
#include "upstream/sse_backend.hpp"
#include "upstream/sse_people_io.hpp"
#include "upstream/stdio_backend_io.hpp"

// The way of a call, outermost first:
//
//   edge → session → limits → once → router → fallback → cache
//     → [ per server: watch → fetch → bridge → retry → breaker → limit → deadline → upstream ]
//
// A server lives on one worker. On the others, a hop stands between the cache and its layers: the call
// travels to the server's home, passes them there, and its answer comes back.
//
// edge      checks the HTTP request, knows who calls (auth), decodes the message and writes the answer.
// session   gives a legacy call the session it belongs to; modern calls pass through.
// limits    refuses what a caller may not ask for now, and what the process cannot do now: we know who calls
//           and in which session, and no work is done yet.
// once      executes a call with an Idempotency-Key once.
// router    answers lists and discovery from the catalogue; sends the rest to the server that owns the name.
// fallback  sets the call's deadline, once for everything; when the server fails the call, looks for what may
//           stand in for the answer: a copy, another server, a file. Outside the cache, so that a hit is no
//           failure and a stale copy is asked for only then.
// cache     answers what it has, on the worker where the call came in, so that a hit costs no hop and nothing
//           below; tells all tiers of updates.
// watch     keeps subscriptions to single resources, which outlive the calls that ask for them.
// fetch     asks the second tier, then the server, once for all who ask for the same at the same time.
// bridge    lets a server of one era ask a client of the other, in rounds: each has a deadline of its own.
// retry     sends a call again where that is safe, affordable and in time; hedges, where there are addresses.
//           Outside the breaker, which counts each attempt.
// breaker   leaves a server alone that keeps failing, and finds out with single calls when it works again.
// limit     lets no more calls to the server than it can take; the rest wait a little or are refused. Inside
// the
//           breaker, which learns nothing from a full house.
// deadline  ends the call at its time, or an attempt that takes far too long.
// upstream  speaks to the server: HTTP, at one address or several, or a child process, in the revision it
//           knows.
//
// Layers inside are built first; each owns the next one inward and borrows everything else.
namespace weir::app {

namespace {

using Backend = std::shared_ptr<core::Backend>;
using Credential = std::shared_ptr<core::CredentialSlot>;

Backend program(WorkerParts& parts, config::Server const& server) {
  auto options = stdio_options(server, parts.gateway_info, parts.environment, parts.log,
                               parts.metrics.server(server.name));
  options.child.session_lengths = parts.metrics.gateway().client_sessions_pipe;
  return std::make_shared<upstream::StdioBackend>(parts.scheduler, parts.spawner, parts.random,
                                                  std::move(options), &parts.observer);
}

using OwnDialer = std::shared_ptr<net::Dialer>;  // null: the worker's

net::Dialer& dialer_of(WorkerParts& parts, OwnDialer const& own) { return own ? *own : parts.dialer; }

// The dialer lives as long as anybody has the backend.
Backend with_its_dialer(Backend backend, OwnDialer own) {
  struct Both {
    OwnDialer dialer;  // outlives the backend
    Backend backend;
  };
  if (!own) return backend;
  auto const both = std::make_shared<Both>(Both{std::move(own), std::move(backend)});
  return {both, both->backend.get()};
}

Backend event_stream(WorkerParts& parts, config::Server const& server, std::size_t address,
                     upstream::SseOptions const& to, core::BackendObserver& observer, OwnDialer const& own) {
  auto options = sse_options(server, parts.gateway_info, parts.log, address);
  options.child.session_lengths = parts.metrics.gateway().client_sessions_tcp;
  auto const stream = [&parts, &observer, own, to, options = std::move(options)](
                          std::shared_ptr<upstream::SseOwner const> owner, core::BackendObserver* of_owner) {
    auto whose = to;
    auto* const hears = owner ? of_owner : &observer;
    whose.owner = std::move(owner);
    return std::make_unique<upstream::SseBackend>(parts.scheduler, dialer_of(parts, own), parts.random,
                                                  std::move(whose), options, hears);
  };
  bool const of_callers = to.tokens && to.tokens->per_caller();
  if (!of_callers) return with_its_dialer(stream(nullptr, nullptr), own);
  return with_its_dialer(std::make_shared<upstream::SsePeople>(parts.scheduler, to.tokens, stream), own);
}

// What a server's connections need beside its address.
struct Ways {
  OwnDialer dialer;
  Credential credential;                           // as configured; never null
  std::shared_ptr<core::CredentialSource> tokens;  // null: none
};

base::Result<Backend> at_address(WorkerParts& parts, config::Server const& server, std::size_t address,
                                 core::BackendObserver& observer, Ways const& ways) {
  using Kind = config::UpstreamKind;
  auto options = http_options(server, parts.gateway_info, address);
  if (!options) return options.error();
  options->reinits = parts.metrics.server(server.name).upstream_reinit;
  options->sessions = parts.metrics.server(server.name).upstream_sessions;
  options->session_lengths = parts.metrics.gateway().client_sessions_tcp;
  options->credential = ways.credential;
  options->credentials = ways.tokens;
  auto const& own = ways.dialer;
  upstream::SseOptions const to{options->url, {}, ways.credential, ways.tokens};
  if (server.kind == Kind::sse) return event_stream(parts, server, address, to, observer, own);
  if (server.kind == Kind::http_any) {  // it may turn out to be older than Streamable HTTP
    options->older = [&parts, server, address, to, &observer, own] {
      return event_stream(parts, server, address, to, observer, own);
    };
  }
  auto made = std::make_shared<upstream::HttpBackend>(parts.scheduler, dialer_of(parts, own), parts.random,
                                                      observer, std::move(*options));
  return with_its_dialer(std::move(made), own);
}

base::Result<Backend> pool(WorkerParts& parts, config::Server const& server, Ways const& ways) {
  auto labels = address_labels(server);
  if (!labels) return labels.error();
  std::vector<upstream::PoolAddress> addresses;
  for (std::size_t i = 0; i < labels->size(); ++i) {
    auto make = [&parts, server, i, ways](core::BackendObserver& observer) {
      return *at_address(parts, server, i, observer, ways);  // its url was read for the label
    };
    addresses.push_back({std::move((*labels)[i]), std::move(make)});
  }
  return Backend(std::make_shared<upstream::PoolBackend>(
      parts.scheduler, parts.random, parts.observer, pool_options(server, parts.metrics.server(server.name)),
      std::move(addresses)));
}

base::Result<Backend> backend_of(WorkerParts& parts, config::Server const& server, OwnDialer const& own,
                                 CredentialSlots const& slots) {
  if (server.kind == config::UpstreamKind::stdio) return program(parts, server);
  auto tokens = tokens_of(parts, server, slots.shown, own);
  if (!tokens) return tokens.error();
  Ways const ways{own, slots.sent, std::move(*tokens)};
  // What is built keeps its settings, and must not keep credentials that others replace: the slot has those.
  auto const bare = without_credentials(server);
  return bare.urls.size() > 1 ? pool(parts, bare, ways) : at_address(parts, bare, 0, parts.observer, ways);
}

}  // namespace

std::unique_ptr<session::SessionLayer> build_entry(WorkerParts& parts) {
  router::RouterParts const borrowed{parts.scheduler, parts.catalog, parts.cursors, parts.listens,
                                     parts.watches};
  auto router = std::make_shared<router::RouterLayer>(borrowed, router_options(parts.gateway_info));
  auto once = std::make_shared<limits::IdempotencyLayer>(std::move(router), parts.scheduler,
                                                         parts.entrance.idempotency);
  auto limits =
      std::make_unique<limits::LimitsLayer>(std::move(once), parts.scheduler, parts.entrance.rates,
                                            parts.entrance.overload, parts.metrics.gateway().rate_limited);
  return std::make_unique<session::SessionLayer>(std::move(limits), parts.scheduler, parts.sessions);
}

base::Result<ServerStack> build_server(WorkerParts& parts, config::Settings const& settings,
                                       config::Server const& server, CredentialSlots const& slots,
                                       std::shared_ptr<net::Dialer> own) {
  auto backend = backend_of(parts, server, own, slots);
  if (!backend) return backend.error();
  auto guards = std::make_shared<Guards>(parts, settings, server, *backend);
  auto parking = std::make_shared<bridge::ParkingLayer>(guards->entry(), *backend, parts.parked, parts.desk,
                                                        server.timeouts.parked_max);
  auto rounds = std::make_shared<bridge::RoundsLayer>(std::move(parking), *backend, parts.scheduler,
                                                      parts.random, rounds_options(server));
  auto fetch =
      std::make_shared<cache::FetchLayer>(std::move(rounds), parts.scheduler, parts.random, parts.cache,
                                          parts.metrics.server(server.name), fetch_options(settings, server));
  auto watch = std::make_shared<watch::WatchLayer>(
      std::move(fetch), *backend, parts.scheduler, parts.random, parts.watches, watch_options(server),
      std::make_shared<cache::ResourceEar>(parts.cache, server.name));
  return ServerStack{std::move(*backend), watch, watch, std::move(guards)};
}

std::shared_ptr<fallback::FallbackLayer> build_door(WorkerParts& parts, config::Settings const& settings,
                                                    config::Server const& server,
                                                    std::shared_ptr<cache::CacheLayer> const& front,
                                                    std::shared_ptr<core::Handler> inner) {
  fallback::FallbackParts borrowed{parts.scheduler, *front, parts.door_of, parts.metrics.server(server.name),
                                   parts.log};
  return std::make_shared<fallback::FallbackLayer>(std::move(inner), std::move(borrowed),
                                                   door_options(parts, settings, server));
}

std::shared_ptr<fallback::FallbackOptions const> door_options(WorkerParts& parts,
                                                              config::Settings const& settings,
                                                              config::Server const& server) {
  auto options = fallback_options(settings, server);
  if (parts.standby) options.local = parts.standby(degradation_of(settings, server.name));
  return std::make_shared<fallback::FallbackOptions const>(std::move(options));
}

std::shared_ptr<cache::CachePolicy const> cache_policy(WorkerParts& parts, config::Settings const& settings,
                                                       config::Server const& server) {
  auto const& keys = parts.cache.keys();
  return std::make_shared<cache::CachePolicy const>(cache_rules(settings, server, *keys), keys);
}

std::shared_ptr<cache::CacheLayer> build_front(WorkerParts& parts, config::Settings const& settings,
                                               config::Server const& server,
                                               std::shared_ptr<core::Handler> entry) {
  return std::make_shared<cache::CacheLayer>(
      std::move(entry), parts.scheduler, parts.random, parts.cache, parts.metrics.server(server.name),
      cache_policy(parts, settings, server),
      [&overload = parts.entrance.overload] { return overload.refuses(core::Standing::background); });
}

}  // namespace weir::app
