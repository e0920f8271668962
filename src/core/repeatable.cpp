#include "core/repeatable.hpp"

#include <algorithm>

#include "base/glob.hpp"

namespace weir::core {

// A task that is changed twice is a different task; a subscription has a keeper of its own.
bool may_be_repeated(Call const& call, std::vector<std::string> const& idempotent, bool trust_hints) {
  using enum mcp::Method;
  if (call.updates) return false;
  if (call.method == tasks_update || call.method == tasks_cancel || call.method == subscriptions_listen)
    return false;
  if (call.method != tools_call) return mcp::traits_of(call.method).safe;
  if (call.cacheable) return true;
  if (trust_hints && !call.says_writes && (call.says_read_only || call.says_idempotent)) return true;
  return std::any_of(idempotent.begin(), idempotent.end(),
                     [&](std::string const& pattern) { return base::glob_matches(pattern, call.target); });
}

}  // namespace weir::core
