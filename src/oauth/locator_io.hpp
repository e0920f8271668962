// IssuerLocator: finds the token endpoint of a server from what the server says of itself.
//
// One per server, on its worker. In this order: the metadata that a 401 of the server names, those beside its
// path, those at its root; then the metadata of the issuer that they name; for servers of 2025-03-26, which
// have none, whose 401 names none, and which are their own issuer, that at their origin, and where that has
// none either, /token there. Whatever a place answers that is not the document, the next one is asked; where
// one is in trouble and no other has the document, nothing is taken for absent (DiscoveryFailures). A
// configured issuer counts only if the server names it, or has its origin: else no token of it is for that
// server. What is found counts for kFoundFor, or until somebody doubts it: a server may move to another
// issuer. Addresses that the operator has not named pass the guard, as does the token endpoint; redirects are
// not followed. Errors: those of the table; protocol (nothing found), policy (found, of somebody else),
// config (the server does not name the configured issuer, as it names none).
#pragma once

#include <functional>
#include <optional>

#include "net/egress_guard.hpp"
#include "oauth/challenge.hpp"
#include "oauth/discovery_failures.hpp"
#include "oauth/metadata.hpp"
#include "oauth/token_request.hpp"

namespace weir::oauth {

struct LocatorOptions {
  net::Url server;
  std::string issuer;  // the only one that counts; "": the first one that the server names
  std::shared_ptr<net::EgressGuard const> guard;  // never null
};

// Where to ask for a server's tokens, and for what.
struct TokenPlace {
  net::Url endpoint;
  std::string issuer;
  std::vector<std::string> issuers;  // all that the server names; empty: it names none
  std::string resource;              // as the server names itself, else its URL
  std::vector<std::string> scopes;   // that a server wants which has metadata; empty: it does not say
  std::optional<ClientAuth> auth;    // the only way that the issuer takes a client's word; none: by its name
  std::shared_ptr<net::EgressGuard const> guard;
  std::string authorization_endpoint;  // "": nobody can sign in there
  bool issuer_returned = false;
  bool proves_codes = false;                // PKCE with S256
  std::optional<net::Url> revocation = {};  // where tokens are revoked; none: nowhere that may be asked
  std::shared_ptr<net::EgressGuard const> revocation_guard = {};
  std::string registration_endpoint = {};
  std::vector<std::string> auth_methods = {};  // of clients at the token endpoint; empty: not said
  std::vector<std::string> issuer_scopes = {};
  std::vector<std::string> proof_algorithms = {};  // of DPoP; empty: not said
  bool client_documents = false;
};

class IssuerLocator {
 public:
  static constexpr base::Duration kFoundFor = std::chrono::hours{1};
  static constexpr base::Duration kStepMax = std::chrono::seconds{5};

  IssuerLocator(base::Scheduler& scheduler, net::Fetcher& fetcher, LocatorOptions options)
      : scheduler_(scheduler), fetcher_(fetcher), options_(std::move(options)) {}

  // `anew`: what was found before counts no more.
  base::Task<OAuthResult<TokenPlace>> find(base::TimePoint deadline, bool anew = false);
  // What an address that was found has to be asked through. Errors: config, nobody may go there.
  OAuthResult<std::shared_ptr<net::EgressGuard const>> guard_for(net::Url const& url) const;

 private:
  struct Place {
    net::Url url;
    bool exact = false;  // for this very path
  };
  // Of a document that a place has.
  template <class Document>
  using Reading = std::function<OAuthResult<Document>(std::string_view text, bool exact)>;

  using Text = base::Task<OAuthResult<std::string>>;
  Text read(net::Url url, base::TimePoint deadline);
  template <class Document>
  base::Task<OAuthResult<Document>> first_of(std::vector<Place> places, Reading<Document> reading,
                                             Metadata whose, DiscoveryFailures failures,
                                             base::TimePoint deadline);
  base::Task<std::optional<Challenge>> challenge(base::TimePoint deadline);
  base::Task<OAuthResult<ResourceMetadata>> resource(Challenge const& told, base::TimePoint deadline);
  base::Task<OAuthResult<IssuerMetadata>> issuer(std::string name, base::TimePoint deadline);
  base::Task<OAuthResult<TokenPlace>> search(base::TimePoint deadline);
  bool named_by_operator(net::Url const& url) const;
  OAuthResult<TokenPlace> place_of(IssuerMetadata found) const;

  base::Scheduler& scheduler_;
  net::Fetcher& fetcher_;
  LocatorOptions options_;
  std::optional<TokenPlace> found_;
  base::TimePoint found_until_{};
};

}  // namespace weir::oauth
