// A text as one word of a shell's command line, whatever is in it: for commands that people are told to run.
//
// Within single quotes nothing means anything to a POSIX shell but a single quote itself. A word that begins
// with `-` is still an option to the program: that is the command's to prevent. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace weir::base {

std::string shell_word(std::string_view text);

}  // namespace weir::base
