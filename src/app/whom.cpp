#include "app/whom.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/shell_word.hpp"
#include "oauth/kept_sign_in.hpp"

namespace weir::app {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

struct Issuer {
  std::string const* name;
  bool tenants;  // its callers have one
};

Error wrong(std::string what, std::string cure) {
  return Error(Fault::invalid_input, Blame::client, std::move(what)).advise(std::move(cure));
}

std::vector<Issuer> issuers_of(config::Settings const& settings) {
  std::vector<Issuer> all;
  if (settings.jwt) all.push_back({&settings.jwt->issuer, !settings.jwt->claims.tenant.empty()});
  if (settings.introspection) {
    all.push_back({&settings.introspection->issuer, !settings.introspection->claims.tenant.empty()});
  }
  return all;
}

Result<std::string> of_subject(std::string_view subject, Whom const& whom, config::Settings const& settings) {
  auto known = issuers_of(settings);
  if (known.empty()) {
    return wrong("no caller shows a token here, so that there is no `sub:`",
                 "name a key, key:NAME, or configure `auth.jwt` or `auth.introspection`");
  }
  std::string names;
  for (auto const& one : known) names += (names.empty() ? "" : ", ") + *one.name;
  if (!whom.issuer.empty()) std::erase_if(known, [&](auto const& one) { return *one.name != whom.issuer; });
  if (known.empty())
    return wrong(fmt::format("no caller has a token of `{}`", whom.issuer), "issuers of callers: " + names);
  auto const& issuer = *known.front().name;
  bool const one_issuer =
      std::all_of(known.begin(), known.end(), [&](auto const& one) { return *one.name == issuer; });
  if (!one_issuer) return wrong("callers are named by several issuers", "say which one, --issuer: " + names);
  bool const fits = std::any_of(known.begin(), known.end(),
                                [&](auto const& one) { return one.tenants == !whom.tenant.empty(); });
  if (fits) return core::subject_id(issuer, subject, whom.tenant);
  if (whom.tenant.empty()) return wrong("callers have a tenant here", "say which one, --tenant");
  return wrong("callers have no tenant here", "leave --tenant out, or configure `claims.tenant`");
}

}  // namespace

std::string Whom::words() const {
  if (who.empty()) return {};
  std::string words = " --for " + base::shell_word(who);
  if (!issuer.empty()) words += " --issuer " + base::shell_word(issuer);
  if (!tenant.empty()) words += " --tenant " + base::shell_word(tenant);
  return words;
}

Result<std::string> id_of(Whom const& whom, config::Settings const& settings) {
  auto const rest = [&](std::string_view kind) {
    return whom.who.starts_with(kind) ? std::string_view(whom.who).substr(kind.size()) : std::string_view();
  };
  if (auto const subject = rest("sub:"); !subject.empty()) return of_subject(subject, whom, settings);
  if (!whom.issuer.empty() || !whom.tenant.empty())
    return wrong("only a `sub:` has an issuer or a tenant", "leave --issuer and --tenant out");
  if (!rest("cert:").empty()) return whom.who;
  auto const name = rest("key:");
  if (name.empty())
    return wrong(fmt::format("`{}` is not one caller", whom.who),
                 "write key:NAME, sub:SUBJECT or cert:SUBJECT");
  std::string names;
  for (auto const& key : settings.keys) {
    if (key.name == name) return whom.who;
    names += (names.empty() ? "" : ", ") + key.name;
  }
  return wrong(fmt::format("there is no key `{}`", name),
               names.empty() ? "`auth.keys` is empty" : "keys: " + names);
}

}  // namespace weir::app
