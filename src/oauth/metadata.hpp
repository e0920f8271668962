// What a protected resource and an issuer publish of themselves, and where.
//
// Pure; any thread; the texts are strangers'. A document is believed only if it names itself as it was asked
// for: the resource is the server's, the issuer is, byte for byte, the one that was looked up (mix-up
// defence). Limits: kDocumentMax bytes. Sources: RFC 9728 3, RFC 8414 3, OpenID Connect Discovery 4, RFC
// 9207 3, RFC 9449 5.1, draft-ietf-oauth-client-id-metadata-document 5.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/url.hpp"
#include "oauth/oauth_error.hpp"

namespace weir::oauth {

inline constexpr std::size_t kDocumentMax = 64 * 1024;

struct ResourceMetadata {
  std::string resource;
  std::vector<std::string> authorization_servers;  // at least one
  std::vector<std::string> scopes_supported;
};

struct IssuerMetadata {
  std::string issuer;
  std::string token_endpoint;
  std::string authorization_endpoint;          // "": none
  std::vector<std::string> auth_methods;       // of clients at the token endpoint; empty: not said
  std::vector<std::string> challenge_methods;  // of PKCE
  bool issuer_returned = false;                // in the answer of the authorization endpoint
  std::string revocation_endpoint = {};        // "": none (RFC 7009)
  std::string registration_endpoint = {};      // RFC 7591; "": none
  std::vector<std::string> scopes_supported = {};
  bool client_documents = false;  // a client may be named by the address of a document about it
  std::vector<std::string> proof_algorithms = {};  // of DPoP; empty: not said
};

// Where the metadata of `server` may be, in order: with its path, and at the root.
std::vector<net::Url> resource_metadata_places(net::Url const& server);
// Where the server's 401 says that they are. A relative address counts at the server's own origin alone.
std::optional<net::Url> named_metadata_place(net::Url const& server, std::string_view named);
// Where those of an issuer may be, in order.
std::vector<net::Url> issuer_metadata_places(net::Url const& issuer);

// Errors: protocol (not such a document), policy (of another resource or issuer). `exact`: it was found at
// the place for this very path; else it may cover more than the server's path, never less.
OAuthResult<ResourceMetadata> read_resource_metadata(std::string_view text, net::Url const& server,
                                                     bool exact);
OAuthResult<IssuerMetadata> read_issuer_metadata(std::string_view text, std::string_view issuer);

// The name of a server as a resource: without query, without a slash at the end.
std::string canonical_resource(net::Url const& server);

}  // namespace weir::oauth
