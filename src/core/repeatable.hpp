// Whether a call may be sent to a server more than once, when nobody knows whether it was executed.
//
// By its method, because the operator said so, or because the tool says so and the operator trusts it. A call
// whose answer may be taken from the cache reads: whoever allowed that allowed this too. Pure, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/call.hpp"

namespace weir::core {

struct RepeatRules {
  std::vector<std::string> idempotent;  // globs over the server's own names of tools
  bool trust_hints = false;             // readOnlyHint and idempotentHint count
};

bool may_be_repeated(Call const& call, std::vector<std::string> const& idempotent, bool trust_hints);
inline bool may_be_repeated(Call const& call, RepeatRules const& rules) {
  return may_be_repeated(call, rules.idempotent, rules.trust_hints);
}

}  // namespace weir::core
