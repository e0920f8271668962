// What the members of a token say of its bearer: a Principal, and where the token may be used.
//
// Pure. Callers are told apart by issuer, tenant and subject together; whoever is not named is nobody, and is
// refused (F-14). Groups and scopes are rights of this token, no part of the name: a session goes on when
// they change.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "config/auth_settings.hpp"
#include "core/principal.hpp"
#include "jose/json_object.hpp"

namespace weir::auth {

// A bearer of a token that has been proven.
struct TokenCaller {
  std::shared_ptr<core::Principal const> principal;
  bool everywhere = false;             // its audience is the gateway
  std::vector<std::string> endpoints;  // or these servers' endpoints alone
  base::WallTime until;                // first instant at which the token says nothing any more
  std::uint64_t generation = 0;        // of the keys that proved it; 0 where there are none

  bool may_enter(std::string_view endpoint) const noexcept;  // "" is the endpoint of all servers
};

// "audience" is everywhere; "audience/NAME", where audience is a URL, the endpoint of that server.
struct Entrances {
  bool everywhere = false;
  std::vector<std::string> endpoints;
};
Entrances entrances_of(std::vector<std::string> const& named, std::string_view audience);

// Nothing: the caller is not named. `kind` is Principal::kind, `credential` the digest of the token.
std::optional<core::Principal> principal_of(jose::JsonObject const& claims, config::ClaimNames const& names,
                                            std::string_view issuer, std::string_view kind,
                                            std::string_view credential);

// What a token is exchanged by; `until` as its issuer wrote it.
std::shared_ptr<core::SubjectToken const> subject_token(std::string_view token, core::Principal const& who,
                                                        std::string_view issuer, base::WallTime until);

// RFC 9068 and RFC 7662 have `scope` as one text; some issuers send `scp`, or a list.
std::vector<std::string> scopes_of(jose::JsonObject const& claims);
bool has_all(std::vector<std::string> const& held, std::vector<std::string> const& needed) noexcept;

// SHA-256 over the whole token (F-01), as bytes: the only form in which a token is kept.
std::string token_digest(std::string_view token);

}  // namespace weir::auth
