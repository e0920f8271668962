// The process' own variables and disk, as configuration sees them. The only place that reads the environment.
//
// Made once by main, before any thread. Later changes of the process environment are not seen.
#pragma once

#include <memory>

#include "config/environment.hpp"

namespace weir::app {

std::unique_ptr<config::Environment> process_environment();

}  // namespace weir::app
