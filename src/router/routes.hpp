// Where a call goes: the brain of RouterLayer.
//
// Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/outcome.hpp"
#include "router/catalog_set.hpp"
#include "router/sealer.hpp"

namespace weir::router {

struct Route {
  std::uint32_t server = 0;  // index in the catalogue's servers
  std::string target;        // the name, URI or task id as that server knows it
  Item const* tool = nullptr;
  bool guessed = false;  // no server says that the URI is its own; this is the only one with resources
};

// A name that the catalogue does not have.
struct UnknownName {
  ListKind kind = ListKind::tools;
  std::string name;
};

// A URI that no server is known to own.
struct UnknownUri {
  std::string uri;
};

using Routed = std::variant<Route, UnknownName, UnknownUri, core::Outcome>;

// For every method that is not answered here. The Outcome says why the call goes nowhere.
Routed route(Catalog const& catalog, core::Call const& call, Sealer const& sealer);

// Whether the Mcp-Param-* headers of an HTTP call say what its arguments say (P034); else the refusal.
std::optional<core::Outcome> header_mismatch(core::Call const& call, Item const& tool);

// Whether the caller may use, or with more scopes could use, anything of this server.
bool may_know(core::Call const& call, std::string_view server);

// What a server that has never answered would know a call's tool, prompt or resource by, as far as its name
// says that; nothing also where its rules keep the tool from being called.
std::optional<std::string> presumed_name(NameRules const& names, core::Call const& call,
                                         CatalogServer const& server);

// The server that an unknown aggregated name would belong to, if that server has never answered, or not with
// the list that the name would be in. Null: none that this caller may know of.
CatalogServer const* silent_owner(CatalogSet const& set, core::Call const& call, UnknownName const& name);

}  // namespace weir::router
