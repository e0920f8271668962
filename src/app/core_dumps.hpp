// forbid_core_dumps(): from now on no memory of this process is written to disk when it dies (T-58).
//
// Called once, early, by `weir run`. Both ways are shut: the limit holds for files, being not dumpable also
// for programs that the kernel hands dumps to. Other users' debuggers are shut out as well. Children are
// dumpable again after exec, but inherit the limit.
#pragma once

namespace weir::app {

bool forbid_core_dumps() noexcept;  // false: the kernel refused

}  // namespace weir::app
