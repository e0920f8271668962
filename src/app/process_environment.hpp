// The process' own variables and disk, as configuration sees them, in development with those of `.env` files
// (config/env_files.hpp). The only place that reads the environment.
//
// Made once by main, before any thread. Later changes of the process environment are not seen.
#pragma once

#include <memory>

#include "config/environment.hpp"

namespace weir::app {

// Errors: config, a `.env` file cannot be used.
base::Result<std::unique_ptr<config::Environment>> process_environment();

}  // namespace weir::app
