// The `_meta` of a request on its way up, whichever eras are at its ends: making one, and the trace in it.
//
// Edits of the received bytes; pure functions, any thread.
#pragma once

#include <string_view>

#include "core/call.hpp"
#include "mcp/splice.hpp"

namespace weir::upstream {

// Gives a request whose `_meta` is no object this one, with params to hold it where there are none.
void make_meta(mcp::Message const& request, std::string_view object, mcp::Splice& edits);

// Our own span in place of the client's, and the state that goes with it (P119); nothing where the call
// belongs to no trace. Where `_meta` is missing it is made. The only edits of these members.
void put_trace(core::Call const& call, mcp::Splice& edits);

// The same as members of a `_meta` that is being made; "" where the call belongs to no trace.
std::string trace_members(core::Call const& call);

}  // namespace weir::upstream
