// Variables from `.env`, `.env.local` and `.env.development.local` of the working directory, for development.
//
// They are read only with WEIR_ENV=development in the real environment: in production nothing must depend on
// a file that happens to lie there, and a project's file may be somebody else's. A variable that is set is
// never replaced, not by an empty one either; among the files `.env.development.local` is the strongest and
// `.env` the weakest. Pure but for reading. Lines: NAME=value, with optional `export`; blank ones and `#` are
// skipped. A value without quotes ends before ` #` and is trimmed; 'single' quotes keep everything; in
// "double" ones \n \r \t \" \\ and \$ are escapes. Nothing is expanded, no value has several lines. Limits:
// kDevelopmentFileBytesMax each. Errors: config, with file and line, never with a value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/environment.hpp"

namespace weir::config {

inline constexpr std::size_t kDevelopmentFileBytesMax = 64 * 1024;

// The environment's variables and what the files add to them.
base::Result<Environment::Variables> with_development_files(Environment const& environment);

// One file's text, in its order. `name` is for errors.
base::Result<std::vector<std::pair<std::string, std::string>>> parse_development_file(std::string_view name,
                                                                                      std::string_view text);

}  // namespace weir::config
