// The last steps of an answer, the same for every way in: failures are worded, the client's own id goes into
// the bytes that came from inward.
//
// The id is spliced, everything else stays byte for byte (P082, P083). Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/call.hpp"
#include "edge/call_meter.hpp"

namespace weir::edge {

// `id` is the token as the client sent it; it must outlive the outcome.
void put_id(core::Outcome& outcome, std::string_view id);

// A whole JSON-RPC error message. `id` empty: none (it could not be read).
std::string error_message(std::string_view id, int code, std::string_view message, std::string_view data);

// What a call came to, as its client gets it.
struct Settled {
  core::Outcome outcome;
  int http = 200;
  std::string fields;  // complete header lines that belong to it, e.g. Retry-After
};

// Words a failure (as a tool's result where `tool_results` says so) and notes in `record` what the outcome
// was.
Settled settle(core::Call const& call, base::Result<core::Outcome> outcome, bool tool_results,
               CallRecord& record);

}  // namespace weir::edge
