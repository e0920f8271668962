// The log as the settings want it: level, format, and the mask of every known secret.
//
// Made once at start; the mask knows the secrets of the settings it was made from. Any thread may log.
#pragma once

#include <memory>

#include "config/settings.hpp"
#include "observe/log.hpp"

namespace weir::app {

// JSON lines unless stderr is a terminal; `format` decides otherwise. `clock` outlives the log.
std::unique_ptr<observe::Log> make_log(config::Settings const& settings, base::Clock const& clock);

}  // namespace weir::app
