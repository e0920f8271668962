#include "core/repeatable.hpp"

#include <algorithm>

#include "base/glob.hpp"

namespace weir::core {

bool may_be_repeated(Call const& call, RepeatRules const& rules) {
  if (call.updates) return false;
  if (call.method != mcp::Method::tools_call) return mcp::traits_of(call.method).safe;
  if (call.cacheable) return true;
  bool const trusted = rules.trust_hints && !call.says_writes;
  if (trusted && (call.says_read_only || call.says_idempotent)) return true;
  return std::any_of(rules.idempotent.begin(), rules.idempotent.end(),
                     [&](std::string const& pattern) { return base::glob_matches(pattern, call.target); });
}

}  // namespace weir::core
