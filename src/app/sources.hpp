// Where `weir run` and `weir check` read from: our own files, or the client files that exist, with consent.
#pragma once

#include <string>
#include <vector>

#include "app/run_command.hpp"
#include "config/load.hpp"

namespace weir::app {

struct FoundSources {
  config::Sources sources;
  std::string heading;   // "weir.yaml", or "no weir.yaml here; using client configs (…)"
};

// 0, or the exit code: 66 (a file that was asked for is missing), 77 (a project file without consent). Asks on a
// terminal only; consent is remembered by content.
int find_sources(RunRequest const& request, config::Environment& environment, FoundSources& found);

}  // namespace weir::app
