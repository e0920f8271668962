// AccessRules: which tools and servers a caller may use, as the operator's policies say.
//
// Brain; immutable, any thread. A rule speaks of a use when its `who` fits the caller and one of its globs
// fits the tool; the first such rule decides: `deny` says no, `allow` says yes, and where it also names
// scopes, the caller's token must have all of them. No rule that speaks of it: no. Without any rule at all:
// yes. What belongs to no tool (prompts, resources, completions) goes by server: it may be used by whom a
// rule allows some tool of that server that no rule before it decides on; if only more scopes are missing for
// each of those, it takes those of the first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/principal.hpp"

namespace weir::core {

struct AccessRule {
  // "*", "anonymous", "group:NAME", "key:NAME", "cert:SUBJECT", "sub:SUBJECT", "tenant:NAME"
  std::string who;
  std::vector<std::string> allow;  // globs over {server}.{tool}
  std::vector<std::string> deny;
  std::vector<std::string> scopes;
  bool operator==(AccessRule const&) const = default;
};

struct Access {
  enum class Verdict { allowed, denied, lacks_scopes };
  Verdict verdict = Verdict::allowed;
  std::vector<std::string> const* scopes = nullptr;  // lacks_scopes: all that are needed; the rule's

  bool visible() const noexcept { return verdict != Verdict::denied; }
};

class AccessRules {
 public:
  AccessRules() = default;
  explicit AccessRules(std::vector<AccessRule> rules) : rules_(std::move(rules)) {}

  bool open() const noexcept { return rules_.empty(); }
  Access to_tool(Principal const& who, std::string_view server, std::string_view tool) const;
  Access to_server(Principal const& who, std::string_view server) const;

  static bool is_who(std::string_view text) noexcept;  // one of the forms above
  bool operator==(AccessRules const&) const = default;

 private:
  std::vector<AccessRule> rules_;
};

}  // namespace weir::core
