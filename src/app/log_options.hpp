// The log as the settings want it: level, format, and the mask of every known secret.
//
// Made at start and adjusted by each reload. Any thread may log.
#pragma once

#include <memory>

#include "app/retired_secrets.hpp"
#include "config/settings.hpp"
#include "core/backend.hpp"
#include "observe/log.hpp"

namespace weir::app {

// JSON lines unless stderr is a terminal; `format` decides otherwise. `clock` outlives the log.
std::unique_ptr<observe::Log> make_log(config::Settings const& settings, base::Clock const& clock);

// Level and mask after a reload, or when retired secrets are over; the format stays.
void adjust_log(observe::Log& log, config::Settings const& now, RetiredSecrets const& retired);

// What a server and its program say goes where people read it: status, start table, commands. It is masked as
// in the log.
void mask_status(core::ServerStatus& status, observe::Log const& log);

}  // namespace weir::app
