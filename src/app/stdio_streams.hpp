// stdin and stdout of this process as streams, for a client that started it.
//
// Taken once, on the loop's thread. Afterwards descriptor 0 is empty and 1 is stderr, so that nothing but
// protocol can reach the client and no child inherits its pipes. Pipes and terminals are opened anew where
// the kernel allows it: being non-blocking must not spread to others who share them. Files work too. Errors:
// internal (a closed descriptor).
#pragma once

#include <memory>

#include "base/result.hpp"
#include "net/io_loop.hpp"
#include "net/stream.hpp"

namespace weir::app {

struct StdioStreams {
  std::unique_ptr<net::Stream> in;
  std::unique_ptr<net::Stream> out;
};

base::Result<StdioStreams> take_stdio(net::IoLoop& loop);

}  // namespace weir::app
