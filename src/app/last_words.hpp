// LastWords: lines that still wait in the log's buffer are written when the process aborts.
//
// At most one at a time; main thread, for as long as the log lives. It takes SIGABRT, which is how a failed
// assertion and std::terminate end a process; the process then ends by that signal as before. Its handler
// allocates: a process that aborts inside malloc may lose the lines, never its end (alarm of one second).
#pragma once

#include "observe/log.hpp"

namespace weir::app {

class LastWords {
 public:
  explicit LastWords(observe::Log& log) noexcept;
  ~LastWords();
  LastWords(LastWords const&) = delete;
  LastWords& operator=(LastWords const&) = delete;
};

}  // namespace weir::app
