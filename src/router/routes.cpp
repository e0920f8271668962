#include "router/routes.hpp"

#include <algorithm>
#include <utility>

#include "core/client_capabilities.hpp"
#include "router/local_answers.hpp"
#include "router/task_ids.hpp"

namespace weir::router {
namespace {

using mcp::Field;
using mcp::JsonKind;
using mcp::Method;

constexpr int kHeaderMismatch = -32020;

bool equal_names(std::string_view one,
                 std::string_view other) noexcept {  // of headers, ASCII
  auto const lower = [](char byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
  };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [lower](char a, char b) { return lower(a) == lower(b); });
}

Routed by_name(Catalog const& catalog, ListKind kind, mcp::Message const& request, Field field) {
  if (!request.is(field, JsonKind::string)) return invalid_params("The name must be a string");
  std::string scratch;
  auto const name = request.text(field, scratch);
  bool const tool = kind == ListKind::tools;
  auto const* const entry = tool ? catalog.find_tool(name) : catalog.find_prompt(name);
  if (entry == nullptr) return UnknownName{kind, std::string(name)};
  return Route{entry->server, entry->item->key, tool ? entry->item : nullptr};
}

Routed by_uri(Catalog const& catalog, core::Call const& call, Field field) {
  if (!call.request.is(field, JsonKind::string)) return invalid_params("The uri must be a string");
  std::string scratch;
  auto const uri = call.request.text(field, scratch);
  auto found = field == Field::uri ? catalog.find_uri(uri) : catalog.find_reference(uri);
  if (!found) return UnknownUri{std::string(uri)};
  return Route{found->server, std::move(found->own), nullptr, found->guess};
}

Routed by_reference(Catalog const& catalog, core::Call const& call) {
  std::string scratch;
  auto const type = call.request.text(Field::ref_type, scratch);
  if (type == "ref/prompt") return by_name(catalog, ListKind::prompts, call.request, Field::ref_name);
  if (type == "ref/resource") return by_uri(catalog, call, Field::ref_uri);
  return invalid_params("ref.type must be \"ref/prompt\" or \"ref/resource\"");
}

// The capability exists since 2025-03-26; before, servers simply answered.
bool completes(ServerContents const& contents) noexcept {
  return contents.capabilities.completions ||
         !mcp::traits_of(contents.identity.revision).completions_capability;
}

Routed if_able(Catalog const& catalog, Routed routed, core::Call const& call) {
  auto const* const to = std::get_if<Route>(&routed);
  if (to == nullptr) return routed;
  auto const& contents = *catalog.servers()[to->server].contents;
  bool able = contents.capabilities.subscribe;
  if (call.method == Method::completion_complete) able = completes(contents);
  if (call.method == Method::resources_directory_read) able = contents.capabilities.directory_read;
  if (able) return routed;
  return no_such_method("The server that this belongs to does not support the method");
}

Routed by_skill(Catalog const& catalog, core::Call const& call) {
  auto routed = by_uri(catalog, call, Field::uri);
  auto const* const to = std::get_if<Route>(&routed);
  if (to == nullptr || catalog.servers()[to->server].contents->capabilities.skills) return routed;
  std::string scratch;
  return unknown_resource(call.request.text(Field::uri, scratch), call.modern());
}

// P112, P115. Servers that are not shown here have no tasks here either, whoever made them.
Routed by_task(Catalog const& catalog, core::Call const& call, Sealer const& sealer) {
  if (!core::declares_extension(call, core::kTasksExtension)) return undeclared(core::kTasksExtension);
  std::string scratch;
  auto task = open_task(sealer, call, call.request.text(Field::task_id, scratch));
  for (std::uint32_t const index : catalog.members()) {
    auto const& server = catalog.servers()[index];
    if (task && server.name == task->server && server.modern()) {
      return Route{index, std::move(task->id), nullptr};
    }
  }
  return invalid_params("Unknown task");
}

// A server's own endpoint passes on what has no routing rule, as far as the server's era has such a method.
bool alone_and_knows(Catalog const& catalog, core::Call const& call) {
  if (catalog.endpoint().empty() || catalog.members().size() != 1) return false;
  bool const modern = catalog.servers()[catalog.members().front()].modern();
  if (modern == call.modern() || call.method == Method::unknown) return true;
  auto const& traits = mcp::traits_of(call.method);
  return modern ? traits.modern : traits.legacy;
}

}  // namespace

Routed route(Catalog const& catalog, core::Call const& call, Sealer const& sealer) {
  auto const& traits = mcp::traits_of(call.method);
  if (!call.modern() && !traits.legacy && call.method != Method::unknown) {
    return no_such_method("Method not found");
  }
  if (call.modern() && traits.routed_by == mcp::RoutedBy::task_id) return by_task(catalog, call, sealer);
  switch (call.method) {
    case Method::tools_call: return by_name(catalog, ListKind::tools, call.request, Field::name);
    case Method::prompts_get: return by_name(catalog, ListKind::prompts, call.request, Field::name);
    case Method::resources_read: return by_uri(catalog, call, Field::uri);
    case Method::skills_get: return by_skill(catalog, call);
    case Method::resources_directory_read:
    case Method::resources_subscribe:
    case Method::resources_unsubscribe: return if_able(catalog, by_uri(catalog, call, Field::uri), call);
    case Method::completion_complete: return if_able(catalog, by_reference(catalog, call), call);
    default:
      if (alone_and_knows(catalog, call)) return Route{catalog.members().front(), {}, nullptr};
      return no_such_method("Method not found");
  }
}

std::optional<core::Outcome> header_mismatch(core::Call const& call, Item const& tool) {
  if (!call.http || !call.modern()) return std::nullopt;
  auto const arguments = call.request.raw(Field::arguments);
  for (auto const& header : tool.param_headers) {
    std::optional<std::string_view> received;
    for (auto const& [suffix, value] : call.param_headers) {
      if (equal_names(suffix, header.suffix)) received = value;
    }
    if (!mcp::param_matches(header, arguments, received)) {
      return core::from_error(kHeaderMismatch,
                              "Mcp-Param-" + header.suffix + " does not say what the arguments say");
    }
  }
  return std::nullopt;
}

std::optional<std::string> presumed_name(NameRules const& names, core::Call const& call,
                                         CatalogServer const& server) {
  bool const tool = call.method == Method::tools_call;
  bool const read = call.method == Method::resources_read && !call.endpoint.empty();
  if (!tool && !read && call.method != Method::prompts_get) return std::nullopt;
  auto const field = read ? Field::uri : Field::name;
  if (!call.request.is(field, JsonKind::string)) return std::nullopt;
  std::string scratch;
  auto name = call.request.text(field, scratch);
  if (call.endpoint.empty()) {
    auto const prefix = exposed_prefix(names, server.name);
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
  }
  if (tool) {
    auto const& renamed = server.rules.rename;
    auto const rule =
        std::find_if(renamed.begin(), renamed.end(), [name](auto const& one) { return one.second == name; });
    if (rule != renamed.end()) name = rule->first;
    if (server.rules.hides(name) || (rule == renamed.end() && server.rules.shown_name(name) != name))
      return std::nullopt;
  }
  if (name.empty()) return std::nullopt;
  return std::string(name);
}

bool may_know(core::Call const& call, std::string_view server) {
  return !call.access || call.access->to_server(*call.principal, server).visible();
}

CatalogServer const* silent_owner(CatalogSet const& set, core::Call const& call, UnknownName const& unknown) {
  auto const silent = [&](CatalogServer const& server) {
    auto const kind = static_cast<std::size_t>(unknown.kind);
    return !server.contents || (!server.contents->lists[kind] && !server.contents->problems[kind].empty());
  };
  std::string_view const name = unknown.name;
  auto const& servers = set.servers();
  auto const owner = std::find_if(servers.begin(), servers.end(), [&](CatalogServer const& server) {
    return server.in_aggregate && silent(server) &&
           name.starts_with(exposed_prefix(set.names(), server.name)) && may_know(call, server.name);
  });
  return owner == servers.end() ? nullptr : &*owner;
}

}  // namespace weir::router
