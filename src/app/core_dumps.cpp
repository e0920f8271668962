#include "app/core_dumps.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace weir::app {

bool forbid_core_dumps() noexcept {
  rlimit const none{0, 0};
  bool const limited = ::setrlimit(RLIMIT_CORE, &none) == 0;
  return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limited;
}

}  // namespace weir::app
