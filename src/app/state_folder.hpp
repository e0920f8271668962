// The folder where Weir keeps what outlives it: keys, sign-ins.
//
// Where it is follows from the environment alone: STATE_DIRECTORY (of systemd), else XDG_STATE_HOME, else the
// home. It may not exist yet: whoever keeps something there makes it. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "config/environment.hpp"

namespace weir::app {

std::string state_folder(config::Environment const& environment);     // "": nothing names one
std::string sign_ins_folder(config::Environment const& environment);  // likewise

// Why this user can write no files to a folder, such as "Permission denied"; "" if they can, or could make
// it. Looks at the disk, and changes nothing there.
std::string why_unwritable(std::string const& folder);

// What to tell of that: the folder, why, `lost` (what does not work for it), and what to do about it.
std::string unwritable_words(std::string_view folder, std::string_view why, std::string_view lost);

}  // namespace weir::app
