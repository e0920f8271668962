// Who callers are and what they may do: access tokens (`auth.jwt`, `auth.introspection`) and `policies`.
//
// Plain values, part of Settings (settings.hpp); defaults equal the option table's.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/secret.hpp"

namespace weir::config {

// Names of claims: a whole name, or a path of names joined by dots.
struct ClaimNames {
  std::string principal = "sub";
  std::string groups = "groups";
  std::string tenant;  // "": none
  bool operator==(ClaimNames const&) const = default;
};

// Signed access tokens of one issuer.
struct TokenAuth {
  std::string issuer;    // as it stands in the tokens
  std::string audience;  // likewise
  std::string jwks_url;  // "": found through the issuer's metadata
  std::vector<std::string> algorithms{"RS256", "PS256", "ES256", "EdDSA"};
  ClaimNames claims;
  std::vector<std::string> scopes;  // every token must have them
  std::chrono::milliseconds keys_lifetime{600'000};
  std::chrono::milliseconds leeway{30'000};
  bool exchanged = false;  // a server wants others for them: they are kept while they are good
  bool operator==(TokenAuth const&) const = default;
};

// Tokens that only their issuer can read (RFC 7662).
struct Introspection {
  std::string url;
  std::string client_id;
  base::Secret client_secret;
  std::string issuer;
  std::string audience;
  ClaimNames claims;
  std::vector<std::string> scopes;
  bool exchanged = false;  // as in TokenAuth
  bool operator==(Introspection const&) const = default;
};

struct Policy {
  std::string who;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  std::vector<std::string> scopes;
  bool operator==(Policy const&) const = default;
};

}  // namespace weir::config
