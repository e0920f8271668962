// The folder where Weir keeps what outlives it: keys, sign-ins.
//
// A pure function of the environment: STATE_DIRECTORY (of systemd), else XDG_STATE_HOME, else the home. It
// may not exist yet.
#pragma once

#include <string>

#include "config/environment.hpp"

namespace weir::app {

std::string state_folder(config::Environment const& environment);     // "": nothing names one
std::string sign_ins_folder(config::Environment const& environment);  // likewise

}  // namespace weir::app
