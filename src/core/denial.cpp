#include "core/denial.hpp"

namespace weir::core {

std::optional<base::Error> denial_of(CallFields const& call, std::string_view server, std::string_view tool,
                                     std::vector<std::string>* scopes) {
  if (!call.access) return std::nullopt;
  auto const access = tool.empty() ? call.access->to_server(*call.principal, server)
                                   : call.access->to_tool(*call.principal, server, tool);
  if (access.verdict == Access::Verdict::allowed) return std::nullopt;
  base::Error error(base::Fault::denied, base::Blame::client, "policies");
  if (access.verdict == Access::Verdict::denied) {
    return std::move(error).advise("No policy allows this caller to use it.");
  }
  if (scopes != nullptr) *scopes = *access.scopes;
  std::string names;
  for (auto const& scope : *access.scopes) names += " " + scope;
  return std::move(error).advise("The token needs more scopes:" + names + ".");
}

}  // namespace weir::core
