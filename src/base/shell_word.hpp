// shell_word(): a text as one word of a shell's command line, whatever is in it, for commands that people are
// told to run.
//
// Pure; any thread. POSIX shells (IEEE 1003.1, 2.2.2): nothing means anything within single quotes but they.
// A word that begins with '-' is quoted, and is an option to most programs all the same.
#pragma once

#include <string>
#include <string_view>

namespace weir::base {

bool is_plain_word(std::string_view text) noexcept;  // means to a shell, and to its program, what it says
std::string shell_word(std::string_view text);

}  // namespace weir::base
