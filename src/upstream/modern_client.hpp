// A modern client at a legacy server: what its calls lose on the way up and its answers gain on the way down.
//
// Upwards the envelope and what belongs to rounds of input go; everything else stays byte
// for byte. Downwards answers become complete, with hints where the method wants them (P015, P089); -32002
// becomes -32602 with its data (P080) and -32042 a question to open a page (P116), if the client can be asked
// that, else -32021. Edits of the received bytes; pure functions, any thread.
#pragma once

#include <string_view>

#include "core/call.hpp"

namespace weir::upstream {

// `token`: our progress token, for the calls that want progress.
void strip_envelope(core::Call const& call, std::string_view token, mcp::Splice& edits);

core::Outcome for_modern_client(core::Call const& call, mcp::Message message);

}  // namespace weir::upstream
