// `weir status`: one screen about the running gateway, or its JSON.
//
// Exit codes: 0 (every server is ok), 1 (one is not, its breaker is not closed, or callers' tokens cannot be
// proven for want of keys), 69 (no gateway answers), 77 (it wants a key: $WEIR_KEY).
#pragma once

#include <string>

#include "app/gateway_address.hpp"

namespace weir::app {

struct StatusRequest {
  AddressRequest gateway;
  bool json = false;
  bool quiet = false;  // the exit code alone
  std::string colour = "auto";
};

int status_command(StatusRequest const& request, config::Environment const& environment);

}  // namespace weir::app
