// RouterLayer: many servers shown as one.
//
// Answers from the catalogue what needs no server (discovery, lists, ping, initialize, subscriptions/listen) and sends
// every other call to the server that owns its name or URI, with call.target, facts.server and facts.tool set. At the
// endpoint of one server, methods without a routing rule go to that server. One per worker.
// Errors are ready JSON-RPC errors where the protocol names a code (P077, P079, P080; -32601 if the owner lacks the
// capability); Fault::starting, unavailable and unsupported, with the server's name, where a server cannot be used.
// Waits: a list, only in the first `first_list_wait` of a server; a call, for a server that is starting, `start_wait`.
#pragma once

#include <string>

#include "base/scheduler.hpp"
#include "core/call.hpp"
#include "router/catalog_set.hpp"
#include "router/cursor.hpp"
#include "router/list_writer.hpp"
#include "router/local_answers.hpp"

namespace weir::router {

struct RouterOptions {
  NameRules names;  // the catalogue's
  PageOptions page;
  std::string server_info = R"({"name":"weir","version":"0"})";  // JSON object: what Weir calls itself
  base::Duration first_list_wait = std::chrono::seconds{3};
  base::Duration start_wait = std::chrono::seconds{30};
  base::Duration coalesce = std::chrono::milliseconds{100};      // of change notifications, 50 to 250 ms
  base::Duration fan_out_max = std::chrono::seconds{2};          // for each server of a logging/setLevel
  unsigned listens_max = 4096;                                   // subscriptions at a time
};

class RouterLayer final : public core::Handler {
 public:
  RouterLayer(base::Scheduler& scheduler, CatalogFeed& feed, CursorSealer const& cursors, RouterOptions options);

  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;

 private:
  using Answer = base::Result<core::Outcome>;
  base::Scheduler& scheduler_;
  CatalogFeed& feed_;
  CursorSealer const& cursors_;
  RouterOptions options_;
  unsigned listens_ = 0;
};

}  // namespace weir::router
