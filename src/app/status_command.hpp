// `weir status`: one screen about the running gateway, or its JSON; with `--watch` every 2 s, until it is
// interrupted or nobody takes what it prints.
//
// Exit codes: 0 (every server is ok), 1 (one is not, its breaker is not closed, or callers' tokens cannot be
// proven for want of keys), 64 (nothing can be watched with --quiet), 69 (no gateway answers), 77 (it wants a
// key: $WEIR_KEY).
#pragma once

#include <string>

#include "app/gateway_address.hpp"

namespace weir::app {

struct StatusRequest {
  AddressRequest gateway;
  bool json = false;
  bool quiet = false;  // the exit code alone
  bool watch = false;
  std::string colour = "auto";
};

// What is printed for one look at the gateway: on a terminal in place of the look before, else below it with
// an empty line between.
std::string watched(std::string const& look, bool first, bool terminal);

int status_command(StatusRequest const& request, config::Environment const& environment);

}  // namespace weir::app
