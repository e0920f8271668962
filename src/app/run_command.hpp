// `weir run`: reads the configuration, starts the gateway, prints the table, and stays until it is told to
// stop.
//
// Exit codes: 0 (stopped in an orderly way), 66, 69 (a port is taken), 70, 77 (a project's file without
// consent), 78. The table goes to stdout, everything else to stderr; with --stdio stdout carries protocol
// only.
#pragma once

#include <string>

#include "app/sources.hpp"
#include "config/environment.hpp"

namespace weir::app {

struct RunRequest {
  SourceRequest sources;
  bool stdio = false;
  bool trust = false;  // agree to the project files that are there at the start, and to no later ones
  bool quiet = false;
  bool verbose = false;
  bool json = false;  // the status as one line instead of the table
  std::string colour = "auto";
};

// The exit code.
int run_command(RunRequest const& request, config::Environment& environment);

}  // namespace weir::app
