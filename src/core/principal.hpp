// Principal: who is calling. Made by the auth layer, borrowed by everything inward; immutable.
//
// Sessions, quotas and caches bind to `id`, never to a name that a client reports of itself.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace weir::core {

// A verified token that a caller has shown, kept for one use only: to be exchanged for another one. It goes
// to no server.
struct SubjectToken {
  base::Secret text;
  std::string issuer;   // verified, like all below
  std::string subject;  // never empty
  std::string tenant;   // "": the issuer has none
  std::string actor;    // who acts for the subject; ""
  std::optional<base::WallTime> expires;
  bool id_token = false;  // else an access token
};

struct Principal {
  std::string id;    // "anonymous", "key:ci", "sub:issuer|subject"; with a tenant "sub@tenant:issuer|subject"
  std::string kind;  // "anonymous", "key", "jwt", "opaque": the bounded label for metrics
  std::vector<std::string> groups;
  std::string credential = {};  // digest of what was shown: tells a caller's tokens apart; "" for anonymous
  std::string subject = {};     // of a token, as its issuer calls the caller; "" for others
  std::string tenant = {};      // of a token, where one is configured
  std::vector<std::string> scopes = {};            // of a token
  std::vector<std::string> endpoints = {};         // servers that a token is for; empty: it is for all
  std::shared_ptr<SubjectToken const> token = {};  // null: what was shown cannot be exchanged
  base::WallTime until = base::WallTime::max();    // first instant at which what was shown says nothing more

  bool anonymous() const noexcept { return kind == "anonymous"; }
  // Whether what was shown is good for this server at all, whatever the policies say.
  bool reaches(std::string_view server) const noexcept {
    return endpoints.empty() || std::find(endpoints.begin(), endpoints.end(), server) != endpoints.end();
  }
  // Token and end are not compared: the credential is the digest of what has them.
  friend bool operator==(Principal const& a, Principal const& b) {
    auto const all = [](Principal const& p) {
      return std::tie(p.id, p.kind, p.groups, p.credential, p.subject, p.tenant, p.scopes, p.endpoints);
    };
    return all(a) == all(b);
  }
};

// The id of whom a token names. `tenant`: "" where callers have none.
std::string subject_id(std::string_view issuer, std::string_view subject, std::string_view tenant);
// Whether that is the subject's id, in whatever tenant.
bool is_id_of(std::string_view id, std::string_view issuer, std::string_view subject) noexcept;
// Who has named the caller; "" where no token has.
std::string_view issuer_of(Principal const& who) noexcept;

}  // namespace weir::core
