// What a legacy server asks in the middle of a call: sampling, elicitation, roots.
//
// Asked of the client of that call, through its sink, if it declared that it can be asked (P059); any other
// request is refused or, a ping, answered. The reply is the text of one JSON-RPC response for the server,
// with its own id (P087); keys of `_meta` that concern either hop stay here (P118). One worker thread;
// `call` outlives the task, and dropping the task withdraws the question.
#pragma once

#include <string>

#include "core/call.hpp"

namespace weir::upstream {

// Whether the client of `call` can be asked this.
bool may_ask(core::Call const& call, mcp::Message const& request);

base::Task<std::string> answer_of_client(core::Call& call, mcp::Message request);

}  // namespace weir::upstream
