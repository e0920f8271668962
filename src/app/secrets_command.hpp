// `weir secrets`: where the secrets of the running gateway come from, how old they are and when they are due;
// `weir secrets rotate`: what has to be done by hand to replace them. Never shows a value.
//
// Asks the gateway's admin listener and ends. Exit codes: 0; 1 something is old, failing or rolled back; 64
// no such secret; 69 no gateway; 77 it wants a key.
#pragma once

#include <string>

#include "app/gateway_address.hpp"
#include "config/environment.hpp"

namespace weir::app {

struct SecretsRequest {
  AddressRequest gateway;
  bool json = false;
  bool rotate = false;
  std::string reference;  // rotate: this one; "" = those that are old
};

int secrets_command(SecretsRequest const& request, config::Environment const& environment);

}  // namespace weir::app
