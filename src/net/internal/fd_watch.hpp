// FdWatch: one descriptor in the epoll set of its loop, and who is told of its readiness.
//
// Owned by a stream or a Readable of that loop's thread; closes the descriptor. `edges` is registered once,
// for everything, edge-triggered: no system call between two reads. What happens while nobody is attached is
// kept for whoever comes. `once` is told of input one time, then again after each rearm().
//
// A share: a descriptor that has moved more than kTurnBytesMax in one turn of the loop waits for the next
// turn, so that a peer that always has more does not starve the others.
#pragma once

#include <cstdint>
#include <memory>

#include "base/sync.hpp"
#include "net/io_loop.hpp"

namespace weir::net::internal {

class FdWatch final : public base::ListHook {
 public:
  static constexpr std::size_t kTurnBytesMax = 256 * 1024;
  enum class Mode : std::uint8_t { edges, once };

  // Makes it non-blocking. Null when the kernel refuses (no memory, a file); the descriptor is closed then.
  static std::unique_ptr<FdWatch> adopt(IoLoop& loop, int fd, Mode mode);
  ~FdWatch();

  IoLoop& loop() noexcept { return loop_; }
  int fd() const noexcept { return fd_; }

  // Either may be null. Both must live until the next attach() or the end of the watch.
  void attach(base::Event* on_read, base::Event* on_write) noexcept;
  void rearm() noexcept;
  void close() noexcept;  // ahead of the destructor

  // After a read: whether nothing is left, so that the next event is a new one. `asked` bytes fitted.
  bool drained(std::size_t got, std::size_t asked) const noexcept { return got < asked && !hung_up_; }
  // Counts bytes read. False: no more in this turn, on_read is set when the next one begins.
  bool may_go_on(std::size_t bytes) noexcept;
  bool paused() const noexcept { return linked(); }

  // For IoLoop.
  void happened(std::uint32_t events) noexcept;
  void go_on() noexcept;

 private:
  FdWatch(IoLoop& loop, int fd) noexcept : loop_(loop), fd_(fd) {}

  IoLoop& loop_;
  base::Event* on_read_ = nullptr;
  base::Event* on_write_ = nullptr;
  int fd_;
  std::uint32_t turn_ = 0;
  std::uint32_t turn_bytes_ = 0;
  bool readable_ = false;  // seen while nobody was attached
  bool writable_ = false;
  bool hung_up_ = false;  // the peer sends no more: short reads say nothing from now on
};

}  // namespace weir::net::internal
