// Principal: who is calling. Made by the auth layer, borrowed by everything inward; immutable.
//
// Sessions, quotas and caches bind to `id`, never to a name that a client reports of itself.
#pragma once

#include <string>
#include <vector>

namespace weir::core {

struct Principal {
  std::string id;    // "anonymous", "key:ci", "sub:issuer|subject"; with a tenant "sub@tenant:issuer|subject"
  std::string kind;  // "anonymous", "key", "jwt", "opaque": the bounded label for metrics
  std::vector<std::string> groups;
  std::string credential = {};  // digest of what was shown: tells a caller's tokens apart; "" for anonymous
  std::string subject = {};     // of a token, as its issuer calls the caller; "" for others
  std::string tenant = {};      // of a token, where one is configured
  std::vector<std::string> scopes = {};  // of a token

  bool anonymous() const noexcept { return kind == "anonymous"; }
  friend bool operator==(Principal const&, Principal const&) = default;
};

}  // namespace weir::core
