#include "oauth/locator_io.hpp"

#include <algorithm>

#include "oauth/error_table.hpp"

namespace weir::oauth {

namespace {

constexpr std::string_view kQuestion = R"({"jsonrpc":"2.0","id":0,"method":"ping"})";

bool lists(std::vector<std::string> const& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// An absence is worth looking elsewhere; a foreign document or a closed address is not.
bool look_further(OAuthError const& error) { return error.cause == Cause::config && error.status >= 400; }

// A server that says nothing of itself cannot have named an issuer that is somebody else.
OAuthError unnamed(OAuthError why) {
  why.description = "the server publishes no metadata that name the configured issuer as its own";
  why.advice =
      "Let the server publish its metadata (RFC 9728), or, where no person signs in, set `auth.token_url`.";
  return why;
}

}  // namespace

// The server's own origin, and that of the issuer in the configuration.
bool IssuerLocator::named_by_operator(net::Url const& url) const {
  if (net::same_origin(url, options_.server)) return true;
  auto const issuer = net::parse_url(options_.issuer);
  return issuer && net::same_origin(url, *issuer);
}

IssuerLocator::Text IssuerLocator::read(net::Url url, bool guarded, base::TimePoint deadline) {
  net::FetchRequest request;
  request.guard = guarded ? options_.guard : nullptr;
  request.url = std::move(url);
  request.answer_bytes_max = kDocumentMax;
  request.fields.emplace_back("Accept", base::Secret("application/json"));
  auto reply = co_await fetcher_.fetch(request, std::min(deadline, scheduler_.now() + kStepMax));
  if (!reply) co_return failure_of(reply.error());
  if (reply->status != 200) {
    Seen seen{reply->status};
    seen.retry_after = reply->field("retry-after");
    seen.date = reply->field("date");
    co_return refusal(seen);
  }
  co_return std::move(reply->body);
}

// A question that changes nothing, without a credential: whoever protects itself answers 401.
base::Task<std::optional<Challenge>> IssuerLocator::challenge(base::TimePoint deadline) {
  net::FetchRequest request;
  request.method = "POST";
  request.url = options_.server;
  request.fields.emplace_back("Content-Type", base::Secret("application/json"));
  request.fields.emplace_back("Accept", base::Secret("application/json, text/event-stream"));
  request.body = base::Secret(kQuestion);
  auto const reply = co_await fetcher_.fetch(request, std::min(deadline, scheduler_.now() + kStepMax));
  if (!reply || reply->status != 401) co_return std::nullopt;
  co_return Challenge::parse(reply->field("www-authenticate"));
}

base::Task<OAuthResult<ResourceMetadata>> IssuerLocator::resource(Challenge const& told,
                                                                  base::TimePoint deadline) {
  if (!told.resource_metadata.empty()) {
    auto url = net::parse_url(told.resource_metadata);
    if (!url) co_return misfit(Cause::protocol, 401, "the server names no usable address of its metadata");
    bool const guarded = !named_by_operator(*url);
    auto text = co_await read(std::move(*url), guarded, deadline);
    if (!text) co_return text.error();
    co_return read_resource_metadata(*text, options_.server, false);
  }
  auto const places = resource_metadata_places(options_.server);
  for (std::size_t i = 0; i < places.size(); ++i) {
    auto text = co_await read(places[i], false, deadline);
    if (text) co_return read_resource_metadata(*text, options_.server, i + 1 < places.size());
    if (!look_further(text.error()) || i + 1 == places.size()) co_return text.error();
  }
  co_return misfit(Cause::protocol, 404, "the server publishes nothing of itself");
}

base::Task<OAuthResult<IssuerMetadata>> IssuerLocator::issuer(std::string name, base::TimePoint deadline) {
  auto const url = net::parse_url(name);
  if (!url) co_return misfit(Cause::protocol, 200, "the issuer's name is no address");
  bool const guarded = !named_by_operator(*url);
  auto const places = issuer_metadata_places(*url);
  for (std::size_t i = 0; i < places.size(); ++i) {
    auto text = co_await read(places[i], guarded, deadline);
    if (text) co_return read_issuer_metadata(*text, name);
    if (!look_further(text.error()) || i + 1 == places.size()) co_return text.error();
  }
  co_return misfit(Cause::protocol, 404, "the issuer publishes nothing of itself");
}

OAuthResult<std::shared_ptr<net::EgressGuard const>> IssuerLocator::guard_for(net::Url const& url) const {
  if (named_by_operator(url)) return std::shared_ptr<net::EgressGuard const>();
  if (auto const checked = options_.guard->check(url); !checked) return failure_of(checked.error());
  return options_.guard;
}

OAuthResult<TokenPlace> IssuerLocator::place_of(IssuerMetadata found) const {
  auto endpoint = net::parse_url(found.token_endpoint);
  if (!endpoint) return misfit(Cause::protocol, 200, "the token endpoint's address cannot be read");
  TokenPlace place;
  auto guard = guard_for(*endpoint);
  if (!guard) return guard.error();
  place.guard = std::move(*guard);
  place.endpoint = std::move(*endpoint);
  place.issuer = std::move(found.issuer);
  bool const basic = found.auth_methods.empty() || lists(found.auth_methods, "client_secret_basic");
  if (!basic && lists(found.auth_methods, "client_secret_post")) place.auth = ClientAuth::post;
  if (!basic && !place.auth && lists(found.auth_methods, "none")) place.auth = ClientAuth::none;
  place.authorization_endpoint = std::move(found.authorization_endpoint);
  place.issuer_returned = found.issuer_returned;
  // A place that may not be asked is none: tokens can be had all the same.
  if (auto revocation = net::parse_url(found.revocation_endpoint)) {
    bool const named = named_by_operator(*revocation);
    if (named || options_.guard->check(*revocation)) place.revocation = std::move(*revocation);
    if (!named) place.revocation_guard = options_.guard;
  }
  place.proves_codes = lists(found.challenge_methods, "S256");
  place.registration_endpoint = std::move(found.registration_endpoint);
  place.auth_methods = std::move(found.auth_methods);
  place.issuer_scopes = std::move(found.scopes_supported);
  place.proof_algorithms = std::move(found.proof_algorithms);
  place.client_documents = found.client_documents;
  return place;
}

base::Task<OAuthResult<TokenPlace>> IssuerLocator::search(base::TimePoint deadline) {
  auto challenged = co_await challenge(deadline);
  Challenge const told = challenged ? std::move(*challenged) : Challenge();
  auto const described = co_await resource(told, deadline);
  std::string name = options_.issuer;
  if (described) {
    if (name.empty()) name = described->authorization_servers.front();
    if (!lists(described->authorization_servers, name)) {
      auto error = misfit(Cause::policy, 200, "the server does not name the configured issuer as its own");
      error.advice =
          "If the server has moved to another issuer, make Weir a client there and set `auth.issuer`; what "
          "is "
          "configured for this one is sent to no other.";
      co_return error;
    }
  } else if (!look_further(described.error())) {
    co_return described.error();
  }
  auto root = options_.server;
  root.target = "/";
  auto const origin = canonical_resource(root);
  if (name.empty()) name = origin;
  auto const named = net::parse_url(name);
  bool const elsewhere = named && !net::same_origin(*named, options_.server);
  if (!described && elsewhere) co_return unnamed(described.error());
  bool const of_its_own = !described && named && canonical_resource(*named) == origin;  // as of 2025-03-26
  auto found = co_await issuer(name, deadline);
  if (!found && of_its_own && look_further(found.error())) {
    found = IssuerMetadata{
        name, origin + "/token", origin + "/authorize", {}, {"S256"}, false, {}, origin + "/register", {},
        false};
  }
  if (!found) co_return found.error();
  auto place = place_of(std::move(*found));
  if (!place) co_return place;
  place->resource = described ? described->resource : canonical_resource(options_.server);
  if (described) {
    place->issuers = described->authorization_servers;
    place->scopes = told.scopes.empty() ? described->scopes_supported : told.scopes;
  }
  co_return place;
}

base::Task<OAuthResult<TokenPlace>> IssuerLocator::find(base::TimePoint deadline, bool anew) {
  if (anew) found_.reset();
  if (found_ && scheduler_.now() < found_until_) co_return *found_;
  auto place = co_await search(deadline);
  if (!place) co_return place;
  found_ = *place;
  found_until_ = scheduler_.now() + kFoundFor;
  co_return place;
}

}  // namespace weir::oauth
