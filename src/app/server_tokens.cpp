#include "app/server_tokens.hpp"

#include <fmt/format.h>

#include "app/server_options.hpp"
#include "app/sign_ins.hpp"
#include "oauth/client_key.hpp"
#include "oauth/people_tokens_io.hpp"
#include "oauth/proof_key.hpp"

namespace weir::app {

namespace {

oauth::ClientAuth auth_of(config::OAuthClientAuth auth) noexcept {
  switch (auth) {
    case config::OAuthClientAuth::none: return oauth::ClientAuth::none;
    case config::OAuthClientAuth::post: return oauth::ClientAuth::post;
    case config::OAuthClientAuth::key: return oauth::ClientAuth::private_key_jwt;
    case config::OAuthClientAuth::any:
    case config::OAuthClientAuth::basic: break;
  }
  return oauth::ClientAuth::basic;
}

base::Result<oauth::ClientIdentity> identity(config::OAuthClient const& client, base::Random& random) {
  oauth::ClientIdentity made{auth_of(client.auth), client.id, client.secret, nullptr, nullptr};
  if (client.auth != config::OAuthClientAuth::key) return made;
  auto key = oauth::read_client_key({client.key, client.key_id, client.key_algorithm}, random);
  if (!key) return key.error();
  made.assertions = std::move(*key);
  return made;
}

// The key that tokens are bound to: null where they are not, and where each sign-in brings its own.
base::Result<std::shared_ptr<oauth::KeyProver const>> prover_of(config::OAuth const& oauth,
                                                                base::Random& random) {
  bool const of_sign_in = oauth.grant == config::OAuthGrant::authorization_code && oauth.dpop_key.empty();
  if (!oauth.dpop || of_sign_in) return std::shared_ptr<oauth::KeyProver const>();
  return oauth::proof_key({oauth.dpop_key, oauth.dpop_algorithm}, random);
}

oauth::Grant grant_of(config::OAuth const& oauth) noexcept {
  switch (oauth.grant) {
    case config::OAuthGrant::refresh_token: return oauth::Grant::refresh_token;
    case config::OAuthGrant::password: return oauth::Grant::password;
    case config::OAuthGrant::exchange:
      return oauth.enterprise_token_url.empty() ? oauth::Grant::exchange : oauth::Grant::id_jag;
    case config::OAuthGrant::authorization_code: return oauth::Grant::authorization_code;
    case config::OAuthGrant::jwt_bearer: return oauth::Grant::workload;
    case config::OAuthGrant::client_credentials: break;
  }
  return oauth::Grant::client_credentials;
}

std::string_view subject_type_of(config::SubjectType type) noexcept {
  switch (type) {
    case config::SubjectType::id_token: return oauth::kIdTokenType;
    case config::SubjectType::jwt: return oauth::kJwtType;
    case config::SubjectType::access_token: break;
  }
  return oauth::kAccessTokenType;
}

// Whose the tokens are; named: callers' issuers are several.
enum class Whose { gateway, persons, named_persons };

Whose whose_of(config::OAuth const& oauth) noexcept {
  if (!oauth.per_principal) return Whose::gateway;
  return oauth.names_issuer ? Whose::named_persons : Whose::persons;
}

// A source with what it borrows; one life.
struct ServerTokens {
  ServerTokens(WorkerParts& parts, std::shared_ptr<net::Dialer> own, oauth::TokenSourceOptions options,
               oauth::LocatorOptions places, Whose whose)
      : dialer(std::move(own)),
        fetcher(parts.scheduler, dialer ? *dialer : parts.dialer),
        locator(parts.scheduler, fetcher, std::move(places)),
        log(parts.log),
        requests(parts.metrics.gateway().tokens.requests),
        revocations(parts.metrics.gateway().tokens.revocations),
        name(options.server),
        found(!options.wanted.endpoint.host.empty()),
        source(made({parts.scheduler, fetcher, parts.random, parts.tokens->keys, parts.tokens->cache,
                     parts.tokens->book, &parts.tokens->sign_ins},
                    std::move(options), whose)) {}

  std::unique_ptr<core::CredentialSource> made(oauth::TokenParts const& from,
                                               oauth::TokenSourceOptions options, Whose whose) {
    if (whose == Whose::gateway)
      return std::make_unique<oauth::TokenSource>(from, std::move(options), place(), reports());
    return std::make_unique<oauth::PeopleTokens>(from, std::move(options), place(), reports(),
                                                 whose == Whose::named_persons);
  }
  oauth::TokenSource::Locator place() {
    if (found) return {};
    return [this](base::TimePoint deadline, bool anew) { return locator.find(deadline, anew); };
  }
  oauth::TokenSource::Reports reports() {
    oauth::TokenSource::Reports made;
    made.alarm = [this](std::string const& what) {
      log.event(observe::Level::warn, "oauth.trouble", name + ": " + what);
    };
    made.hit = [this] {
      if (log.wants(observe::Level::debug))
        log.event(observe::Level::debug, "token.hit", "a token was at hand", {{observe::Key::server, name}});
    };
    made.asked = [this](oauth::Flow flow, oauth::OAuthError const* error, base::Duration took) {
      asked(flow, error, took);
    };
    made.returned = [this](std::string_view result) { revocations.add(result); };
    return made;
  }
  void asked(oauth::Flow flow, oauth::OAuthError const* error, base::Duration took) {
    auto const outcome = error == nullptr ? std::string_view("ok") : oauth::name_of(error->cause);
    requests.add(outcome);
    log.event(observe::Level::info, "token.exchange", fmt::format("{}: {}", oauth::name_of(flow), outcome),
              {{observe::Key::server, name}, {observe::Key::duration_ms, took}});
  }

  std::shared_ptr<net::Dialer> dialer;  // outlives the fetcher
  net::NetFetcher fetcher;
  oauth::IssuerLocator locator;
  observe::Log& log;
  observe::CounterSet requests;     // by outcome
  observe::CounterSet revocations;  // by result
  std::string name;
  bool found;
  std::unique_ptr<core::CredentialSource> source;
};

}  // namespace

net::EgressRules egress_rules(config::Egress const& egress, net::Url const& server) {
  net::EgressRules rules;
  rules.deny_private = egress.deny_private;
  rules.loopback = net::is_loopback_host(server.host);
  for (auto const& text : egress.allow) {
    if (auto const range = net::AddressRange::parse(text)) rules.allow.push_back(*range);
  }
  return rules;
}

base::Result<oauth::TokenSourceOptions> token_options(config::Server const& server, base::Random& random) {
  auto const& oauth = *server.oauth;
  oauth::TokenSourceOptions options;
  options.server = server.name;
  options.grant = grant_of(oauth);
  auto client = identity(oauth.client, random);
  if (!client) return client.error();
  options.client = std::move(*client);
  auto prover = prover_of(oauth, random);
  if (!prover) return prover.error();
  options.client.prover = std::move(*prover);
  options.wanted.key_bound = oauth.dpop;
  options.any_auth = oauth.client.auth == config::OAuthClientAuth::any;
  options.wanted.issuer = oauth.issuer;
  options.wanted.scopes = oauth.scopes;
  options.wanted.audience = oauth.audience;
  if (!oauth.token_url.empty()) {
    auto endpoint = net::parse_url(oauth.token_url);
    if (!endpoint) return endpoint.error();
    options.wanted.endpoint = std::move(*endpoint);
  }
  auto const url = net::parse_url(server.urls.at(0));
  if (!url) return url.error();
  options.wanted.resource = !oauth.resource.empty() ? oauth.resource
                            : oauth.sends_resource && !oauth.token_url.empty()
                                ? oauth::canonical_resource(*url)
                                : std::string();
  options.sends_resource = oauth.sends_resource;
  options.refresh_token = oauth.refresh_token;
  options.refresh_file = oauth.refresh_file;
  if (auto use = sign_in_use(server)) options.sign_in_use = std::move(*use);
  options.sign_in = oauth.sign_in;
  options.user = oauth.username;
  options.password = oauth.password;
  options.assertion = {oauth.assertion, oauth.assertion_file, oauth.assertion_audience};
  options.subject_type = subject_type_of(oauth.subject_type);
  if (options.grant == oauth::Grant::id_jag) {
    auto company = net::parse_url(oauth.enterprise_token_url);
    if (!company) return company.error();
    options.company.endpoint = std::move(*company);
    auto member = identity(oauth.enterprise_client, random);
    if (!member) return member.error();
    options.company_client = std::move(*member);
  }
  return options;
}

base::Result<oauth::PersonSignInOptions> person_options(config::Server const& server,
                                                        std::vector<std::string> more, base::Random& random) {
  auto const& oauth = *server.oauth;
  auto url = net::parse_url(server.urls.at(0));
  if (!url) return url.error();
  auto guard = std::make_shared<net::EgressGuard const>(egress_rules(oauth.egress, *url));
  oauth::PersonSignInOptions options;
  options.at = {std::move(*url), oauth.issuer, std::move(guard)};
  auto client = identity(oauth.client, random);
  if (!client) return client.error();
  options.client = std::move(*client);
  auto prover = prover_of(oauth, random);
  if (!prover) return prover.error();
  options.client.prover = std::move(*prover);
  options.key_bound = oauth.dpop;
  options.proof_algorithm = oauth.dpop_algorithm;
  options.any_auth = oauth.client.auth == config::OAuthClientAuth::any;
  options.client_document = oauth.client_document;
  options.scopes = oauth.scopes;
  options.more = std::move(more);
  options.resource = oauth.resource;
  options.sends_resource = oauth.sends_resource;
  options.audience = oauth.audience;
  return options;
}

std::shared_ptr<net::EgressGuard const> revocation_guard(oauth::PersonSignInOptions const& options,
                                                         net::Url const& endpoint) {
  auto const issuer = net::parse_url(options.at.issuer);
  bool const named =
      net::same_origin(endpoint, options.at.server) || (issuer && net::same_origin(endpoint, *issuer));
  return named ? nullptr : options.at.guard;
}

void take_from(std::shared_ptr<core::CredentialSlot> slot, config::Server const& server, base::Random& random,
               oauth::TokenSourceOptions& options) {
  auto const bare = without_credentials(server);
  for (auto* client : {&options.client, &options.company_client}) {
    client->secret = {};
    client->assertions = nullptr;
  }
  options.password = options.assertion.text = {};
  options.slot = std::move(slot);
  options.read = [oauth = *bare.oauth, &random](
                     oauth::OwnCredentials own,
                     core::CredentialFields const& fields) -> base::Result<oauth::OwnCredentials> {
    for (auto const& [name, value] : fields) {
      if (name == "secret") own.client.secret = value;
      if (name == "company_secret") own.company_client.secret = value;
      if (name == "password") own.password = value;
      if (name == "assertion") own.assertion.text = value;
      bool const company = name == "company_key";
      if (name != "key" && !company) continue;
      auto const& client = company ? oauth.enterprise_client : oauth.client;
      auto key = oauth::read_client_key({value, client.key_id, client.key_algorithm}, random);
      if (!key) return key.error();
      (company ? own.company_client : own.client).assertions = std::move(*key);
    }
    return own;
  };
}

base::Result<std::shared_ptr<core::CredentialSource>> tokens_of(WorkerParts& parts,
                                                                config::Server const& server,
                                                                std::shared_ptr<core::CredentialSlot> shown,
                                                                std::shared_ptr<net::Dialer> own) {
  if (!server.oauth) return std::shared_ptr<core::CredentialSource>();
  WEIR_ASSERT(parts.tokens != nullptr);
  auto options = token_options(server, parts.random);
  if (!options) return options.error();
  if (shown) take_from(std::move(shown), server, parts.random, *options);
  auto url = net::parse_url(server.urls.at(0));
  if (!url) return url.error();
  auto guard = std::make_shared<net::EgressGuard const>(egress_rules(server.oauth->egress, *url));
  if (options->grant == oauth::Grant::authorization_code) options->wanted.guard = guard;
  oauth::LocatorOptions places{std::move(*url), server.oauth->issuer, std::move(guard)};
  auto made = std::make_shared<ServerTokens>(parts, std::move(own), std::move(*options), std::move(places),
                                             whose_of(*server.oauth));
  return std::shared_ptr<core::CredentialSource>(made, made->source.get());
}

}  // namespace weir::app
