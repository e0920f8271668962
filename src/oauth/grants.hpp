// The question of each flow: which fields it sends, and what the answer to it has to be.
//
// Pure functions; any thread. `resource` (RFC 8707) goes with every question of a server's token; where the
// issuer is known not to understand it, it is empty. Sources: RFC 6749 4 and 6, RFC 7523 2.1, RFC 7636, RFC
// 7662, RFC 8693, draft-ietf-oauth-identity-assertion-authz-grant.
#pragma once

#include "oauth/token_request.hpp"

namespace weir::oauth {

inline constexpr std::string_view kAccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
inline constexpr std::string_view kIdTokenType = "urn:ietf:params:oauth:token-type:id_token";
inline constexpr std::string_view kJwtType = "urn:ietf:params:oauth:token-type:jwt";
inline constexpr std::string_view kIdJagType = "urn:ietf:params:oauth:token-type:id-jag";

// What the flows have in common.
struct Wanted {
  net::Url endpoint;
  std::string issuer;
  std::vector<std::string> scopes;
  std::string resource;                           // the server's canonical URL
  std::string audience;                           // by name, for issuers that know servers so
  bool key_bound = false;                         // tokens have to be bound to the key of the client (DPoP)
  std::shared_ptr<net::EgressGuard const> guard;  // where the endpoint was found, not configured
};

// A token of somebody else, to be exchanged. Borrowed.
struct Subject {
  base::Secret const& token;
  std::string_view type = kAccessTokenType;
};

TokenRequest ask_client_credentials(Wanted const& wanted);
TokenRequest ask_refresh(Wanted const& wanted, base::Secret const& refresh_token);
// RFC 9700 2.4 forbids this grant; it exists for issuers that know no other (C-12).
TokenRequest ask_password(Wanted const& wanted, std::string const& user, base::Secret const& password);
TokenRequest ask_exchange(Wanted const& wanted, Subject const& subject, Subject const* actor = nullptr);
// The first half of enterprise-managed authorization: at the company's own issuer, `wanted.audience` is the
// issuer of the server. The second half is ask_jwt_bearer() there.
TokenRequest ask_id_jag(Wanted const& wanted, Subject const& subject);
// `flow`: jwt_bearer, for a caller; or workload, for the gateway itself.
TokenRequest ask_jwt_bearer(Wanted const& wanted, base::Secret const& assertion,
                            Flow flow = Flow::jwt_bearer);
TokenRequest ask_code(Wanted const& wanted, base::Secret const& code, base::Secret const& verifier,
                      std::string const& redirect_uri);
// RFC 7009. The answer has no body: it is told, not asked for.
TokenRequest ask_revocation(Wanted const& wanted, base::Secret const& token, bool refresh_token);
TokenRequest ask_introspection(Wanted const& wanted, base::Secret const& token);

}  // namespace weir::oauth
