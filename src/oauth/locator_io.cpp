#include "oauth/locator_io.hpp"

#include <algorithm>

#include "oauth/error_table.hpp"

namespace weir::oauth {

namespace {

constexpr std::string_view kQuestion = R"({"jsonrpc":"2.0","id":0,"method":"ping"})";

bool lists(std::vector<std::string> const& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A server that says nothing of itself cannot have named an issuer that is somebody else.
OAuthError unnamed(OAuthError why) {
  why.step.clear();
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

IssuerLocator::Text IssuerLocator::read(net::Url url, base::TimePoint deadline) {
  net::FetchRequest request;
  request.guard = named_by_operator(url) ? nullptr : options_.guard;
  request.url = std::move(url);
  request.answer_bytes_max = kDocumentMax;
  request.fields.emplace_back("Accept", base::Secret("application/json"));
  auto reply = co_await fetcher_.fetch(request, std::min(deadline, scheduler_.now() + kStepMax));
  if (!reply) co_return not_reached(reply.error());
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

// The first document that is one, whatever the places before it answered.
template <class Document>
base::Task<OAuthResult<Document>> IssuerLocator::first_of(std::vector<Place> places,
                                                          Reading<Document> reading, Metadata whose,
                                                          DiscoveryFailures failures,
                                                          base::TimePoint deadline) {
  std::optional<net::Url> lost;  // its host is asked nothing more
  for (auto const& place : places) {
    if (lost && net::same_origin(*lost, place.url)) continue;
    auto text = co_await read(place.url, deadline);
    auto document = text ? reading(*text, place.exact) : OAuthResult<Document>(std::move(text).error());
    if (document) co_return document;
    if (concerns_host(document.error())) lost = place.url;
    failures.add(at_step(std::move(document).error(), whose, place.url.authority));
  }
  co_return failures.most_telling();
}

base::Task<OAuthResult<ResourceMetadata>> IssuerLocator::resource(Challenge const& told,
                                                                  base::TimePoint deadline) {
  std::vector<Place> places;
  DiscoveryFailures failures;
  auto const named = named_metadata_place(options_.server, told.resource_metadata);
  if (told.names_metadata() && named) places.push_back({*named, false});
  if (told.names_metadata() && !named) {
    failures.add(at_step(misfit(Cause::protocol, 401, "its 401 names no usable address of them"),
                         Metadata::of_server, options_.server.authority));
  }
  auto known = resource_metadata_places(options_.server);
  for (std::size_t i = 0; i < known.size(); ++i) {
    bool const asked = !places.empty() && places.front().url.text() == known[i].text();
    if (!asked) places.push_back({std::move(known[i]), i + 1 < known.size()});
  }
  Reading<ResourceMetadata> reading = [this](std::string_view text, bool exact) {
    return read_resource_metadata(text, options_.server, exact);
  };
  co_return co_await first_of(std::move(places), std::move(reading), Metadata::of_server, std::move(failures),
                              deadline);
}

base::Task<OAuthResult<IssuerMetadata>> IssuerLocator::issuer(std::string name, base::TimePoint deadline) {
  auto const url = net::parse_url(name);
  if (!url) {
    co_return at_step(misfit(Cause::protocol, 200, "they name an issuer that is no address"),
                      Metadata::of_server, options_.server.authority);
  }
  std::vector<Place> places;
  for (auto& known : issuer_metadata_places(*url)) places.push_back({std::move(known), true});
  Reading<IssuerMetadata> reading = [&name](std::string_view text, bool) {
    return read_issuer_metadata(text, name);
  };
  DiscoveryFailures failures;
  co_return co_await first_of(std::move(places), std::move(reading), Metadata::of_issuer, std::move(failures),
                              deadline);
}

OAuthResult<std::shared_ptr<net::EgressGuard const>> IssuerLocator::guard_for(net::Url const& url) const {
  if (named_by_operator(url)) return std::shared_ptr<net::EgressGuard const>();
  if (auto const checked = options_.guard->check(url); !checked) {
    return at_step(not_reached(checked.error()), "an endpoint of the issuer", url.authority);
  }
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
  } else if (told.names_metadata() || !is_absence(described.error())) {
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
  if (!found && of_its_own && is_absence(found.error())) {
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
