// Which keys of `_meta` concern one hop, and nobody behind it (MCP 2026-07-28, basic; P118): the envelope,
// the progress token, the ids of subscriptions and of tasks, who the server is. All others pass.
//
// Pure functions, any thread. A `_meta` that is no object has none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mcp/message.hpp"

namespace weir::core {

struct HopKeys {
  bool server_info = true;
  bool related_task = true;  // false: the client knows the server's tasks by the server's own ids
};

// The values of such members in the message's `_meta`, for Splice::erase_members().
std::vector<mcp::Span> hop_members(mcp::Message const& message, HopKeys keys = {});

// A `_meta` object without them, else as it came; "" if nothing is left.
std::string without_hop_members(std::string_view meta, HopKeys keys = {});

// Texts as they came but for such members, however many: in questions and answers nobody has checked that a
// key stands there once, and there may be more of them than a Splice takes. A `_meta` with nothing left is
// `{}`; what is no object stays.
std::string without_hop_meta(std::string_view object, HopKeys keys = {});  // of its `_meta`: params, a result
std::string questions_without_hop_meta(std::string_view input_requests);   // of the params of each
std::string answers_without_hop_meta(std::string_view input_responses);    // of each
// Of a result, and of the questions in it.
std::string result_without_hop_meta(std::string_view result, HopKeys keys);

}  // namespace weir::core
