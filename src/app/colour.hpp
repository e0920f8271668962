// Whether output gets colours: --color, else NO_COLOR, CLICOLOR_FORCE, TERM=dumb, else only on a terminal.
//
// Pure: who writes says whether it is a terminal.
#pragma once

#include <string>
#include <string_view>

#include "config/environment.hpp"

namespace weir::app {

// `choice`: "always", "never" or "auto".
bool wants_colour(std::string_view choice, bool on_terminal, config::Environment const& environment);

// `style`: of a terminal, e.g. "1;31".
std::string painted(std::string_view text, char const* style, bool colour);

}  // namespace weir::app
