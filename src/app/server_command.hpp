// `weir server login NAME`: a person signs in at a server, in the browser, and Weir keeps the tokens;
// `weir server logout NAME`: they are revoked and removed. A gateway that runs notices both. With `--for WHO`
// it is the sign-in of one of the gateway's callers, where each has their own.
//
// Reads the configuration like `weir run`, talks to the server and its issuer, and ends. Prints the address
// to sign in at; opens a browser only where there is a display. Never prints a token. Exit codes: 0; 1 the
// sign-in failed; 64 no such server or caller, or one that needs none; 69 the issuer does not answer; 77 it
// was refused; 78 the configuration.
#pragma once

#include <string>
#include <vector>

#include "app/sources.hpp"
#include "app/whom.hpp"

namespace weir::app {

struct ServerRequest {
  SourceRequest sources;
  std::string name;
  Whom whom;
  std::vector<std::string> scopes;
  bool paste = false;
  bool no_browser = false;
  bool logout = false;
};

int server_command(ServerRequest const& request, config::Environment& machine);

}  // namespace weir::app
