// The log as the settings want it: level, format, and the mask of every known secret.
//
// Made at start and adjusted by each reload; the mask knows the secrets of the settings it was made from, and
// of those before: a server that is being closed still uses them. Any thread may log.
#pragma once

#include <memory>

#include "config/settings.hpp"
#include "observe/log.hpp"

namespace weir::app {

// JSON lines unless stderr is a terminal; `format` decides otherwise. `clock` outlives the log.
std::unique_ptr<observe::Log> make_log(config::Settings const& settings, base::Clock const& clock);

// Level and mask after a reload; the format stays.
void adjust_log(observe::Log& log, config::Settings const& before, config::Settings const& now);

}  // namespace weir::app
