// run_call: one call from the pipeline to the JSON text of its answer, for ways in where that text is one of
// several on a stream or in an array.
//
// At most `call_max` (moved on while the client is asked). Notes in `record` what the outcome was. "": it was
// cancelled and has no answer. `admitted` false: there is no place in the gate, it is told `busy`.
#pragma once

#include <string>

#include "edge/mcp_endpoint.hpp"

namespace weir::edge {

// All borrowed for as long as the task lives; call.client is set.
base::Task<std::string> run_call(EndpointParts const& parts, EndpointRules const& rules, core::Call& call,
                                 CallRecord& record, bool admitted);

}  // namespace weir::edge
