// Outcomes that are made here instead of coming from an upstream.
//
// `result_json` is the result object and `data_json` any JSON value, both written by our own code or copied
// from checked text: anything else is our bug, asserted. Their `id` is 0; the edge splices the client's in.
// Pure functions, any thread. Cost: one pass over the text to index it.
#pragma once

#include <string>
#include <string_view>

#include "core/call.hpp"

namespace weir::core {

Outcome from_result(std::string_view result_json);

// A whole JSON-RPC message, as text that was checked before.
Outcome from_message(std::string text);

// `data_json` empty: no data.
Outcome from_error(int code, std::string_view message, std::string_view data_json = {});

}  // namespace weir::core
