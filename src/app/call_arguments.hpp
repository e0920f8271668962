// What `weir call` is asked for, from words of the command line: the server and its tool, and the arguments
// as a JSON object.
//
//   count=3 deep=true name=x zip='"01234"' tags:='["a","b"]'
//
// `k=v`: a number, true, false, null or a quoted JSON string is that; anything else is text. `k:=JSON` is
// JSON as it stands. `-` stands for a JSON object on stdin. Pure but for given_arguments(), which may read.
// Errors: invalid_input; `detail` may have several lines and shows foreign text made safe.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::app {

// SERVER, SERVER.TOOL or, as agents see it, SERVER__TOOL; no name of a server has either of these in it.
struct CallTarget {
  std::string server;
  std::string tool;  // "" for none
};
CallTarget target_of(std::string_view text);

enum class Typing { json, text };  // text: every value is a string, as prompts want it

base::Result<std::string> arguments_of(std::span<std::string const> words, Typing typing);

// `text` must be one JSON object; `name` is what people know it by ("--args"). The error names line and
// column.
base::Result<std::string> object_of(std::string_view name, std::string text);

inline constexpr std::size_t kStdinBytesMax = 64 * 1024 * 1024;  // no gateway takes a larger body

// The object in `args`, or that of `words` where there is none. All of `stdin_text` is read, and only then,
// if "-" is what `args` says, or the only word.
base::Result<std::string> given_arguments(std::string const& args, std::span<std::string const> words,
                                          Typing typing, std::istream& stdin_text,
                                          std::size_t bytes_max = kStdinBytesMax);

}  // namespace weir::app
