// What is said of a command line that cannot be understood: one sentence, and the nearest thing that can.
//
// Prints to stderr; words of the command line are made fit to be shown. One call per process.
#pragma once

#include <CLI/CLI.hpp>

namespace weir::app {

int usage_error(CLI::App& cli, CLI::ParseError const& error);  // the exit code

}  // namespace weir::app
