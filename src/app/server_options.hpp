// From the settings of one server to the options of the parts that serve it. Pure.
//
// Plain functions without state; any thread. Limits and defaults are the settings' and the options' own.
#pragma once

#include "bridge/rounds_layer.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "edge/mcp_endpoint.hpp"
#include "net/tls_context_cache.hpp"
#include "resilience/deadline_layer.hpp"
#include "router/catalog_loop.hpp"
#include "router/router_layer.hpp"
#include "upstream/http_backend.hpp"
#include "upstream/pool_backend.hpp"
#include "upstream/stdio_backend_io.hpp"
#include "watch/upkeep_loop.hpp"

namespace weir::app {

router::RouterOptions router_options(std::string const& gateway_info);
router::CatalogLoopOptions catalog_options(config::Settings const& settings, std::uint64_t seed);
router::NameRules name_rules(config::Settings const& settings);
router::ToolRules tool_rules(config::ToolEdits const& edits);
upstream::StdioBackend::Options stdio_options(config::Server const& server, std::string const& gateway_info,
                                              config::Environment const& environment, observe::Log& log,
                                              observe::ServerMetrics const& metrics);
// The operator's headers and the credential: what may change while the server is in use.
core::CredentialFields credential_fields(config::Server const& server);
// Likewise what issuers are shown for its tokens: secrets and keys of the clients, password, assertion.
core::CredentialFields shown_fields(config::Server const& server);
config::Server without_credentials(config::Server server);  // without what is in those fields
// `address`: which of `urls`. `log` is told what becomes of the stream, as it is what a child says.
upstream::StdioBackend::Options sse_options(config::Server const& server, std::string const& gateway_info,
                                            observe::Log& log, std::size_t address = 0);
base::Result<upstream::HttpBackendOptions> http_options(config::Server const& server,
                                                        std::string const& gateway_info,
                                                        std::size_t address = 0);
// What status, logs and the balancing by hash call each of `urls`: without its query, each different.
base::Result<std::vector<std::string>> address_labels(config::Server const& server);
upstream::Balance balance_of(config::Balance balance) noexcept;
upstream::PoolOptions pool_options(config::Server const& server, observe::ServerMetrics const& metrics);
watch::WatchOptions watch_options(config::Server const& server);
base::TableOptions parked_options();
bridge::RoundsOptions rounds_options(config::Server const& server);
resilience::DeadlineOptions deadline_options(config::Server const& server,
                                             observe::ServerMetrics const& metrics);
base::TableOptions table_options(config::Sessions const& sessions);
session::StreamLimits stream_limits(config::Streams const& streams);
std::string_view transport_of(config::Server const& server);  // until the server itself has said
net::ContextCacheOptions context_options(config::Settings const& settings);
std::shared_ptr<edge::EndpointRules const> endpoint_rules(config::Settings const& settings,
                                                          config::Listener const& listener,
                                                          auth::TokenSources const& tokens = {});

}  // namespace weir::app
