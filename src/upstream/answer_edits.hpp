// What answers need on their way down in more than one pair of eras.
//
// Edits of the received bytes; pure functions, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "mcp/message.hpp"
#include "mcp/splice.hpp"

namespace weir::upstream {

// What a modern client may rely on: resultType (P015) and, where results are cacheable, valid hints (P089,
// P095).
void complete_result(mcp::Method method, mcp::Message const& message, mcp::Splice& edits);

// Leaves the first 100 values of a CompleteResult and says that there are more (P081).
void cut_completion(mcp::Message const& message, mcp::Splice& edits);

// The code that stands for one which no client may see from us (P116), or "".
std::string_view code_for_any_client(std::int64_t code) noexcept;

}  // namespace weir::upstream
