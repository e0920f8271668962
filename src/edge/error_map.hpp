// The one place that turns an Error into what a client sees: HTTP status, JSON-RPC code, sentence and data.
//
// Pure. `detail` never appears: it is for logs. Codes are JSON-RPC's own where one says it, positive ones for
// what only a gateway can say; nothing in MCP's reserved ranges (P116).
#pragma once

#include <string>

#include "base/result.hpp"
#include "core/call.hpp"

namespace weir::edge {

struct ErrorAnswer {
  int http = 200;
  int code = -32603;
  std::string message;
  std::string data;    // JSON object
  std::string fields;  // complete header lines, e.g. Retry-After
};

// `legacy_session`: the request was of a legacy revision, where an unknown session is HTTP 404 (P045).
ErrorAnswer answer_for(base::Error const& error, bool modern, std::string_view tool,
                       std::string_view request_id);

// The same as a tool's own result with isError, for models to read (errors.style: tool_result).
std::string tool_result_for(ErrorAnswer const& answer, base::Error const& error, bool modern);

// Whether `error` is a failure of the upstream, which a model may read about as a result of its call.
bool is_upstream_failure(base::Error const& error) noexcept;

}  // namespace weir::edge
