// Stream: an ordered byte stream that never blocks: a TCP or TLS socket, a child's pipe, or an in-memory
// Pipe.
//
// One worker thread; one reader and one writer at a time. Reading and writing are attempts: they move what
// can be moved now and say `blocked` otherwise; readable()/writable() then wait without owning any buffer (an
// idle connection costs no buffer). Readiness is sticky: an event that arrives while nobody waits is not
// lost. Destroying a Stream closes it and wakes nobody; whoever waits on it must be cancelled first (it is
// owned by the same task).
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/sync.hpp"

namespace weir::net {

enum class IoState {
  moved,    // `bytes` > 0 were read or written
  blocked,  // nothing now: await readable() or writable()
  ended,    // read: the peer finished writing; write: the peer is gone
  failed,   // reset, TLS failure, or any other error: the stream is useless
};

struct IoResult {
  IoState state;
  std::size_t bytes = 0;
};

// Of a client that has proved by TLS who it is.
struct PeerCertificate {
  std::string subject;  // as RFC 4514 writes it, printable; never empty
  std::string sha256;   // of the whole certificate, 32 bytes
};

class Stream {
 public:
  explicit Stream(base::Scheduler& scheduler) noexcept : read_ready_(scheduler), write_ready_(scheduler) {}
  virtual ~Stream() = default;
  Stream(Stream const&) = delete;
  Stream& operator=(Stream const&) = delete;

  virtual IoResult read(std::span<char> into) noexcept = 0;
  virtual IoResult write(std::span<iovec const> from) noexcept = 0;
  virtual void shutdown_write() noexcept = 0;                   // the peer sees the end of our bytes
  virtual std::string peer() const = 0;                         // for logs: address, "pipe", …
  virtual std::size_t under_way() const noexcept { return 0; }  // written, not yet taken by the peer's side

  virtual PeerCertificate const* certificate() const noexcept { return nullptr; }  // null: none was shown

  // Of one that failed: why the peer does not let us in. It has taken nothing of what was sent. Else nothing.
  virtual std::optional<base::Error> refusal() const { return std::nullopt; }

  // co_await: until a read (write) may get further. Spurious wake-ups happen; read again and see.
  auto readable() noexcept {
    want_read();
    return read_ready_.wait();
  }
  auto writable() noexcept {
    want_write();
    return write_ready_.wait();
  }

  // For combinators: arm it, then wait on the event together with others.
  base::Event& arm_read() noexcept {
    want_read();
    return read_ready_;
  }
  base::Event& arm_write() noexcept {
    want_write();
    return write_ready_;
  }

 protected:
  // Ask the source to set read_ready_/write_ready_ when there is something to do. Idempotent.
  virtual void want_read() noexcept = 0;
  virtual void want_write() noexcept = 0;

  base::Event read_ready_;   // reset by read() when it finds nothing more
  base::Event write_ready_;  // reset by write() when the peer takes no more
};

}  // namespace weir::net
