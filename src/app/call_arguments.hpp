// The arguments of `weir call`, from words of the command line to a JSON object.
//
//   count=3 deep=true name=x zip='"01234"' tags:='["a","b"]'
//
// `k=v`: a number, true, false, null or a quoted JSON string is that; anything else is text. `k:=JSON` is
// JSON as it stands. Pure. Errors: invalid_input; `detail` may have several lines and shows foreign text made
// safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::app {

enum class Typing { json, text };  // text: every value is a string, as prompts want it

base::Result<std::string> arguments_of(std::span<std::string const> words, Typing typing);

// `text` must be one JSON object; `name` is what people know it by ("--args").
base::Result<std::string> object_of(std::string_view name, std::string text);

}  // namespace weir::app
