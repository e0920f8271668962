#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace weir::base {

void assertion_failed(char const* what, char const* file, int line) noexcept {
  std::fprintf(stderr, "weir: bug at %s:%d: promised `%s`\n", file, line, what);
  std::abort();
}

}  // namespace weir::base
