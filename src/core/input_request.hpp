// InputRequest: one question of an `input_required` result, and which results may have any.
//
// Pure functions, any thread. Limit: kQuestionsMax questions in one result; what is no object of method and
// params makes the whole result invalid (P058).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/message.hpp"

namespace weir::core {

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

// The questions of an `input_required` result, none where a state alone says how to go on. Nothing if it is
// malformed or says neither.
std::optional<std::vector<InputRequest>> questions_of(mcp::Message const& result);

}  // namespace weir::core
