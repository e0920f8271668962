// OAuth: how the gateway gets tokens for one server: `servers.*.auth` of type `oauth` or `exchange`.
//
// Plain values, part of Settings; compare equal when nothing has changed. Credentials are Secret.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"

namespace weir::config {

enum class OAuthGrant {
  client_credentials,
  refresh_token,
  password,
  exchange,
  authorization_code,
  jwt_bearer
};
// any: as the issuer says, else basic; key: by assertions that `key` signs.
enum class OAuthClientAuth { any, none, basic, post, key };
enum class SubjectType { access_token, id_token, jwt };  // as what a caller's token is exchanged

struct OAuthClient {
  std::string id;
  base::Secret secret;
  base::Secret key;           // PEM or a JSON Web Key
  std::string key_id;         // "": as the key says, if it does
  std::string key_algorithm;  // "": as the key says, else the usual one of its kind
  OAuthClientAuth auth = OAuthClientAuth::any;
  bool operator==(OAuthClient const&) const = default;
};

// What addresses that others name may lead to.
struct Egress {
  bool deny_private = true;
  std::vector<std::string> allow;  // addresses and networks, checked
  bool operator==(Egress const&) const = default;
};

struct OAuth {
  OAuthGrant grant = OAuthGrant::client_credentials;
  std::string token_url;  // "": found through the server and `issuer`
  std::string issuer;
  OAuthClient client;
  std::vector<std::string> scopes;
  std::string resource;  // "": the server's URL
  bool sends_resource = true;
  std::string audience;
  base::Secret refresh_token;
  std::string refresh_file;
  std::string username;
  base::Secret password;
  base::Secret assertion;          // jwt_bearer: as configured; empty: in the file
  std::string assertion_file;      // …
  std::string assertion_audience;  // … the issuer's name in it; "": its identifier or token endpoint
  SubjectType subject_type = SubjectType::access_token;
  std::string client_document;       // authorization_code: address of a document about this client; "": none
  unsigned redirect_port = 0;        // … where the browser comes back to; 0: any that is free
  std::string sign_in;               // … which one is in use, or why none is: filled in by the gateway
  bool per_principal = false;        // … each caller has their own
  bool names_issuer = false;         // … callers are named by several issuers
  std::string enterprise_token_url;  // enterprise-managed authorization: the company's own issuer; "": none
  OAuthClient enterprise_client;
  bool dpop = false;           // tokens are bound to a key of the gateway (RFC 9449)
  base::Secret dpop_key;       // … this one, PEM or a JSON Web Key; empty: one that is made
  std::string dpop_algorithm;  // … "": as the key says, else the usual one of its kind; of a made one ES256
  Egress egress;
  bool operator==(OAuth const&) const = default;
};

}  // namespace weir::config
