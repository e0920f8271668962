#include "app/pipeline.hpp"

#include "app/server_options.hpp"
#include "bridge/parking_layer.hpp"
#include "bridge/rounds_layer.hpp"
#include "resilience/deadline_layer.hpp"
#include "upstream/http_backend.hpp"
#include "upstream/sse_backend.hpp"
#include "upstream/stdio_backend_io.hpp"

// The way of a call, outermost first:
//
//   edge → session → router → [ per server: bridge → deadline → upstream ]
//
// A server lives on one worker. On the others, a hop stands between the router and its layers: the call
// travels to the server's home, passes them there, and its answer comes back.
//
// edge      checks the HTTP request, knows who calls (auth), decodes the message and writes the answer.
// session   gives a legacy call the session it belongs to; modern calls pass through.
//           (quotas come here: after we know who calls and in which session, before any work is done)
// router    answers lists and discovery from the catalogue; sends the rest to the server that owns the name.
//           (per server, outside the deadline: the cache, so that a hit costs nothing below, then fallbacks
//           and
//            retries, so that each attempt is counted by the breaker within them)
// bridge    lets a server of one era ask a client of the other, in rounds: each round has a deadline of its
// own. deadline  gives the call its time with this server. upstream  speaks to the server: HTTP or a child
// process, in the revision it knows.
//
// Layers inside are built first; each owns the next one inward and borrows everything else.
namespace weir::app {

std::unique_ptr<session::SessionLayer> build_entry(WorkerParts& parts) {
  router::RouterParts const borrowed{parts.scheduler, parts.catalog, parts.cursors, parts.listens};
  auto router = std::make_unique<router::RouterLayer>(borrowed, router_options(parts.gateway_info));
  return std::make_unique<session::SessionLayer>(std::move(router), parts.scheduler, parts.sessions);
}

base::Result<ServerStack> build_server(WorkerParts& parts, config::Server const& server) {
  ServerStack stack;
  if (server.kind == config::UpstreamKind::stdio) {
    stack.backend = std::make_shared<upstream::StdioBackend>(
        parts.scheduler, parts.spawner, parts.random,
        stdio_options(server, parts.gateway_info, parts.environment), &parts.observer);
  } else {
    auto options = http_options(server, parts.gateway_info);
    if (!options) return options.error();
    auto const older = [&parts, server, sse = upstream::SseOptions{options->url, options->fields}] {
      return std::make_shared<upstream::SseBackend>(parts.scheduler, parts.dialer, parts.random, sse,
                                                    sse_options(server, parts.gateway_info), parts.observer);
    };
    if (server.kind == config::UpstreamKind::http_any) options->older = older;
    if (server.kind == config::UpstreamKind::sse) {
      stack.backend = older();
    } else {
      stack.backend = std::make_shared<upstream::HttpBackend>(parts.scheduler, parts.dialer, parts.observer,
                                                              std::move(*options));
    }
  }
  auto const timed = std::make_shared<resilience::DeadlineLayer>(stack.backend, parts.scheduler, server.name,
                                                                 deadline_options(server));
  auto const parking = std::make_shared<bridge::ParkingLayer>(timed, stack.backend, parts.parked, parts.desk,
                                                              server.timeouts.parked_max);
  stack.entry = std::make_shared<bridge::RoundsLayer>(parking, stack.backend, parts.scheduler, parts.random,
                                                      rounds_options(server));
  return stack;
}

}  // namespace weir::app
