// Globs over names: `*` is any run of bytes, `?` any one byte, everything else itself.
//
// Pure, any thread. At most name × pattern steps; names and patterns are short.
#pragma once

#include <string_view>

namespace weir::base {

bool glob_matches(std::string_view pattern, std::string_view name) noexcept;

}  // namespace weir::base
