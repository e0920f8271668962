// Pipe: two Streams joined in memory. The twin of a socket for tests on virtual time.
//
// Each direction holds at most `capacity` bytes: a full pipe blocks its writer like a socket does. Destroying
// one end lets the other read what is left, then its end; writing to it says ended. Both ends live on one
// Scheduler.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "net/stream.hpp"

namespace weir::net {

using StreamPair = std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>>;

StreamPair make_pipe(base::Scheduler& scheduler, std::size_t capacity = 64 * 1024);

}  // namespace weir::net
