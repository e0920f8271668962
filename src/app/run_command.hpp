// `weir run`: reads the configuration, starts the gateway, prints the table, and stays until it is told to stop.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/environment.hpp"

namespace weir::app {

struct RunRequest {
  std::string file;                 // "" = look for one
  std::vector<std::string> from;    // client files, consent included
  std::string listen;               // "" = as configured
  std::string admin;
  bool stdio = false;
  bool trust = false;               // take project files without asking
  bool insecure = false;
  bool quiet = false;
};

// The exit code.
int run_command(RunRequest const& request, config::Environment& environment);

}  // namespace weir::app
