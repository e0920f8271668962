// The steps of load(), each a function over trees. Inside this folder only; load.cpp calls them in this
// order: read → expand_tree → validate → merge (files, client servers, overlays) → read_settings →
// check_settings.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/credential_text.hpp"
#include "config/expand.hpp"
#include "config/load.hpp"
#include "config/reader.hpp"

namespace weir::config {

// --- merge.cpp
// Maps are merged, anything else is replaced. A server that is in both is an error and keeps its first form.
void merge_files(Node& base, Node&& over, Problems& problems);
// An overlay sets one value: `depth` maps and lists lead to it in `tree`. What is there is replaced, in
// servers too.
struct Overlay {
  Node tree;
  std::size_t depth = 0;
};
void merge_overlay(Node& base, Overlay&& over);

// --- overlay.cpp
// $WEIR_LISTEN, $WEIR_LOG_LEVEL, …, $WEIR__a__b and flags, as trees; weakest first.
std::vector<Overlay> overlays(Sources const& sources, Environment const& environment, unsigned order,
                              Problems& problems);

// --- expand_tree.cpp
struct ExpandContext {
  Environment const& environment;
  std::string workspace_folder;
  std::size_t servers_total = 0;  // for "2 others still start"
};
struct ExpandOutcome {
  std::vector<base::Secret> secrets;
  std::vector<Expansion::Variable>
      variables;  // that a text refers to; a message names them, not their values
  std::vector<SecretUse> references;
  std::map<std::string, std::string> unusable;  // server → the first reason
};
void expand_tree(Node& root, ExpandContext const& context, ExpandOutcome& out, Problems& problems);
// Adds what is a credential in a scalar's value, see credentials_in().
void keep_credentials(std::string_view value, ScalarPlace const& place, bool written_out,
                      std::vector<base::Secret>& secrets);

// --- client_servers.cpp: servers of client files that no own file has named already
struct ClientServer {
  Member server;
  ClientFile const* file;
  std::vector<std::string> also;
};
std::vector<ClientServer> collect_client_servers(Sources const& sources, Node const& root, unsigned order,
                                                 Problems& problems);

// --- settings_read.cpp, server_read.cpp, oauth_read.cpp, caching_read.cpp, degradation_read.cpp,
// secrets_read.cpp: from a validated tree; bad values leave the default
Settings read_settings(Node const& root, Environment const& environment);
std::vector<Server> read_servers(Node const& root, Environment const& environment);
void read_callers(Node const& root, Settings& settings);  // auth_read.cpp
Timeouts read_timeouts(Node const& root, std::string_view server);
Caching read_caching(Node const& root, Environment const& environment);
Degradation read_degradation(Node const& root, std::string_view server, Environment const& environment);
SecretStores read_secrets(Node const* section, Environment const& environment);
RateLimits read_rates(Node const* limits);
Shedding read_shedding(Node const* limits);
std::optional<OAuth> read_oauth(Node const* auth, Environment const& environment);
Egress read_egress(Node const& root);
// The sections of `degradation` that mean this server, by name or alias, in the order of the files.
std::vector<Node const*> sections_of(Node const& root, std::string_view server);

// --- settings_check.cpp, server_check.cpp, degradation_check.cpp, caching_check.cpp: what
// no single key shows
void check_settings(Node const& root, Settings& settings, Sources const& sources,
                    Environment const& environment, Problems& problems);
void check_servers(Node const& root, Environment const& environment, Problems& problems);
void check_oauth_of_servers(Node const& root, Problems& problems);
void check_egress(Node const& root, Problems& problems);
void check_degradation(Node const& root, Environment const& environment, Problems& problems);
void check_callers(Node const& root, Settings const& settings, Problems& problems);  // auth_check.cpp
void check_limits(Node const& root, Problems& problems);
void check_caching(Node const& root, Environment const& environment, Problems& problems);
// A warning at `mark` that `name` is no server of ours, with the one that was probably meant.
Problem& warn_of_unknown_server(std::string_view code, Mark const& mark, std::string_view name,
                                Node const& root, Problems& problems);

// --- misfits.cpp: what is wrong with a value that came from a file or a store is no fault of the
// configuration: it sets aside the server that the value is for, and whoever has the value before may use
// that. Such problems are confined; the servers are noted in `out`, each first reason with its reference.
void confine_misfits(Node const& root, ExpandOutcome& out, Problems& problems,
                     std::vector<SecretMisfit>& misfits);

// --- deferred.cpp: keys in use that have no effect in this version: one note per top-level section, and,
// where the gateway is to run with them, a warning or an error for each protection that it cannot give
std::vector<Deferred> note_deferred(Node const& root, Sources const& sources, Problems& problems);

// --- server_names.cpp
// The configured server that `name` means, by itself or as an alias; empty if none.
std::string_view server_meant(Node const& root, std::string_view name);
bool is_server_name(std::string_view name) noexcept;

// --- load.cpp
std::string shown_path(std::string_view path, Environment const& environment);  // relative, or with ~/

}  // namespace weir::config
