// Continues the trace that a call belongs to: a span of our own below the client's, for the server and the
// log.
//
// A context in `_meta` wins over one in the headers. What is malformed is ignored, never refused (P119);
// without a context none is begun. `tracestate` goes with its traceparent, at most kTraceStateBytesMax of it.
#pragma once

#include <string_view>

#include "base/random.hpp"
#include "core/call.hpp"

namespace weir::edge {

inline constexpr std::size_t kTraceStateBytesMax = 512;  // W3C Trace Context 3.3.1.5: what must be propagated

// The headers as received, empty where there are none.
void continue_trace(core::Call& call, std::string_view traceparent, std::string_view tracestate,
                    base::Random& random);

}  // namespace weir::edge
