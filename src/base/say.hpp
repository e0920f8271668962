// say(format, args…): one text for people on stderr, whether anybody is there to read it or not.
//
// A full disk, a closed terminal or a reader that has gone must not change what the program does: what cannot
// be written is lost, quietly, and the next text is tried again. fmt::print would throw std::system_error
// there. Any thread; each call is one text that others' do not tear. Errors: none but those of memory.
#pragma once

#include <fmt/core.h>
#include <stdio_ext.h>

#include <cstdio>
#include <string_view>
#include <utility>

namespace weir::base {

// Writes `text` out at once. What of it cannot be written is not kept either: at the end of the program it
// would be tried again, and count as a failure.
inline void say_on(std::FILE* out, std::string_view text) noexcept {
  ::flockfile(out);
  bool const written = std::fwrite(text.data(), 1, text.size(), out) == text.size() && std::fflush(out) == 0;
  if (!written) {
    std::clearerr(out);
    ::__fpurge(out);
  }
  ::funlockfile(out);
}

template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  say_on(stderr, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace weir::base
