// A legacy client at a modern server: what its calls gain on the way up and its answers lose on the way down.
//
// Upwards the envelope that every modern request carries is made from the client's session.
// Downwards goes what only modern clients read; output that is no object is wrapped (P085), an unknown
// resource gets its legacy code (P080), and what the server misses in our envelope is told as a failure of
// this call, never as -32021. `input_required` passes unchanged: the bridge answers it. Edits of the received
// bytes; pure functions, any thread.
#pragma once

#include <string_view>

#include "core/call.hpp"

namespace weir::upstream {

// `token`: our progress token, for the calls that want progress. `gateway_info` as for Dialect.
void add_envelope(core::Call const& call, mcp::Revision revision, std::string_view token,
                  std::string_view gateway_info, mcp::Splice& edits);

core::Outcome for_legacy_client(core::Call const& call, mcp::Message message);

}  // namespace weir::upstream
