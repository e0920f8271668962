#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

constexpr std::array kListenerFiles{"cert", "key", "client_ca"};
constexpr std::array kServerFiles{"ca", "cert", "key"};
constexpr std::array kPlacesKept{
    "workers",   "observability.log.format", "observability.metrics.path", "admin.bind", "admin.auth",
    "listeners", "auth.jwt.issuer",          "auth.jwt.jwks_url"};

void note_marks(Node const* tls, std::span<char const* const> keys, std::string const& path,
                Settings& settings) {
  for (auto const* const key : keys) {
    if (auto const* const node = tls->find(key)) settings.tls_marks[path + ".tls." + key] = node->mark;
  }
}

void note_place(Node const* node, std::string key, Settings& settings) {
  if (node == nullptr || !node->mark.source) return;
  auto const& mark = node->mark;
  settings.places[std::move(key)] = fmt::format("{}:{}:{}", mark.source->name, mark.line, shown_column(mark));
}

void read_server_tls(Node const& root, Settings& settings, Environment const& environment) {
  for (auto const& server : settings.servers) {
    auto const path = "servers." + server.name;
    auto const* const servers = root.find("servers");
    auto const* const tls = section_at(servers->find(server.name), "tls");
    if (tls == nullptr || server.kind == UpstreamKind::stdio) continue;
    ServerTls& read = settings.server_tls[server.name];
    take_path(tls, "ca", read.ca, environment);
    take_path(tls, "cert", read.cert, environment);
    take_key(tls, "key", read.key, environment);
    take(tls, "verify", read.verify);
    read.only_13 = scalar_at(tls, "min_version") == "1.3";
    note_marks(tls, kServerFiles, path, settings);
  }
}

void read_pinning(Node const& root, Settings& settings) {
  for (auto const& server : settings.servers) {
    auto const word = scalar_at(root.find("servers")->find(server.name), "pin").value_or("warn");
    settings.pinning[server.name] = word == "ignore"       ? Pinning::ignore
                                    : word == "quarantine" ? Pinning::quarantine
                                                           : Pinning::warn;
  }
}

Listener read_listener(Node const& node, Environment const& environment) {
  Listener listener;
  take(&node, "name", listener.name);
  take(&node, "bind", listener.bind, parse_address);
  take(&node, "auth", listener.auth);
  take(&node, "allowed_origins", listener.allowed_origins);
  take(&node, "allowed_hosts", listener.allowed_hosts);
  take(&node, "protocol.legacy_sse", listener.legacy_sse);
  std::vector<std::string> eras{"modern", "legacy"};
  take(&node, "protocol.eras", eras);
  listener.modern = std::find(eras.begin(), eras.end(), "modern") != eras.end();
  listener.legacy = std::find(eras.begin(), eras.end(), "legacy") != eras.end();
  if (auto const* const tls = section_at(&node, "tls")) {
    ListenerTls& read = listener.tls.emplace();
    take_path(tls, "cert", read.cert, environment);
    take_key(tls, "key", read.key, environment);
    take_path(tls, "client_ca", read.client_ca, environment);
  }
  return listener;
}

std::vector<ApiKey> read_keys(Node const* list) {
  std::vector<ApiKey> keys;
  if (list == nullptr) return keys;
  for (auto const& node : list->items) {
    ApiKey key;
    take(&node, "name", key.name);
    take(&node, "groups", key.groups);
    take(&node, "expires", key.expires, parse_date);
    auto const hash = scalar_at(&node, "hash");
    auto const bytes = hash ? parse_key_hash(*hash) : std::nullopt;
    if (!bytes) continue;  // reported already; a key without a hash must never match
    key.sha256 = *bytes;
    keys.push_back(std::move(key));
  }
  return keys;
}

Sessions read_sessions(Node const* node) {
  Sessions sessions;
  take(node, "idle", sessions.idle);
  take(node, "lifetime", sessions.lifetime);
  take(node, "max", sessions.max);
  sessions.per_principal = sessions.max;  // the quota defaults to the cap
  take(node, "per_principal", sessions.per_principal);
  take(node, "sweep", sessions.sweep);
  return sessions;
}

Streams read_streams(Node const* node) {
  Streams streams;
  take(node, "sweep", streams.sweep);
  take(node, "stale", streams.stale);
  take(node, "keepalive", streams.keepalive);
  take_size(node, "buffer", streams.buffer_bytes);
  take_size(node, "replay.bytes", streams.replay_bytes);
  take(node, "replay.age", streams.replay_age);
  return streams;
}

}  // namespace

Settings read_settings(Node const& root, Environment const& environment) {
  Settings settings;
  if (auto const* listeners = root.find("listeners"); listeners != nullptr && listeners->is_sequence()) {
    settings.listeners.clear();
    for (auto const& node : listeners->items) {
      settings.listeners.push_back(read_listener(node, environment));
      auto const path = "listeners." + std::to_string(settings.listeners.size() - 1);
      if (auto const* const tls = section_at(&node, "tls")) note_marks(tls, kListenerFiles, path, settings);
      note_place(node.find("bind"), path + ".bind", settings);
    }
  }
  for (auto const* const key : kPlacesKept) note_place(root.at(key), key, settings);
  take(&root, "admin.bind", settings.admin.bind, parse_address);
  take(&root, "admin.auth", settings.admin.auth);
  settings.keys = read_keys(root.at("auth.keys"));
  read_callers(root, settings);
  settings.servers = read_servers(root, environment);
  read_server_tls(root, settings, environment);
  read_pinning(root, settings);
  take(&root, "tls.contexts", settings.tls.contexts);
  take(&root, "tls.lifetime", settings.tls.lifetime);
  take(&root, "tls.check", settings.tls.check);
  take(&root, "tokens.max", settings.tokens.max);
  take(&root, "tokens.lifetime", settings.tokens.lifetime);
  take(&root, "names.prefix", settings.names.prefix);
  take(&root, "names.max", settings.names.bytes_max);
  take(&root, "limits.global.in_flight", settings.limits.in_flight);
  take_size(&root, "limits.body_max", settings.limits.body_bytes);
  settings.sessions = read_sessions(root.find("sessions"));
  settings.streams = read_streams(root.find("streams"));
  take(&root, "observability.log.level", settings.log.level);
  take(&root, "observability.log.format", settings.log.format);
  take(&root, "observability.log.access", settings.log.access);
  take(&root, "observability.metrics.path", settings.metrics.path);
  take(&root, "observability.metrics.max_series", settings.metrics.series_max);
  settings.caching = read_caching(root, environment);
  for (auto const& server : settings.servers)
    settings.degradation.push_back(read_degradation(root, server.name, environment));
  settings.rates = read_rates(root.find("limits"));
  settings.shedding = read_shedding(root.find("limits"));
  settings.stores = read_secrets(root.find("secrets"), environment);
  take(&root, "shutdown.drain", settings.drain);
  if (scalar_at(&root, "errors.style") == "jsonrpc") settings.error_style = ErrorStyle::jsonrpc;
  settings.workers = std::clamp(environment.cores(), 1U, 4U);
  take(&root, "workers", settings.workers);
  return settings;
}

}  // namespace weir::config
