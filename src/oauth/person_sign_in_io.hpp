// PersonSignIn: a person lets the gateway use a server in their name, from the server's address to the tokens
// that are kept.
//
// For one attempt, on its loop; borrows what it asks with. begin() finds the issuer, makes sure that Weir is
// a client there and gives the address for the person's browser; finish() redeems the code that came back.
// PKCE with S256 always: an issuer that does not announce it is refused (P105). Errors: those of the table;
// config, with the cure, where Weir is no client and cannot become one.
#pragma once

#include "oauth/kept_sign_in.hpp"
#include "oauth/registration.hpp"
#include "oauth/sign_in.hpp"
#include "oauth/token_endpoint_io.hpp"

namespace weir::oauth {

struct PersonSignInOptions {
  LocatorOptions at;
  ClientIdentity client;  // configured; without an id: there is none
  bool any_auth = false;
  std::string client_document;      // address of the operator's document; "": none
  std::vector<std::string> scopes;  // configured; empty: those that the server names
  std::vector<std::string> more;    // asked for this time
  std::string resource;             // configured; "": as the server names itself
  bool sends_resource = true;
  std::string audience;
  bool key_bound = false;       // tokens are bound to a key: that of `client`, else one made for this sign-in
  std::string proof_algorithm;  // of one that is made; "": ES256
};

class PersonSignIn {
 public:
  struct Parts {
    base::Scheduler& scheduler;
    net::Fetcher& fetcher;
    base::Random& random;
  };
  PersonSignIn(Parts const& parts, PersonSignInOptions options);

  // `before`: what is kept of an earlier one, for its registration and its scopes; may be nothing.
  base::Task<OAuthResult<void>> begin(std::string redirect_uri, std::optional<KeptSignIn> before,
                                      base::TimePoint deadline);
  SignIn& attempt() { return *attempt_; }  // after begin()
  std::string const& issuer() const noexcept { return kept_.issuer; }
  // The client of an earlier registration that this sign-in is asked for by; "": another one, or nobody could
  // register anew. An issuer that has forgotten it says so to the browser alone.
  std::string const& reused_client() const noexcept { return reused_client_; }

  base::Task<OAuthResult<KeptSignIn>> finish(base::Secret code, base::TimePoint deadline);

 private:
  OAuthResult<void> take_key();
  base::Task<OAuthResult<void>> become_client(std::optional<KeptSignIn> const& before,
                                              base::TimePoint deadline);
  base::Task<OAuthResult<void>> register_client(base::TimePoint deadline);
  void take_registration(KeptSignIn const& before);
  Parts parts_;
  PersonSignInOptions options_;
  IssuerLocator locator_;
  TokenEndpoint endpoint_;
  TokenPlace place_;
  ClientIdentity client_;
  std::shared_ptr<KeyProver const> prover_;  // null: bearer tokens
  Wanted wanted_;
  KeptSignIn kept_;
  std::string reused_client_;
  std::optional<SignIn> attempt_;
};

// Tells the issuer that the tokens are not used any more (RFC 7009); nothing where it does not want to know.
// `guard`: null where the operator has named the address.
base::Task<OAuthResult<void>> revoke(PersonSignIn::Parts parts, KeptSignIn const& kept,
                                     ClientIdentity const& client,
                                     std::shared_ptr<net::EgressGuard const> guard, base::TimePoint deadline);

// The client that a sign-in was made by. `configured`: where it was.
ClientIdentity client_of(KeptSignIn const& kept, ClientIdentity const& configured);

}  // namespace weir::oauth
