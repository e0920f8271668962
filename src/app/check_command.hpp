// `weir check`: everything wrong with the configuration, found where `weir run` would find it. Starts
// nothing.
//
// The report is the result: it goes to stdout. Exit codes: 0, 66 (a file that was named is missing), 78
// (errors, or warnings with --strict), 64 (--explain with an unknown key).
#pragma once

#include <optional>
#include <string>

#include "app/sources.hpp"

namespace weir::app {

struct CheckRequest {
  SourceRequest sources;
  std::string format = "text";         // text, json, sarif
  bool strict = false;                 // warnings are failures
  std::optional<std::string> explain;  // a key, or "" for all: where each value comes from
  std::string colour = "auto";
};

int check_command(CheckRequest const& request, config::Environment const& environment);

}  // namespace weir::app
