// FdStream: a Stream over a file descriptor of the kernel: a TCP or Unix socket, or one end of a pipe.
//
// Owned and used by one worker thread; owns and closes the descriptor. Reads only after the kernel said that
// there is something, so an idle stream owns no buffer. Also watch_fd(): readiness of a descriptor nobody
// reads (a pidfd).
#pragma once

#include <memory>

#include "net/io_loop.hpp"
#include "net/stream.hpp"

namespace weir::net {

// `fd` becomes non-blocking and is owned from here on. Null if the kernel refuses it (out of descriptors, a
// file).
std::unique_ptr<Stream> make_fd_stream(IoLoop& loop, int fd, std::string peer);

// The event becomes set when `fd` is readable; again() arms it once more. Owns and closes the descriptor.
class Readable {
 public:
  virtual ~Readable() = default;
  virtual base::Event& event() noexcept = 0;
  virtual void again() noexcept = 0;
};
std::unique_ptr<Readable> watch_fd(IoLoop& loop, int fd);

}  // namespace weir::net
