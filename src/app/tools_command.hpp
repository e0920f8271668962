// `weir tools`: which tools of the running gateway say something else of themselves than when they were first
// seen, or hide characters, and the difference; `weir tools accept`: that is what they may say from now on.
//
// Asks the gateway's admin listener and ends. Exit codes: 0; 1 some tool is not as it was; 64 no such server;
// 65 nothing to accept; 69 no gateway; 77 it wants a key.
#pragma once

#include <string>

#include "app/gateway_address.hpp"
#include "config/environment.hpp"

namespace weir::app {

struct ToolsRequest {
  AddressRequest gateway;
  std::string server;  // "" = all
  std::string tool;    // accept: "" = all of the server
  std::string tenant;  // accept: "" = for everybody
  bool json = false;
  bool accept = false;
};

int tools_command(ToolsRequest const& request, config::Environment const& environment);

}  // namespace weir::app
