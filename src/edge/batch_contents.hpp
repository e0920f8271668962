// What is in an array of messages, and whether one may be sent like that (P022, P023).
//
// Pure functions, any thread. Limits: those of mcp::split_batch(), which found the elements.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "era/request_rules.hpp"
#include "mcp/message.hpp"

namespace weir::edge {

struct BatchContents {
  std::vector<mcp::Message> messages;
  std::vector<std::string> answers;  // to what is no message
  bool legal = true;                 // nothing in it that a batch may not have
};

BatchContents read_batch(std::string_view array, std::vector<mcp::Span> const& elements,
                         std::size_t bytes_max);

era::Refusal no_batches();       // of a session whose revision has none
era::Refusal not_for_batches();  // of contents that are not legal

// Complete JSON-RPC messages as one array. At least one.
std::string as_array(std::vector<std::string> const& messages);

}  // namespace weir::edge
