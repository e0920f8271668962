// The answers that the router writes itself, apart from list pages: what Weir is, and why something cannot be
// done.
//
// Pure, any thread. Names are echoed up to 200 bytes, URIs up to 8 KiB. Codes: P077, P079, P080, JSON-RPC 2.0
// section 5.1.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "core/outcome.hpp"
#include "router/catalog.hpp"

namespace weir::router {

// The result of server/discover. `server_info` is a JSON object. Servers of which the caller may not know are
// not spoken of, here and below.
core::Outcome discovered(Catalog const& catalog, core::Call const& call, std::string_view server_info);

// The result of initialize: the revision asked for if it is a legacy one of ours, else our newest of those
// (P008). Sets call.revision to it.
core::Outcome initialized(Catalog const& catalog, core::Call& call, std::string_view server_info);

core::Outcome invalid_params(std::string_view why);
core::Outcome no_such_method(std::string_view why);

core::Outcome undeclared(std::string_view extension);  // -32021 (P112)

// "Unknown tool: x" (or prompt), with a near name as the hint (P079).
core::Outcome unknown_name(Catalog const& catalog, ListKind kind, std::string_view name, Shown const& shown);
// 4030, reason `quarantined`, with what an operator can do about it. A name that is more than letters, digits
// and `._/-` is in its data alone.
core::Outcome withheld_tool(std::string_view server, std::string_view own_name);
core::Outcome unknown_resource(std::string_view uri, bool modern);  // P080

// A server without contents.
base::Error not_usable(CatalogServer const& server);

}  // namespace weir::router
