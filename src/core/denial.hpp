// denial_of: why a caller may not use something of a server, as the operator's policies say.
//
// Pure, any thread. Nothing: it may be used.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/call.hpp"

namespace weir::core {

// `tool`: as the server knows it; "" for what belongs to no tool. `scopes`, if not null, gets those that more
// of would help.
std::optional<base::Error> denial_of(CallFields const& call, std::string_view server, std::string_view tool,
                                     std::vector<std::string>* scopes);

}  // namespace weir::core
