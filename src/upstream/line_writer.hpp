// LineWriter: whole lines into a child's stdin, one after the other, without blocking (P052).
//
// One per child; one thread; borrows the stream. A line that was handed over is written to its end even if
// whoever handed it over is cancelled: its unsent rest moves into backlog_. write() is for one writer at a
// time and only while idle(), so the backlog holds at most one such line; small lines of the gateway's own
// may join it up to small_bytes_max. Whoever owns the LineWriter calls flush() when the stream becomes
// writable.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "net/stream.hpp"

namespace weir::upstream {

class LineWriter {
 public:
  static constexpr std::size_t kSmallBytesMax = 64 * 1024;

  LineWriter(base::Scheduler& scheduler, net::Stream& stream) noexcept
      : stream_(stream), drained_(scheduler), waiting_(scheduler) {
    drained_.set();
  }

  bool idle() const noexcept { return backlog_.empty(); }
  base::Event& drained() noexcept { return drained_; }  // set while idle
  base::Event& waiting() noexcept { return waiting_; }  // set while not idle

  // One message in pieces, without raw newlines. The newline is added here. After close() it goes nowhere.
  void write(std::span<iovec const> pieces);
  bool write_small(std::string_view line);  // false: too much is waiting, the line is dropped

  void flush();                                     // hands over what the stream takes now
  void close() noexcept;                            // drops what is waiting; the stream is not used any more
  bool closed() const noexcept { return closed_; }  // by close(), or because the child closed its stdin

 private:
  std::size_t send(std::span<iovec> pieces) noexcept;
  void changed() noexcept;

  net::Stream& stream_;
  std::string backlog_;
  std::size_t flushed_ = 0;      // of the backlog
  std::size_t small_bytes_ = 0;  // of write_small() since the backlog was last empty
  base::Event drained_;
  base::Event waiting_;
  bool closed_ = false;
};

}  // namespace weir::upstream
