#include "router/router_layer.hpp"

#include <algorithm>
#include <utility>

#include "base/ready_until.hpp"
#include "base/run_until.hpp"
#include "base/task_group.hpp"
#include "core/client_capabilities.hpp"
#include "core/denial.hpp"
#include "core/resource_notes.hpp"
#include "router/local_answers.hpp"
#include "router/routes.hpp"
#include "router/task_ids.hpp"
#include "router/uri_edits.hpp"

namespace weir::router {
namespace {

using mcp::Field;
using mcp::JsonKind;
using mcp::Method;

bool is_answered_from_catalogue(Method method) noexcept {
  return method == Method::server_discover || method == Method::initialize || list_of(method).has_value();
}

bool is_routed(Method method) noexcept {
  return !is_answered_from_catalogue(method) && method != Method::subscriptions_listen &&
         method != Method::logging_set_level;
}

// Null while the endpoint's one server has not answered yet.
Catalog const* usable_catalog(CatalogSet const& set, core::Call const& call) {
  if (!call.endpoint.empty()) {
    auto const* const server = set.server(call.endpoint);
    if (server == nullptr || !server->contents) return nullptr;
  }
  return set.find(call.endpoint, call.modern());
}

// Points the call at its server; a refusal says why it may not go there.
std::optional<core::Outcome> aim(core::Call& call, Catalog const& catalog, Route const& to) {
  call.target = to.target;
  call.facts.server = catalog.servers()[to.server].name;
  if (to.tool == nullptr) return std::nullopt;
  call.facts.tool = call.target;
  call.mirrored = &to.tool->param_headers;
  call.wraps_output = to.tool->output == Output::anything;
  call.structured_output = to.tool->output != Output::unstated;
  call.says_read_only = to.tool->says_read_only;
  call.says_writes = to.tool->says_writes;
  call.says_idempotent = to.tool->says_idempotent;
  return header_mismatch(call, *to.tool);
}

// Whether the answer may hold the id of a task.
bool may_name_task(core::Call const& call, CatalogServer const& server) {
  if (!call.modern()) return false;
  if (call.method == Method::tools_call) {
    bool const able = server.contents && server.contents->capabilities.tasks;
    return able && core::declares_extension(call, core::kTasksExtension);
  }
  return mcp::traits_of(call.method).routed_by == mcp::RoutedBy::task_id;
}

bool holds_uris(Method method) noexcept {
  return method == Method::tools_call || method == Method::prompts_get || method == Method::resources_read ||
         method == Method::tasks_get || method == Method::skills_get ||
         method == Method::resources_directory_read;
}

std::string_view tenant_of(core::Call const& call) noexcept {
  return call.principal != nullptr ? std::string_view(call.principal->tenant) : std::string_view();
}

// What of a list its reader may see; null: all that is not withheld.
Shown visible_to(core::Call const& call, Catalog const& catalog, ListKind kind) {
  bool const tool = kind == ListKind::tools;
  auto const& servers = catalog.servers();
  bool const as_all = !tool || std::none_of(servers.begin(), servers.end(), [&call](auto const& server) {
    return server.knows_tenant(tenant_of(call));
  });
  if (!call.access && as_all) return {};
  return [&call, &servers, tool](CatalogEntry const& entry) {
    auto const& server = servers[entry.server];
    if (tool && server.withholds(entry.item->key, tenant_of(call))) return false;
    if (!call.access) return true;
    return (tool ? call.access->to_tool(*call.principal, server.name, entry.item->key)
                 : call.access->to_server(*call.principal, server.name))
        .visible();
  };
}

// Any server that has not answered yet may own a URI that no other does. Null: none that this caller may know
// of.
CatalogServer const* starting_server(core::Call const& call, CatalogSet const& set, base::TimePoint since) {
  auto const& servers = set.servers();
  auto const found = std::find_if(servers.begin(), servers.end(), [&](CatalogServer const& server) {
    return server.in_aggregate && server.readiness == Readiness::pending && server.since >= since &&
           may_know(call, server.name);
  });
  return found == servers.end() ? nullptr : &*found;
}

core::Outcome unknown(core::Call const& call, Catalog const& catalog, Routed const& routed) {
  if (auto const* const uri = std::get_if<UnknownUri>(&routed))
    return unknown_resource(uri->uri, call.modern());
  auto const& name = std::get<UnknownName>(routed);
  return unknown_name(catalog, name.kind, name.name, visible_to(call, catalog, name.kind));
}

// The server to wait for: without it there is no telling where the call belongs. Null: there is.
CatalogServer const* awaited(core::Call const& call, CatalogSet const& set, Routed const& routed,
                             base::TimePoint since) {
  if (!call.endpoint.empty()) return nullptr;
  if (auto const* const name = std::get_if<UnknownName>(&routed)) return silent_owner(set, call, *name);
  auto const* const to = std::get_if<Route>(&routed);
  return to == nullptr || to->guessed ? starting_server(call, set, since) : nullptr;
}

base::Task<base::Result<core::Outcome>> refuse(base::Error error) { co_return error; }

base::Task<base::Result<core::Outcome>> say(core::Outcome outcome) { co_return outcome; }

base::Task<base::Result<core::Outcome>> pong() { co_return core::from_result("{}"); }  // P087

}  // namespace

RouterLayer::RouterLayer(RouterParts const& parts, RouterOptions options)
    : scheduler_(parts.scheduler),
      feed_(parts.feed),
      cursors_(parts.cursors),
      options_(std::move(options)),
      subscriptions_(parts.scheduler, parts.feed, parts.listens, parts.watches, options_.subscriptions) {}

// No coroutine itself: most calls go straight to their server and should pay for no frame.
base::Task<RouterLayer::Answer> RouterLayer::handle(core::Call& call) {
  if (call.method == Method::ping) return pong();
  Snapshot view = feed_.view();
  auto const* const catalog = usable_catalog(*view->set, call);
  if (catalog != nullptr && is_routed(call.method)) {
    Routed const routed = route(*catalog, call, cursors_.sealer());
    auto const* const to = std::get_if<Route>(&routed);
    if (to == nullptr || to->guessed || aim(call, *catalog, *to))
      return route_call(call, std::move(view), *catalog);
    return forward(call, std::move(view), *catalog, to->server);
  }
  return call.endpoint.empty() ? handle_at_all(call) : handle_at_server(call);
}

// A server's own endpoint is that server: nothing can be said before it has answered.
base::Task<RouterLayer::Answer> RouterLayer::handle_at_server(core::Call& call) {
  auto const until = call.started + options_.start_wait;
  for (;;) {
    Snapshot const view = feed_.view();
    auto const& set = *view->set;
    auto const* const server = set.server(call.endpoint);
    if (server == nullptr) {
      co_return base::Error(base::Fault::not_found, base::Blame::client, "no such server");
    }
    if (server->contents) co_return co_await answer(call, view, *set.find(call.endpoint, call.modern()));
    if (auto denial = core::denial_of(call, server->name, {}, &call.facts.scopes_needed))
      co_return *std::move(denial);
    bool const may_wait = server->readiness == Readiness::pending && !feed_.closed();
    if (!may_wait || scheduler_.now() >= until) co_return co_await give_up(call, view, *server);
    co_await base::ready_until(scheduler_, feed_.changed(), until);
  }
}

base::Task<RouterLayer::Answer> RouterLayer::handle_at_all(core::Call& call) {
  if (is_answered_from_catalogue(call.method)) co_await first_lists();
  if (call.method == Method::subscriptions_listen) co_await first_owners(call);
  Snapshot const view = feed_.view();
  co_return co_await answer(call, view, *view->set->find({}, call.modern()));
}

// So that a client which comes right after the start does not see an empty list.
base::Task<void> RouterLayer::first_lists() {
  while (!feed_.closed()) {
    auto until = base::TimePoint::min();
    for (auto const& server : feed_.current().servers()) {
      if (server.in_aggregate && server.readiness == Readiness::pending) {
        until = std::max(until, server.since + options_.first_list_wait);
      }
    }
    if (scheduler_.now() >= until) co_return;
    co_await base::ready_until(scheduler_, feed_.changed(), until);
  }
}

// So that it is not told that none of its resources can be watched.
base::Task<void> RouterLayer::first_owners(core::Call const& call) {
  auto const uris =
      core::read_watched(call.request.raw(Field::notifications)).value_or(std::vector<std::string>{});
  auto const until = call.started + options_.start_wait;
  while (!feed_.closed() && scheduler_.now() < until) {
    auto const& set = feed_.current();
    auto const& catalog = *set.find({}, call.modern());
    bool const owned = std::all_of(uris.begin(), uris.end(), [&](auto const& uri) {
      auto const found = catalog.find_uri(uri);
      return found && !found->guess;
    });
    if (owned || starting_server(call, set, call.started - options_.start_wait) == nullptr) co_return;
    co_await base::ready_until(scheduler_, feed_.changed(), until);
  }
}

base::Task<RouterLayer::Answer> RouterLayer::answer(core::Call& call, Snapshot view, Catalog const& catalog) {
  bool const of_other_era = !call.modern() && !mcp::traits_of(call.method).legacy;
  if (of_other_era && call.method != Method::unknown) co_return no_such_method("Method not found");
  if (auto const kind = list_of(call.method)) co_return list_page(call, catalog, *kind);
  switch (call.method) {
    case Method::server_discover: co_return discovered(catalog, call, options_.server_info);
    case Method::initialize: co_return initialized(catalog, call, options_.server_info);
    case Method::subscriptions_listen: co_return co_await subscriptions_.serve(call);
    case Method::logging_set_level: co_return co_await set_log_level(call, std::move(view), catalog);
    default: co_return co_await route_call(call, std::move(view), catalog);
  }
}

RouterLayer::Answer RouterLayer::list_page(core::Call const& call, Catalog const& catalog,
                                           ListKind kind) const {
  CursorScope const scope{catalog.endpoint(),
                          call.principal != nullptr ? call.principal->id : std::string_view{},
                          catalog.list(kind).hash, kind, catalog.modern()};
  std::optional<std::uint32_t> position = 0;
  if (call.request.has(Field::cursor) && !call.request.is(Field::cursor, JsonKind::null)) {
    std::string scratch;
    bool const text = call.request.is(Field::cursor, JsonKind::string);
    position = text ? cursors_.open(scope, call.request.text(Field::cursor, scratch)) : std::nullopt;
    if (!position) return invalid_params("The cursor is not, or no longer, valid; list again without it");
  }
  auto const page = write_page(
      catalog, kind, *position, options_.page, scheduler_.now(),
      [&](std::uint32_t next) { return cursors_.seal(scope, next); }, visible_to(call, catalog, kind));
  return core::from_result(page.result);
}

base::Task<RouterLayer::Answer> RouterLayer::route_call(core::Call& call, Snapshot view,
                                                        Catalog const& catalog) {
  auto const until = call.started + options_.start_wait;
  auto const* shown = &catalog;
  for (;;) {
    Routed routed = route(*shown, call, cursors_.sealer());
    if (auto* const refusal = std::get_if<core::Outcome>(&routed)) co_return std::move(*refusal);
    auto const* const silent = awaited(call, *view->set, routed, call.started - options_.start_wait);
    if (auto const* const to = std::get_if<Route>(&routed); to != nullptr && silent == nullptr) {
      if (auto refusal = aim(call, *shown, *to)) co_return std::move(*refusal);
      co_return co_await forward(call, std::move(view), *shown, to->server);
    }
    if (silent == nullptr) co_return unknown(call, *shown, routed);
    bool const may_wait = silent->readiness == Readiness::pending && !feed_.closed();
    if (!may_wait || scheduler_.now() >= until) co_return co_await give_up(call, std::move(view), *silent);
    co_await base::ready_until(scheduler_, feed_.changed(), until);
    view = feed_.view();
    shown = view->set->find(call.endpoint, call.modern());
  }
}

// A call of its own for each server, because layers write into it, and a short time.
base::Task<void> RouterLayer::tell_level(core::Call const& call, core::Handler& entry,
                                         base::Semaphore& places) {
  auto const place = co_await places.acquire();
  core::Call own(call.request.copy());
  static_cast<core::CallFields&>(own) = call;
  auto work = entry.handle(own);
  co_await base::run_until(scheduler_, work, scheduler_.now() + options_.fan_out_max);
}

base::Task<RouterLayer::Answer> RouterLayer::forward(core::Call& call, Snapshot view, Catalog const& catalog,
                                                     std::uint32_t server) {
  auto denial =
      core::denial_of(call, catalog.servers()[server].name, call.facts.tool, &call.facts.scopes_needed);
  if (denial) return refuse(*std::move(denial));
  auto const& owner = catalog.servers()[server];
  if (!call.facts.tool.empty() && owner.withholds(call.facts.tool, tenant_of(call)))
    return say(withheld_tool(owner.name, call.facts.tool));
  auto& entry = *view->entries[server];
  bool const uris = catalog.renames(server) && holds_uris(call.method);
  if (!uris && !may_name_task(call, owner)) {
    call.catalog = std::move(view);
    return entry.handle(call);
  }
  call.catalog = view;
  return translated(call, std::move(view), uris ? &catalog : nullptr, server);
}

// Nothing is sent to a server whose tools nobody knows: they may be hidden, or say that they write. But what
// its operator has provided in its place may answer. Such a name came from the client and is no label of
// metrics, so it is not among the call's facts. `server` is one of the view's.
base::Task<RouterLayer::Answer> RouterLayer::give_up(core::Call& call, Snapshot view,
                                                     CatalogServer const& server) {
  auto failure = not_usable(server);
  if (server.contents || server.set_aside) return refuse(std::move(failure));
  auto own = presumed_name(view->set->names(), call, server);
  if (!own) return refuse(std::move(failure));
  if (call.method == Method::tools_call) {
    auto denial = core::denial_of(call, server.name, *own, &call.facts.scopes_needed);
    if (denial) return refuse(*std::move(denial));
    if (!server.lets_through(*own, tenant_of(call))) return refuse(std::move(failure));
  } else if (auto denial = core::denial_of(call, server.name, {}, &call.facts.scopes_needed)) {
    return refuse(*std::move(denial));
  }
  auto const index = static_cast<std::size_t>(&server - view->set->servers().data());
  auto& entry = *view->entries[index];
  call.target = *std::move(own);
  call.facts.server = server.name;
  call.given_up = std::make_shared<base::Error const>(std::move(failure));
  call.catalog = std::move(view);
  return entry.handle(call);
}

// What names the server's own things in an answer becomes what the client knows them by. `renaming`: where
// its URIs are shown under other names; lives in the view.
base::Task<RouterLayer::Answer> RouterLayer::translated(core::Call& call, Snapshot view,
                                                        Catalog const* renaming, std::uint32_t server) {
  std::string scratch;
  bool const by_uri = mcp::traits_of(call.method).routed_by == mcp::RoutedBy::uri;
  bool const prefixed = by_uri && call.request.text(Field::uri, scratch) != call.target;  // as it was routed
  auto answer = co_await view->entries[server]->handle(call);
  if (answer && renaming != nullptr) {
    answer = with_shown_uris(*std::move(answer), [&](std::string_view own) {
      return prefixed ? renaming->prefixed(server, own) : renaming->shown_uri(server, own);
    });
  }
  if (!answer) co_return answer;
  co_return with_shown_task(cursors_.sealer(), call, *std::move(answer));
}

// Kept for the calls to modern servers (P072), told to the legacy ones, some at a time.
base::Task<RouterLayer::Answer> RouterLayer::set_log_level(core::Call& call, Snapshot view,
                                                           Catalog const& catalog) {
  std::string scratch;
  auto const severity = mcp::severity_of(call.request.text(Field::level, scratch));
  if (!severity) co_return invalid_params("No such log level");
  if (call.session) call.session->log_floor->store(*severity, std::memory_order_relaxed);
  bool found = false;
  base::Semaphore places(scheduler_, options_.fan_out_width);
  base::TaskGroup telling(scheduler_);
  for (std::uint32_t const index : catalog.members()) {
    auto const& server = view->set->servers()[index];
    if (!server.contents->capabilities.logging || core::denial_of(call, server.name, {}, nullptr)) continue;
    found = true;
    if (server.modern()) continue;
    telling.spawn(tell_level(call, *view->entries[index], places));
  }
  co_await telling.idle();
  if (!found) co_return no_such_method("No server takes log levels");
  co_return core::from_result("{}");
}

}  // namespace weir::router
