// InputRequest: one question of an `input_required` result, and the texts of such results and of their
// retries.
//
// Pure functions, any thread. Limit: kQuestionsMax questions in one result; what is no object of method and
// params makes the whole result invalid (P058).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call.hpp"
#include "core/outcome.hpp"

namespace weir::bridge {

inline constexpr std::size_t kQuestionsMax = 32;

// The methods whose result may ask for input (P058).
bool takes_input(mcp::Method method) noexcept;

struct InputRequest {
  std::string key;  // JSON string token, as received
  mcp::Method method{};
  std::string params;  // JSON object, or ""
};

// Nothing if malformed. `input_requests` is the token of the member, "" if it is absent: no questions.
std::optional<std::vector<InputRequest>> read_input_requests(std::string_view input_requests);

// The request as it was, without what a retry carries, plus `members` ("" or `"key":value,…`) first in its
// params.
std::string with_members(mcp::Message const& request, std::string_view members);

// Whether one of the answers to elicitations (a JSON object, or "") is anything but an acceptance.
bool declined(std::string_view input_responses);

// A failure in the form of the method's family: a tool's result, else an error (P063).
core::Outcome refusal(mcp::Method method, std::string_view text);

}  // namespace weir::bridge
