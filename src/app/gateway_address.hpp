// Where the running gateway is: as told on the command line, else as configured, else the default ports.
//
// Reads the same files as `weir run` but stays quiet about what is wrong with them. A gateway that listens on
// every interface is reached over loopback. Errors: invalid_input (an address that is none).
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

base::Result<GatewayAddress> gateway_address(AddressRequest const& request,
                                             config::Environment const& environment);

// "http://0.0.0.0:6270/mcp" → where this machine reaches it; without /mcp it is added.
base::Result<net::Url> mcp_url(std::string_view text);

// The credential for gateways that ask for one: $WEIR_KEY.
std::string gateway_key(config::Environment const& environment);

}  // namespace weir::app
