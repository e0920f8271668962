// The texts of retries that bring answers, and of their refusals; the questions are core/input_request.hpp's.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/call.hpp"
#include "core/outcome.hpp"

namespace weir::bridge {

// The request as it was, without what a retry carries, plus `members` ("" or `"key":value,…`) first in its
// params.
std::string with_members(mcp::Message const& request, std::string_view members);

// Whether one of the answers to elicitations (a JSON object, or "") is anything but an acceptance.
bool declined(std::string_view input_responses);

// A failure in the form of the method's family: a tool's result, else an error (P063).
core::Outcome refusal(mcp::Method method, std::string_view text);

}  // namespace weir::bridge
