// RepeatFolder: lets an event through once and counts its repeats for a while.
//
// A brain; one thread or one lock. Two events are equal when id, message and server are. The first opens a
// window of `window`; repeats within it become one Summary when it ends. At most kWindowsMax windows are
// open; what comes beyond is let through.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "observe/log_line.hpp"

namespace weir::observe {

class RepeatFolder {
 public:
  static constexpr std::size_t kWindowsMax = 64;

  struct Summary {
    Level level;
    std::string event;
    std::string msg;
    std::string server;
    std::uint64_t repeats;
  };

  explicit RepeatFolder(base::Duration window) : window_(window) {}

  bool admit(base::TimePoint now, Level level, std::string_view event, std::string_view msg,
             std::string_view server);
  std::vector<Summary> take_due(base::TimePoint now);
  std::vector<Summary> take_all();  // for the end of the process
  bool counting() const noexcept;   // a summary will be due

 private:
  struct Window {
    base::TimePoint ends;
    Summary summary;
  };
  base::Duration const window_;
  std::vector<Window> windows_;
};

}  // namespace weir::observe
