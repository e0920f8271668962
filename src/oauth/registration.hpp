// Registration: as which client a person's sign-in is asked for, and how the gateway makes itself known where
// it is not.
//
// Brains; pure; any thread; answers are strangers'. In this order: the client in the configuration, a
// document of the operator about the gateway where the issuer reads such, a registration that was made
// before, a new one. An answer counts if it names a client whose way back is the one that was asked for, and
// which can be used by what is done here. Limits: kClientIdMax, kClientScopeMax, kAnswerBytesMax. Sources:
// RFC 7591 2 and 3, RFC 8252 8.4, draft-ietf-oauth-client-id-metadata-document.
#pragma once

#include <optional>

#include "net/http_fetch.hpp"
#include "oauth/locator_io.hpp"
#include "oauth/token_request.hpp"

namespace weir::oauth {

inline constexpr std::size_t kClientIdMax = 2048;
inline constexpr std::size_t kClientScopeMax = 8 * 1024;

enum class ClientFrom { configured, document, kept, registration, nowhere };

// What there is to choose from.
struct ClientChoice {
  bool configured = false;
  std::string document;  // the operator's; "": none
  bool kept = false;     // registered before, at this issuer, with this way back
};
ClientFrom choose_client(ClientChoice const& choice, TokenPlace const& place) noexcept;

// How a client that is registered now will show its secret: not at all, where the issuer lets it.
ClientAuth registered_auth(std::vector<std::string> const& methods) noexcept;

std::string registration_body(std::string const& redirect_uri, std::vector<std::string> const& scopes,
                              ClientAuth auth);

struct Registered {
  ClientIdentity client;
  std::optional<base::WallTime> secret_until;  // nothing: for good
  std::string scope;                           // all that it may ask for; "": the issuer does not say
};
// The error of a registration, with where it was asked for and what can be done. `host`: "" where it is not
// known.
OAuthError registration_failed(OAuthError why, std::string_view host, std::string const& redirect_uri);
// Errors: those of the table; protocol, what came is no registration; policy, it is another one. They say so.
OAuthResult<Registered> read_registration(net::FetchedReply const& reply, std::string const& redirect_uri,
                                          ClientAuth asked, std::string_view host = {});

// Whether a client with this `scope` may ask for these: issuers refuse it what it was not registered for.
bool registered_for(std::string_view scope, std::vector<std::string> const& wanted);

}  // namespace weir::oauth
