// SignIn: one attempt of a person to let the gateway use a server in their name: authorization code with
// PKCE.
//
// A brain, made for one attempt and used once; one thread. url() is shown or opened, returned() takes what
// came back to the redirect address, whole address or query alone, and gives the code to redeem. State,
// issuer and time are checked before anything in it is believed: on a mismatch nothing that came is used or
// shown. Limits: kLifeMax from begin to return. Sources: RFC 6749 4.1, RFC 7636 (S256 only), RFC 8707 2.1,
// RFC 9207 2.4, RFC 9700 2.1, OpenID Connect Core 11.
#pragma once

#include "oauth/grants.hpp"

namespace weir::oauth {

// What asks for refresh tokens, at issuers that list it among their scopes (OpenID Connect Core 11).
inline constexpr std::string_view kOffline = "offline_access";

// S256: what is shown of a verifier.
std::string code_challenge(std::string_view verifier);

struct SignInAt {
  net::Url authorization_endpoint;
  std::string issuer;
  bool issuer_returned = false;  // its metadata promise `iss` in the answer
  std::string client_id;
  std::string redirect_uri;
  std::vector<std::string> scopes;
  std::string resource;
  std::string bound_key = {};  // thumbprint; the code is good only with proofs of that key (RFC 9449 10)
};

class SignIn {
 public:
  static constexpr base::Duration kLifeMax = std::chrono::minutes{10};

  SignIn(SignInAt at, base::Random& random, base::TimePoint now);

  std::string const& url() const noexcept { return url_; }
  base::Secret const& verifier() const noexcept { return verifier_; }
  std::string const& redirect_uri() const noexcept { return at_.redirect_uri; }

  // The code. Errors: policy (not the answer to this attempt), reauth (too late, used, refused by the person
  // or the issuer).
  OAuthResult<base::Secret> returned(std::string_view address, base::TimePoint now);

 private:
  SignInAt at_;
  std::string state_;
  base::Secret verifier_;
  std::string url_;
  base::TimePoint until_;
  bool used_ = false;
};

}  // namespace weir::oauth
