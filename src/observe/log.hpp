// Log: one structured line per thing that happened, as JSON or as aligned text.
//
// One per process, owned by app; any thread. Writing a line never blocks on I/O and makes no system call when
// lines come often: it is appended to a bounded buffer under a short lock, and one thread of Log's own writes
// the buffer out at most `flush_every` later or when it is half full. When the buffer is full the oldest
// lines of level info and below are dropped and counted; the others have a quarter of it for themselves. Keys
// are fixed (Key), event ids are stable dotted names. Every text is masked, then escaped: no control or
// direction characters and no invalid UTF-8 leave here. A line has at most kLineBytesMax bytes. Equal events
// (id, message, server) within `fold_for` become one line with a count.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "observe/log_line.hpp"

namespace weir::observe {

class Log {
 public:
  struct Options {
    LogFormat format = LogFormat::json;
    Level level = Level::info;  // lines below it are not made
    int fd = 2;                 // borrowed
    std::size_t buffer_bytes = 1 << 20;
    base::Duration flush_every = std::chrono::milliseconds{50};
    base::Duration fold_for = std::chrono::seconds{10};
  };

  // `mask` is called from any thread.
  Log(Options const& options, base::Clock const& clock, Mask mask);
  ~Log();  // writes what is left
  Log(Log const&) = delete;
  Log& operator=(Log const&) = delete;

  // From the next line on, for a reload.
  void reconfigure(Level level, Mask mask);
  void drop_old_masks();  // those that were in use when they were replaced; call it now and then

  // What stands in no line must not stand in what else people read.
  void mask(std::string& text) const;

  bool wants(Level level) const noexcept;
  void event(Level level, std::string_view event, std::string_view msg,
             std::initializer_list<Field> fields = {});
  void access(AccessLine const& line);

  // Returns when every line written before the call has been given to the kernel, or after two seconds.
  void flush();

  // For the last moments of a dying process: writes what it can from the calling thread, waits a tenth of a
  // second for others at most.
  void flush_dying() noexcept;

  std::uint64_t dropped() const noexcept;  // lines since the start, also reported as event `log.dropped`

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::observe
