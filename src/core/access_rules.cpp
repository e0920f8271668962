#include "core/access_rules.hpp"

#include <algorithm>
#include <array>

#include "base/glob.hpp"

namespace weir::core {
namespace {

constexpr std::string_view kGroup = "group:";
constexpr std::string_view kKey = "key:";
constexpr std::string_view kCertificate = "cert:";
constexpr std::string_view kSubject = "sub:";
constexpr std::string_view kTenant = "tenant:";

bool fits(std::string_view who, Principal const& caller) {
  if (who == "*") return true;
  if (who == "anonymous") return caller.anonymous();
  if (who.starts_with(kGroup)) {
    auto const& groups = caller.groups;
    return std::find(groups.begin(), groups.end(), who.substr(kGroup.size())) != groups.end();
  }
  if (who.starts_with(kKey)) return caller.kind == "key" && caller.id == who;
  if (who.starts_with(kCertificate)) return caller.kind == "cert" && caller.id == who;
  if (who.starts_with(kSubject))
    return !caller.subject.empty() && caller.subject == who.substr(kSubject.size());
  if (who.starts_with(kTenant)) return !caller.tenant.empty() && caller.tenant == who.substr(kTenant.size());
  return false;
}

bool any_matches(std::vector<std::string> const& globs, std::string_view name) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](auto const& glob) { return base::glob_matches(glob, name); });
}

// Whether the glob fits some name that begins so.
bool may_match(std::string_view glob, std::string_view beginning) {
  for (std::size_t taken = 0; taken <= glob.size(); ++taken) {
    if (base::glob_matches(glob.substr(0, taken), beginning)) return true;
  }
  return false;
}

// What the rules so far have kept from a caller.
class Settled {
 public:
  void add(std::vector<std::string> const& globs) { globs_.insert(globs_.end(), globs.begin(), globs.end()); }
  bool all_of(std::string_view beginning) const {  // every name that begins so
    return std::any_of(globs_.begin(), globs_.end(), [&](std::string_view glob) {
      return glob.ends_with('*') && base::glob_matches(glob, beginning);
    });
  }
  bool covers(std::string_view glob) const {  // all that it fits
    return std::any_of(globs_.begin(), globs_.end(), [&](std::string_view wider) {
      // A `?` would take a `*` for one byte.
      return wider == glob || (wider.find('?') == std::string_view::npos && base::glob_matches(wider, glob));
    });
  }

 private:
  std::vector<std::string_view> globs_;
};

Access allowed_by(AccessRule const& rule, Principal const& who) {
  bool const has_all = std::all_of(rule.scopes.begin(), rule.scopes.end(), [&](auto const& scope) {
    return std::find(who.scopes.begin(), who.scopes.end(), scope) != who.scopes.end();
  });
  if (has_all) return {};
  // Only a token can get more scopes: everybody else is refused for good.
  if (who.subject.empty()) return {Access::Verdict::denied, nullptr};
  return {Access::Verdict::lacks_scopes, &rule.scopes};
}

constexpr Access kDenied{Access::Verdict::denied, nullptr};

}  // namespace

Access AccessRules::to_tool(Principal const& who, std::string_view server, std::string_view tool) const {
  if (rules_.empty()) return {};
  std::string name(server);
  name.append(1, '.').append(tool);
  for (auto const& rule : rules_) {
    if (!fits(rule.who, who)) continue;
    if (any_matches(rule.deny, name)) return kDenied;
    if (any_matches(rule.allow, name)) return allowed_by(rule, who);
  }
  return kDenied;
}

Access AccessRules::to_server(Principal const& who, std::string_view server) const {
  if (rules_.empty()) return {};
  std::string const beginning = std::string(server) + ".";
  Access best = kDenied;
  Settled settled;
  auto const is_left = [&](auto const& glob) { return may_match(glob, beginning) && !settled.covers(glob); };
  for (auto const& rule : rules_) {
    if (!fits(rule.who, who)) continue;
    settled.add(rule.deny);
    if (settled.all_of(beginning)) return best;
    if (std::none_of(rule.allow.begin(), rule.allow.end(), is_left)) continue;
    auto const access = allowed_by(rule, who);
    if (access.verdict == Access::Verdict::allowed) return access;
    if (best.verdict == Access::Verdict::denied) best = access;
    settled.add(rule.allow);
  }
  return best;
}

bool AccessRules::is_who(std::string_view text) noexcept {
  if (text == "*" || text == "anonymous") return true;
  constexpr std::array kForms{kGroup, kKey, kCertificate, kSubject, kTenant};
  return std::any_of(kForms.begin(), kForms.end(),
                     [&](auto form) { return text.starts_with(form) && text.size() > form.size(); });
}

}  // namespace weir::core
