#include "oauth/person_sign_in_io.hpp"
#include "oauth/discovery_failures.hpp"

#include <algorithm>

#include "oauth/error_table.hpp"
#include "oauth/proof_key.hpp"

namespace weir::oauth {

namespace {

bool lists(std::vector<std::string> const& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

OAuthError not_possible(std::string why) { return misfit(Cause::config, 0, std::move(why)); }

}  // namespace

PersonSignIn::PersonSignIn(Parts const& parts, PersonSignInOptions options)
    : parts_(parts),
      options_(std::move(options)),
      locator_(parts.scheduler, parts.fetcher, options_.at),
      endpoint_(parts.scheduler, parts.fetcher, parts.random),
      client_(options_.client) {}

base::Task<OAuthResult<void>> PersonSignIn::begin(std::string redirect_uri, std::optional<KeptSignIn> before,
                                                  base::TimePoint deadline) {
  auto found = co_await locator_.find(deadline);
  if (!found) co_return found.error();
  place_ = std::move(*found);
  if (place_.authorization_endpoint.empty()) co_return not_possible("nobody can sign in at this issuer");
  if (!place_.proves_codes) {
    co_return misfit(Cause::policy, 200,
                     "the issuer does not announce PKCE with S256; without it a code could "
                     "be used by somebody else");
  }
  auto page = net::parse_url(place_.authorization_endpoint);
  if (!page) co_return misfit(Cause::protocol, 200, "the address to sign in at cannot be read");
  if (auto const open = locator_.guard_for(*page); !open) co_return open.error();
  bool const same = before && before->issuer == place_.issuer;  // never anything of another issuer
  auto scopes = options_.scopes.empty() ? place_.scopes : options_.scopes;
  if (same) scopes = joined(std::move(scopes), before->scopes);
  scopes = joined(std::move(scopes), options_.more);
  if (lists(place_.issuer_scopes, kOffline)) scopes = joined(std::move(scopes), {std::string(kOffline)});
  kept_.id = parts_.random.token(16);
  kept_.server = canonical_resource(options_.at.server);
  kept_.issuer = place_.issuer;
  kept_.token_endpoint = place_.endpoint.text();
  if (place_.revocation) kept_.revocation_endpoint = place_.revocation->text();
  kept_.redirect_uri = std::move(redirect_uri);
  kept_.scopes = scopes;
  if (options_.sends_resource) {
    kept_.resource = !options_.resource.empty() ? options_.resource : place_.resource;
  }
  if (auto const key = take_key(); !key) co_return key;
  if (!same) before.reset();
  auto const known = co_await become_client(before, deadline);
  if (!known) co_return known;
  client_.prover = prover_;
  wanted_ = Wanted{place_.endpoint,   place_.issuer,      scopes,      kept_.resource,
                   options_.audience, options_.key_bound, place_.guard};
  attempt_.emplace(SignInAt{std::move(*page), place_.issuer, place_.issuer_returned, client_.id,
                            kept_.redirect_uri, scopes, kept_.resource, kept_.bound_key},
                   parts_.random, parts_.scheduler.now());
  co_return OAuthResult<void>();
}

OAuthResult<void> PersonSignIn::take_key() {
  if (!options_.key_bound) return {};
  prover_ = options_.client.prover;
  if (!prover_) {
    auto made = proof_key({{}, options_.proof_algorithm}, parts_.random);
    if (!made) return failure_of(made.error());
    prover_ = std::move(*made);
    kept_.key = prover_->written();  // refresh tokens are no use without it
  }
  kept_.bound_key = prover_->thumbprint();
  if (auto unfit = unfit_for(place_.proof_algorithms, *prover_)) return std::move(*unfit);
  return {};
}

void PersonSignIn::take_registration(KeptSignIn const& before) {
  client_ = client_of(before, {});
  kept_.registered = true;
  kept_.client_secret_until = before.client_secret_until;
  kept_.client_scope = before.client_scope;
}

base::Task<OAuthResult<void>> PersonSignIn::become_client(std::optional<KeptSignIn> const& before,
                                                          base::TimePoint deadline) {
  auto const wall = parts_.scheduler.clock().wall();
  bool const usable = before && before->registered && !before->client_id.empty() &&
                      before->redirect_uri == kept_.redirect_uri &&
                      registered_for(before->client_scope, kept_.scopes) &&
                      (!before->client_secret_until || wall < *before->client_secret_until);
  bool const registers = !place_.registration_endpoint.empty();
  // Issuers that forget their tokens forget their clients too; then nothing would come back.
  bool const doubted = usable && registers && (before->ended() || before->client_doubted);
  ClientChoice const choice{!client_.id.empty(), options_.client_document, usable && !doubted};
  switch (choose_client(choice, place_)) {
    case ClientFrom::configured:
      if (options_.any_auth && !client_.secret.empty())
        client_.auth = place_.auth.value_or(ClientAuth::basic);
      break;
    case ClientFrom::document:
      client_ = ClientIdentity{ClientAuth::none, options_.client_document, {}, nullptr, nullptr};
      break;
    case ClientFrom::kept:
      take_registration(*before);
      if (registers) reused_client_ = client_.id;
      break;
    case ClientFrom::registration:
      if (auto made = co_await register_client(deadline); !made) {
        if (!doubted) co_return made;
        take_registration(*before);  // it may be good all the same
      }
      kept_.registered = true;
      break;
    case ClientFrom::nowhere:
      co_return not_possible(
          "the issuer does not know Weir and registers nobody: set `client_id` to a client that you have "
          "made "
          "there, for a native application with the way back " +
          kept_.redirect_uri + (place_.client_documents ? ", or `client_document`" : ""));
  }
  kept_.client_id = client_.id;
  kept_.client_auth = client_.auth;
  if (kept_.registered) kept_.client_secret = client_.secret;
  co_return OAuthResult<void>();
}

base::Task<OAuthResult<void>> PersonSignIn::register_client(base::TimePoint deadline) {
  net::FetchRequest request;
  auto url = net::parse_url(place_.registration_endpoint);
  if (!url) co_return misfit(Cause::protocol, 200, "the address to register at cannot be read");
  auto guard = locator_.guard_for(*url);
  if (!guard) co_return guard.error();
  auto const auth = registered_auth(place_.auth_methods);
  auto const host = url->authority;
  request.method = "POST";
  request.url = std::move(*url);
  request.guard = std::move(*guard);
  request.answer_bytes_max = kAnswerBytesMax;
  request.fields.emplace_back("Content-Type", base::Secret("application/json"));
  request.fields.emplace_back("Accept", base::Secret("application/json"));
  request.body = base::Secret(registration_body(kept_.redirect_uri, kept_.scopes, auth));
  auto reply = co_await parts_.fetcher.fetch(request, deadline);
  if (!reply) co_return registration_failed(not_reached(reply.error()), host, kept_.redirect_uri);
  auto made = read_registration(*reply, kept_.redirect_uri, auth, host);
  explicit_bzero(reply->body.data(), reply->body.size());
  if (!made) co_return made.error();
  client_ = std::move(made->client);
  kept_.client_secret_until = made->secret_until;
  kept_.client_scope = std::move(made->scope);
  co_return OAuthResult<void>();
}

base::Task<OAuthResult<KeptSignIn>> PersonSignIn::finish(base::Secret code, base::TimePoint deadline) {
  auto const request = ask_code(wanted_, code, attempt_->verifier(), attempt_->redirect_uri());
  auto const asked_at = parts_.scheduler.clock().wall();
  auto answer = co_await endpoint_.ask(request, client_, deadline);
  if (!answer) co_return answer.error();
  kept_.access_token = std::move(answer->access_token);
  kept_.refresh_token = std::move(answer->refresh_token);
  kept_.expires_at = end_of(asked_at, *answer);
  if (!answer->scopes.empty()) kept_.scopes = answer->scopes;
  co_return kept_;
}

ClientIdentity client_of(KeptSignIn const& kept, ClientIdentity const& configured) {
  if (!configured.id.empty()) {
    auto client = configured;
    if (client.auth != ClientAuth::private_key_jwt) client.auth = kept.client_auth;
    return client;
  }
  return ClientIdentity{kept.client_auth, kept.client_id, kept.client_secret, nullptr, nullptr};
}

base::Task<OAuthResult<void>> revoke(PersonSignIn::Parts parts, KeptSignIn const& kept,
                                     ClientIdentity const& client,
                                     std::shared_ptr<net::EgressGuard const> guard,
                                     base::TimePoint deadline) {
  bool const refresh = !kept.refresh_token.empty();
  auto const& token = refresh ? kept.refresh_token : kept.access_token;
  if (kept.revocation_endpoint.empty() || token.empty()) co_return OAuthResult<void>();
  auto url = net::parse_url(kept.revocation_endpoint);
  if (!url) co_return misfit(Cause::protocol, 0, "the address to revoke tokens at cannot be read");
  Wanted wanted;
  wanted.endpoint = std::move(*url);
  wanted.issuer = kept.issuer;
  wanted.guard = std::move(guard);
  auto const request = ask_revocation(wanted, token, refresh);
  TokenEndpoint endpoint(parts.scheduler, parts.fetcher, parts.random);
  co_return co_await endpoint.tell(request, client, deadline);
}

}  // namespace weir::oauth
