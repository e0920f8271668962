// The last step of an answer: the client's own id goes into the bytes that came from inward.
//
// The id is spliced, everything else stays byte for byte (P082, P083).
#pragma once

#include <string>
#include <string_view>

#include "core/call.hpp"

namespace weir::edge {

// `id` is the token as the client sent it; it must outlive the outcome.
void put_id(core::Outcome& outcome, std::string_view id);

// A whole JSON-RPC error message. `id` empty: none (it could not be read).
std::string error_message(std::string_view id, int code, std::string_view message, std::string_view data);

// What an outcome says of itself, for counters and the access line.
bool is_tool_error(core::Outcome const& outcome) noexcept;

}  // namespace weir::edge
