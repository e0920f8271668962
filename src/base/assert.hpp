// WEIR_ASSERT: a bug of ours ends the process, with the place and the broken promise. On in every build.
//
// Use it for what only our own mistake can cause. What the network or a file can cause is an Error value.
#pragma once

namespace weir::base {
[[noreturn]] void assertion_failed(char const* what, char const* file, int line) noexcept;
}

#define WEIR_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::weir::base::assertion_failed(#condition, __FILE__, __LINE__))
