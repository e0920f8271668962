// Settings: the whole configuration as plain structs, defaults visible here and equal to the option table's.
//
// Built by load() (config/load.hpp), never changed afterwards; share it as shared_ptr<Settings const>. Two
// Servers that compare equal need no restart on a reload. Credentials are Secret values. Keys that are
// accepted but not in effect in this version are listed in `deferred`; those that protect are marked.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "config/auth_settings.hpp"
#include "config/caching_settings.hpp"
#include "config/degradation_settings.hpp"
#include "config/node.hpp"
#include "config/oauth_settings.hpp"

namespace weir::config {

using std::chrono::milliseconds;

struct Address {
  enum class Kind { tcp, unix_socket, inherited };
  Kind kind = Kind::tcp;
  std::string host = "127.0.0.1";  // tcp: name or number without brackets; empty = every interface
  std::uint16_t port = 0;
  std::string path = {};  // unix_socket: the path; inherited: the name of the descriptor

  // Reachable from this machine only. An inherited socket is not, as far as configuration can tell.
  bool local_only() const noexcept;
  std::string shown() const;  // as it would be written
  bool operator==(Address const&) const = default;
};

// A private key: where it is, or, by a reference, itself.
struct KeySource {
  std::string path;
  base::Secret text;  // PEM; then there is no path
  bool operator==(KeySource const&) const = default;
};

// What happens when a tool says something else of itself than when it was first seen.
enum class Pinning { ignore, warn, quarantine };

// What a listener serves https with; PEM files, absolute paths.
struct ListenerTls {
  std::string cert;  // with its chain
  KeySource key;
  std::string client_ca;  // whose certificates clients may show; "": they are not asked
  bool operator==(ListenerTls const&) const = default;
};

// Whom Weir trusts at a server, and as whom it calls; PEM files, absolute paths.
struct ServerTls {
  std::string ca;  // "": the system's authorities
  std::string cert;
  KeySource key;
  bool verify = true;
  bool only_13 = false;
  bool operator==(ServerTls const&) const = default;
};

// Contexts for servers with a trust of their own, and how files of certificates are watched.
struct TlsKeeping {
  unsigned contexts = 100;
  milliseconds lifetime{3'600'000};
  milliseconds check{10'000};
  bool operator==(TlsKeeping const&) const = default;
};

// Tokens for servers: how many are kept, and callers' for how long at most.
struct TokenKeeping {
  unsigned max = 5000;
  milliseconds lifetime{300'000};
  bool operator==(TokenKeeping const&) const = default;
};

struct Listener {
  std::string name = "default";
  Address bind{.port = 6270};
  std::vector<std::string>
      auth;  // methods in order: "keys", "jwt", "introspection", "cert"; not empty = one of them must match
  std::vector<std::string> allowed_origins;
  std::vector<std::string> allowed_hosts;
  bool modern = true;
  bool legacy = true;
  bool legacy_sse = false;
  std::optional<ListenerTls> tls;
  bool operator==(Listener const&) const = default;
};

struct Admin {
  Address bind{.port = 6271};
  std::vector<std::string> auth;
  bool operator==(Admin const&) const = default;
};

struct ApiKey {
  std::string name;
  std::array<std::uint8_t, 32> sha256{};  // of the key's bytes
  std::vector<std::string> groups;
  std::optional<base::WallTime> expires;  // first instant at which the key is refused
  bool operator==(ApiKey const&) const = default;
};

enum class UpstreamKind { stdio, http_any, streamable_http, sse };  // http_any: find out which
enum class ChildShare { per_principal, per_session };
enum class Balance { round_robin, least_inflight, by_principal };  // of calls over several URLs

struct StdioOptions {
  ChildShare share = ChildShare::per_principal;
  unsigned instances_min = 1;
  unsigned instances_max = 4;
  milliseconds idle_stop{600'000};
  milliseconds restart_min{100};
  milliseconds restart_max{30'000};
  std::uint64_t memory_bytes_max = 512ull * 1024 * 1024;
  bool operator==(StdioOptions const&) const = default;
};

// Sent with every request to the server. none: header is empty. bearer: Authorization: Bearer …
struct Credential {
  std::string header;
  base::Secret value;
  bool operator==(Credential const&) const = default;
};

struct ToolEdits {
  std::vector<std::string> hide;                                 // globs over the server's own names
  std::vector<std::pair<std::string, std::string>> rename;       // own name → shown name
  std::vector<std::pair<std::string, std::string>> description;  // own name → text shown instead
  bool operator==(ToolEdits const&) const = default;
};

struct Timeouts {
  milliseconds call{5'000};          // whole call; progress extends it
  milliseconds call_max{600'000};    // … to this
  milliseconds start{30'000};        // a first call waits this long for a starting child
  milliseconds parked_max{600'000};  // waiting for the client's own answer
  bool operator==(Timeouts const&) const = default;
};

struct Server {
  std::string name;
  UpstreamKind kind = UpstreamKind::http_any;
  std::string command;  // stdio
  std::vector<std::string> args;
  std::vector<std::pair<std::string, base::Secret>> env;  // env_file first, then `env`
  std::string cwd;
  StdioOptions stdio;
  std::vector<std::string> urls;  // http: at least one
  Balance balance = Balance::least_inflight;
  std::vector<std::pair<std::string, base::Secret>> headers;
  Credential credential;
  std::optional<OAuth> oauth;  // instead of a credential: tokens
  ToolEdits tools;
  Timeouts timeouts;
  bool required = false;
  bool disabled = false;
  bool expose = true;
  std::string unusable;  // why it cannot be started ("${TOKEN} is not set"); empty = usable
  bool operator==(Server const&) const = default;
};

// Where a server was read from; apart from Server, so that moving it between files is not a change.
struct Provenance {
  std::string file;               // as shown to people: "weir.yaml", "~/.cursor/mcp.json"
  std::vector<std::string> also;  // other files that have the same server
  Mark mark;
};

struct Names {
  std::string prefix = "{server}__";
  unsigned bytes_max = 60;
  bool operator==(Names const&) const = default;
};

struct Limits {
  unsigned in_flight = 4096;
  std::uint64_t body_bytes = 4ull * 1024 * 1024;
  bool operator==(Limits const&) const = default;
};

struct Sessions {
  milliseconds idle{3'600'000};
  milliseconds lifetime{86'400'000};
  unsigned max = 1000;
  unsigned per_principal = 1000;
  milliseconds sweep{30'000};
  bool operator==(Sessions const&) const = default;
};

struct Streams {
  milliseconds sweep{30'000};
  milliseconds stale{300'000};
  milliseconds keepalive{15'000};
  std::uint64_t buffer_bytes = 256ull * 1024;
  std::uint64_t replay_bytes = 1024ull * 1024;
  milliseconds replay_age{300'000};
  bool operator==(Streams const&) const = default;
};

struct Logging {
  std::string level = "info";   // error|warn|info|debug|trace
  std::string format = "auto";  // auto|text|json
  bool access = true;
  bool operator==(Logging const&) const = default;
};

struct Metrics {
  std::string path = "/metrics";
  unsigned series_max = 10'000;
  bool operator==(Metrics const&) const = default;
};

enum class ErrorStyle { tool_result, jsonrpc };

// What an operator loses whose key is accepted and not in effect.
enum class Loss {
  none,        // a feature
  protection,  // a bound or a record that was asked for: `run` warns
};

struct Deferred {
  std::string path;  // "observability.audit"
  Loss loss = Loss::none;
};

struct VaultSettings {
  std::string address;  // URL; empty = no Vault
  std::string space;    // namespace
  std::string mount = "secret";
  base::Secret token;
  std::string role_id;
  base::Secret secret_id;
  std::string approle_mount = "approle";
  bool operator==(VaultSettings const&) const = default;
};

struct AwsSettings {
  std::string region;
  std::string endpoint;  // URL; empty = of the region
  std::string profile = "default";
  bool instance_keys = false;
  bool operator==(AwsSettings const&) const = default;
};

struct SecretStores {
  milliseconds refresh{30'000};
  milliseconds overlap{60'000};
  milliseconds timeout{5'000};
  milliseconds token_age_max{90LL * 24 * 3600 * 1000};
  milliseconds password_age_max{60LL * 24 * 3600 * 1000};
  VaultSettings vault;
  AwsSettings aws;
  bool operator==(SecretStores const&) const = default;
};

// A reference to a secret that may change while the gateway runs.
struct SecretUse {
  std::string reference;  // "vault:mcp/x#token", "file:/run/key", "cred:github"
  std::string path;       // where it is used: "servers.github.auth.token"
  bool password = false;  // by its names; else it counts as an API token
  bool operator==(SecretUse const&) const = default;
};

// One of them whose value cannot be used where it stands.
struct SecretMisfit {
  std::string reference;  // as in SecretUse
  std::string why;        // one clause, without the value
};

struct Settings {
  std::vector<Listener> listeners{Listener{}};
  Admin admin;
  std::vector<ApiKey> keys;
  std::optional<TokenAuth> jwt;
  std::optional<Introspection> introspection;
  std::string resource;          // the URL of /mcp as clients know it; "" where no tokens are accepted
  std::vector<Policy> policies;  // the first that speaks of a call decides
  std::vector<Server> servers;   // in the order of the files
  std::map<std::string, Provenance> provenance;  // by server name
  // By server name. Apart from Server, because another trust needs no restart.
  std::map<std::string, ServerTls, std::less<>> server_tls;
  std::map<std::string, Mark, std::less<>> tls_marks;  // of `servers.a.tls.ca`, `listeners.0.tls.key`, …
  // "weir.yaml:3:10", by key: of those that only a running gateway finds fault with, as far as they are
  // written anywhere: `workers`, `listeners.0.bind`, `auth.jwt.issuer`, …
  std::map<std::string, std::string, std::less<>> places;
  std::map<std::string, Pinning, std::less<>> pinning;  // by server name; apart for the same reason
  TlsKeeping tls;
  TokenKeeping tokens;
  Names names;
  Limits limits;
  Sessions sessions;
  Streams streams;
  Logging log;
  Metrics metrics;
  Caching caching;
  std::vector<Degradation> degradation;  // one for each server, in the same order
  RateLimits rates;
  Shedding shedding;
  milliseconds drain{10'000};
  ErrorStyle error_style = ErrorStyle::tool_result;
  unsigned workers = 1;  // 1…64; default: the machine's cores, at most 4
  SecretStores stores;
  std::vector<SecretUse> references;
  std::vector<SecretMisfit> misfits;
  std::vector<Deferred> deferred;
  std::vector<base::Secret> secrets;  // every expanded or evident credential, for the log's mask

  Server const* server(std::string_view name) const noexcept;
};

// What a reload has to do, by server name. A server whose settings are equal is in none of the lists.
struct ServerChanges {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> changed;
};
ServerChanges changes(Settings const& before, Settings const& after);

}  // namespace weir::config
