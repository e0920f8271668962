// KeptSignIn: what stays of a person's sign-in: the tokens, whose they are, and as which client they were
// got.
//
// A value and its text (one JSON object, a Secret, because tokens stand in it). Pure; any thread. A sign-in
// is used only for the server, the issuer and the client that it was made for (key of stored credentials:
// issuer and resource), and until it has ended: misfit_of() says why not. Limit: kTextMax. Errors: config,
// not such a text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "core/principal.hpp"
#include "oauth/token_request.hpp"

namespace weir::oauth {

struct KeptSignIn {
  static constexpr std::size_t kTextMax = 128 * 1024;

  std::string id;      // of this sign-in; renewing its tokens does not change it
  std::string person;  // whose it is: the id of their Principal; "": the gateway's, for all its callers
  std::string server;  // canonical URL
  std::string issuer;
  std::string token_endpoint;
  std::string revocation_endpoint;  // "": none
  std::string resource;             // "": none is asked for
  std::string redirect_uri;
  std::vector<std::string> scopes;  // asked for or granted
  std::string client_id;            // "": the issuer does not know it any more
  ClientAuth client_auth = ClientAuth::none;
  bool registered = false;     // by Weir; else configured, or a document
  base::Secret client_secret;  // of a registered client
  std::string client_scope;    // what it was registered for; "": the issuer did not say
  std::optional<base::WallTime> client_secret_until;
  bool client_doubted = false;  // a later sign-in by it did not come back: the next one registers anew
  base::Secret access_token;
  std::optional<base::WallTime> expires_at;  // of the access token
  base::Secret refresh_token;
  std::string bound_key;  // thumbprint of the key that the tokens are bound to (DPoP); "": they are not
  base::Secret key;       // that key, a JSON Web Key, where it was made for this sign-in; else empty
  std::string why_ended;  // what is told until somebody signs in again; "": nothing is known

  bool ended() const noexcept { return access_token.empty() && refresh_token.empty(); }
  void end(std::string why = {}) {
    access_token = {};
    refresh_token = {};
    expires_at.reset();
    why_ended = std::move(why);
  }
};

base::Secret written(KeptSignIn const& kept);
base::Result<KeptSignIn> read_sign_in(std::string_view text);

// What the configuration says of the server; "" for what it leaves open.
struct SignInUse {
  std::string server;  // canonical URL
  std::string issuer;
  std::string client_id;
  bool key_bound = false;
  std::string bound_key = {};  // thumbprint of the configured key
};
// "" when it may be used so.
std::string misfit_of(KeptSignIn const& kept, SignInUse const& use);

// When a token ends that was asked for then: by what the issuer says or by what stands in it, whichever is
// sooner. Nothing: neither says so.
std::optional<base::WallTime> end_of(base::WallTime asked_at, TokenAnswer const& answer) noexcept;

// Both, each word once, in the order in which they came.
std::vector<std::string> joined(std::vector<std::string> scopes, std::vector<std::string> const& more);
// scope-token of RFC 6749 A.4, at most kScopeMax bytes.
inline constexpr std::size_t kScopeMax = 256;
bool is_scope(std::string_view text) noexcept;

// Whose sign-in a caller's own is.
struct Person {
  std::string id;       // of their Principal
  std::string subject;  // of a token; "": they show another credential
  std::string issuer;   // of that token
  std::string tenant;
  std::string words;  // what names them to `weir server`: " --for sub:ann"
};
// `names_issuer`: there are several, so that the words have to say which one it is.
Person person_of(core::Principal const& caller, bool names_issuer);

// What is told of a server where somebody has to sign in; `why`: "" where nobody has. `words`: of the person;
// "" where it is the gateway that lacks a sign-in.
base::Error needs_sign_in(std::string const& server, std::string const& why, std::string const& words = {});

}  // namespace weir::oauth
