// The memory of libcjose, wiped before it is freed: it copies whole tokens and keys.
//
// wipe_what_is_freed() is called before anything else of the library is; any thread, once is enough. It holds
// for libjansson too, which the library reads JSON with and nobody else here uses.
#pragma once

namespace weir::jose {

void wipe_what_is_freed();

}  // namespace weir::jose
