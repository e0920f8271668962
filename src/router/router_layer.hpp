// RouterLayer: many servers shown as one.
//
// Answers from the catalogue what needs no server (discovery, lists, ping, initialize, subscriptions/listen)
// and sends every other call to the server that owns its name or URI, with call.target, call.mirrored,
// facts.server and facts.tool set; for a tool, Mcp-Param-* headers are checked first (P034, -32020). At the
// endpoint of one server, methods without a routing rule go to that server. One per worker; borrows feed and
// sealer. Errors are ready JSON-RPC errors where the protocol names a code (P077, P079, P080; -32601 if the
// owner lacks the capability); Fault::starting, unavailable and not_found, with the server's name, where a
// server cannot be used: one that has never answered is given up, and what stands in for it may. Waits:
// aggregated lists, only in the first `first_list_wait` of a server; a call, for the one server it needs, up
// to `start_wait`; one for a URI that nobody owns yet, so long for the servers that have begun to start no
// longer ago than that. Whoever sets call.deadline must leave subscriptions/listen without one.
#pragma once

#include <string>

#include "base/scheduler.hpp"
#include "core/call.hpp"
#include "router/catalog_set.hpp"
#include "router/cursor.hpp"
#include "router/list_writer.hpp"
#include "router/subscription_loop.hpp"

namespace weir::router {

struct RouterOptions {
  PageOptions page;
  std::string server_info = R"({"name":"weir","version":"0"})";  // JSON object: what Weir calls itself
  base::Duration first_list_wait = std::chrono::seconds{3};
  base::Duration start_wait = std::chrono::seconds{30};
  base::Duration fan_out_max = std::chrono::seconds{2};  // for each server of a logging/setLevel
  std::size_t fan_out_width = 8;                         // servers that are told at a time
  SubscriptionOptions subscriptions;
};

struct RouterParts {  // borrowed; all outlive the layer
  base::Scheduler& scheduler;
  CatalogFeed& feed;
  CursorSealer const& cursors;
  base::Gate& listens;  // subscriptions of the whole process, with a share for each caller
  base::Gate& watches;  // resources that they watch, and sessions do
};

class RouterLayer final : public core::Handler {
 public:
  RouterLayer(RouterParts const& parts, RouterOptions options);

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

 private:
  using Answer = base::Result<core::Outcome>;
  using Snapshot = std::shared_ptr<CatalogView const>;

  base::Task<Answer> handle_at_server(core::Call& call);
  base::Task<Answer> handle_at_all(core::Call& call);
  base::Task<Answer> answer(core::Call& call, Snapshot view, Catalog const& catalog);
  base::Task<Answer> route_call(core::Call& call, Snapshot view, Catalog const& catalog);
  base::Task<void> tell_level(core::Call const& call, core::Handler& entry, base::Semaphore& places);
  base::Task<Answer> forward(core::Call& call, Snapshot view, Catalog const& catalog, std::uint32_t server);
  base::Task<Answer> give_up(core::Call& call, Snapshot view, CatalogServer const& server);
  base::Task<Answer> translated(core::Call& call, Snapshot view, Catalog const* renaming,
                                std::uint32_t server);
  base::Task<Answer> set_log_level(core::Call& call, Snapshot view, Catalog const& catalog);
  base::Task<void> first_lists();
  base::Task<void> first_owners(core::Call const& call);
  Answer list_page(core::Call const& call, Catalog const& catalog, ListKind kind) const;

  base::Scheduler& scheduler_;
  CatalogFeed& feed_;
  CursorSealer const& cursors_;
  RouterOptions options_;
  Subscriptions subscriptions_;
};

}  // namespace weir::router
