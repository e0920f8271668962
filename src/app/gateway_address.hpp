// Where the running gateway is: as told on the command line, else as configured, else the default ports.
//
// Reads the same files as `weir run`. Whatever leaves in doubt which gateway is meant is said on stderr and
// ends the command, as it would otherwise ask, or change, another one: a file that is missing or cannot be
// read, an address that is none. What is wrong with servers, and what is unset for them here, is not looked
// at; nor are files that nobody has named where --admin or --url says it all. A gateway that listens on every
// interface is reached over loopback.
#pragma once

#include <string>

#include "base/result.hpp"
#include "config/environment.hpp"
#include "net/url.hpp"

namespace weir::app {

struct AddressRequest {
  std::string config;  // "" = look for one
  std::string admin;   // host:port, "" = as configured
  std::string url;     // of MCP, "" = what the gateway says of itself
};

struct GatewayAddress {
  net::Url admin;
  net::Url mcp;  // its target is "/mcp"
};

// 0, or the exit code of what has been said: 64 (an option), 66 (a missing file), 78 (the configuration).
int find_gateway(AddressRequest const& request, config::Environment const& environment,
                 GatewayAddress& found);

// "http://0.0.0.0:6270/mcp" → where this machine reaches it; without /mcp it is added.
base::Result<net::Url> mcp_url(std::string_view text);

// The credential for gateways that ask for one: $WEIR_KEY.
std::string gateway_key(config::Environment const& environment);

}  // namespace weir::app
