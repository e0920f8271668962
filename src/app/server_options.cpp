#include "app/server_options.hpp"

#include <algorithm>

#include "bridge/parked_calls.hpp"

namespace weir::app {

router::RouterOptions router_options(std::string const& gateway_info) {
  router::RouterOptions options;
  options.server_info = gateway_info;
  return options;
}

router::NameRules name_rules(config::Settings const& settings) {
  router::NameRules rules;
  rules.prefix = settings.names.prefix;
  rules.bytes_max = settings.names.bytes_max;
  return rules;
}

router::CatalogLoopOptions catalog_options(config::Settings const& settings, std::uint64_t seed) {
  router::CatalogLoopOptions options;
  options.catalog.names = name_rules(settings);
  options.catalog.seed = seed;
  return options;
}

router::ToolRules tool_rules(config::ToolEdits const& edits) {
  return router::ToolRules{edits.hide, edits.rename, edits.description};
}

upstream::StdioBackend::Options stdio_options(config::Server const& server, std::string const& gateway_info,
                                              config::Environment const& environment, observe::Log& log,
                                              observe::ServerMetrics const& metrics) {
  upstream::StdioBackend::Options options;
  options.command.argv.push_back(server.command);
  options.command.argv.insert(options.command.argv.end(), server.args.begin(), server.args.end());
  options.command.environment = upstream::child_environment(
      [&](std::string_view name) { return environment.variable(name); }, server.env);
  options.command.working_directory = server.cwd;
  options.child.server = server.name;
  options.child.gateway_info = gateway_info;
  options.restart.wait_min = server.stdio.restart_min;
  options.restart.wait_max = server.stdio.restart_max;
  options.start_max = server.timeouts.start;
  options.log = &log;
  options.restarts = metrics.upstream_restarts;
  return options;
}

upstream::StdioBackend::Options sse_options(config::Server const& server, std::string const& gateway_info,
                                            observe::Log& log, std::size_t address) {
  upstream::StdioBackend::Options options;
  options.transport = "sse";
  options.verdict_max = std::chrono::hours{24 * 365};       // HTTP+SSE is of one era
  options.command.argv.push_back(server.urls.at(address));  // what status and errors call it
  options.child.server = server.name;
  options.child.gateway_info = gateway_info;
  options.start_max = server.timeouts.start;
  options.log = &log;
  return options;
}

core::CredentialFields credential_fields(config::Server const& server) {
  auto fields = server.headers;
  if (!server.credential.header.empty())
    fields.emplace_back(server.credential.header, server.credential.value);
  return fields;
}

core::CredentialFields shown_fields(config::Server const& server) {
  core::CredentialFields fields;
  auto const add = [&fields](char const* name, base::Secret const& value) {
    if (!value.empty()) fields.emplace_back(name, value);
  };
  if (!server.oauth) return fields;
  auto const& oauth = *server.oauth;
  add("secret", oauth.client.secret);
  add("key", oauth.client.key);
  add("company_secret", oauth.enterprise_client.secret);
  add("company_key", oauth.enterprise_client.key);
  add("password", oauth.password);
  add("assertion", oauth.assertion);
  return fields;
}

config::Server without_credentials(config::Server server) {
  server.headers.clear();
  server.credential = {};
  if (server.oauth) {
    auto& oauth = *server.oauth;
    oauth.client.secret = oauth.client.key = {};
    oauth.enterprise_client.secret = oauth.enterprise_client.key = {};
    oauth.password = oauth.assertion = {};
  }
  return server;
}

base::Result<upstream::HttpBackendOptions> http_options(config::Server const& server,
                                                        std::string const& gateway_info,
                                                        std::size_t address) {
  auto url = net::parse_url(server.urls.at(address));
  if (!url) return url.error();
  upstream::HttpBackendOptions options;
  options.name = server.name;
  options.url = std::move(*url);
  options.gateway_info = gateway_info;
  return options;
}

base::Result<std::vector<std::string>> address_labels(config::Server const& server) {
  std::vector<std::string> labels;
  for (auto const& text : server.urls) {
    auto const url = net::parse_url(text);
    if (!url) return url.error();
    std::string const plain = url->authority + url->target.substr(0, url->target.find('?'));
    std::string label = plain;
    for (int i = 2; std::find(labels.begin(), labels.end(), label) != labels.end(); ++i)
      label = plain + " #" + std::to_string(i);
    labels.push_back(std::move(label));
  }
  return labels;
}

upstream::Balance balance_of(config::Balance balance) noexcept {
  switch (balance) {
    case config::Balance::round_robin: return upstream::Balance::round_robin;
    case config::Balance::by_principal: return upstream::Balance::hash_principal;
    case config::Balance::least_inflight: break;
  }
  return upstream::Balance::least_inflight;
}

upstream::PoolOptions pool_options(config::Server const& server, observe::ServerMetrics const& metrics) {
  upstream::PoolOptions options;
  options.name = server.name;
  options.choice.balance = balance_of(server.balance);
  options.usable = metrics.endpoints_usable;
  options.ejections = metrics.endpoint_ejections;
  return options;
}

watch::WatchOptions watch_options(config::Server const& server) {
  watch::WatchOptions options;
  options.answer_max = server.timeouts.call;
  return options;
}

base::TableOptions parked_options() {
  base::TableOptions options;  // a call's own time ends it: these only bound how many there are
  options.idle_max = options.lifetime_max = base::TableOptions::kDurationMax;
  options.per_principal_max = bridge::ParkedCalls::kPerPrincipalMax;
  return options;
}

bridge::RoundsOptions rounds_options(config::Server const& server) {
  bridge::RoundsOptions options;
  options.leg_max = server.timeouts.parked_max;
  return options;
}

resilience::DeadlineOptions deadline_options(config::Server const& server,
                                             observe::ServerMetrics const& metrics) {
  return {server.timeouts.call, server.timeouts.call_max, metrics.requests_in_flight,
          server.timeouts.parked_max};
}

base::TableOptions table_options(config::Sessions const& sessions) {
  base::TableOptions options;
  options.entries_max = sessions.max;
  options.per_principal_max = sessions.per_principal;
  options.idle_max = sessions.idle;
  options.lifetime_max = sessions.lifetime;
  return options;
}

session::StreamLimits stream_limits(config::Streams const& streams) {
  return {streams.replay_bytes, streams.replay_age, streams.buffer_bytes};
}

std::string_view transport_of(config::Server const& server) {
  if (server.kind == config::UpstreamKind::stdio) return "stdio";
  return server.kind == config::UpstreamKind::sse ? "sse" : "http";
}

auth::ProtectedResource protected_resource(config::Settings const& settings,
                                           config::Listener const& listener) {
  auto const offers = [&](char const* method) {
    return std::find(listener.auth.begin(), listener.auth.end(), method) != listener.auth.end();
  };
  std::vector<std::string> issuers;
  std::vector<std::string> scopes;
  auto const add = [&](std::string const& issuer, std::vector<std::string> const& needed) {
    if (std::find(issuers.begin(), issuers.end(), issuer) == issuers.end()) issuers.push_back(issuer);
    for (auto const& scope : needed) {
      if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(scope);
    }
  };
  if (settings.jwt && offers("jwt")) add(settings.jwt->issuer, settings.jwt->scopes);
  if (settings.introspection && offers("introspection")) {
    add(settings.introspection->issuer, settings.introspection->scopes);
  }
  return issuers.empty() ? auth::ProtectedResource()
                         : auth::ProtectedResource(settings.resource, std::move(issuers), std::move(scopes));
}

std::shared_ptr<core::AccessRules const> access_rules(config::Settings const& settings) {
  if (settings.policies.empty()) return nullptr;
  std::vector<core::AccessRule> rules;
  for (auto const& policy : settings.policies) {
    rules.push_back({policy.who, policy.allow, policy.deny, policy.scopes});
  }
  return std::make_shared<core::AccessRules const>(std::move(rules));
}

net::ContextCacheOptions context_options(config::Settings const& settings) {
  net::ContextCacheOptions options;
  options.entries_max = settings.tls.contexts;
  options.lifetime = settings.tls.lifetime;
  return options;
}

std::shared_ptr<edge::EndpointRules const> endpoint_rules(config::Settings const& settings,
                                                          config::Listener const& listener,
                                                          auth::TokenSources const& tokens) {
  auto made = std::make_shared<edge::EndpointRules>(edge::EndpointRules{
      edge::HostPolicy(listener.bind.local_only(), listener.allowed_hosts, listener.allowed_origins),
      auth::Authenticator(listener.auth, settings.keys, tokens)});
  made->resource = protected_resource(settings, listener);
  made->access = access_rules(settings);
  made->certificates = std::find(listener.auth.begin(), listener.auth.end(), "cert") != listener.auth.end();
  made->modern = listener.modern;
  made->legacy = listener.legacy;
  made->legacy_sse = listener.legacy && listener.legacy_sse;
  made->tool_results = settings.error_style == config::ErrorStyle::tool_result;
  made->body_bytes_max = settings.limits.body_bytes;
  made->streams.keepalive = settings.streams.keepalive;
  made->streams.sweep = settings.streams.sweep;
  made->streams.stale = settings.streams.stale;
  return made;
}

}  // namespace weir::app
