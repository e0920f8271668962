// ChildProcess: one running server program as three streams, an exit, and two ways to end it.
//
// Owned by the StdioChild that uses it; one worker thread. Destroying it kills the whole process tree at once
// and waits for nothing. The streams live as long as it does. Implementations: child_process_io (real),
// test/support (scripted).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/stream.hpp"
#include "upstream/child_environment.hpp"

namespace weir::upstream {

struct ChildCommand {
  std::vector<std::string> argv;  // argv[0] is looked up in the PATH of `environment`; no shell is involved
  std::vector<Variable> environment;  // all of it: nothing else is inherited
  std::string working_directory;      // "" = the gateway's
};

struct ExitStatus {
  int code = -1;         // what it passed to exit(), or -1
  int signal = 0;        // the signal that ended it, or 0
  int exec_errno = 0;    // the program could not be started at all: why
  int folder_errno = 0;  // … because its working directory cannot be entered: why

  bool started() const noexcept { return exec_errno == 0 && folder_errno == 0; }
};

// "exit 1", "signal 9 (Killed)", "exit 127: npx: not found", "its folder /srv/x (`cwd`) does not exist".
std::string describe(ExitStatus const& status, ChildCommand const& command);

class ChildProcess {
 public:
  virtual ~ChildProcess() = default;

  virtual net::Stream& input() noexcept = 0;   // the child's stdin; shutdown_write() closes it
  virtual net::Stream& output() noexcept = 0;  // its stdout
  virtual net::Stream& errors() noexcept = 0;  // its stderr

  virtual int pid() const noexcept = 0;
  // The program itself, where pid() is of who looks after it; 0: none, not known yet, or gone.
  virtual int program() const noexcept { return 0; }
  virtual base::Event& exited() noexcept = 0;  // set once the program and its children are gone
  virtual ExitStatus const& exit_status() const noexcept = 0;  // valid once exited() is set

  // Why it ended, where more is known than its exit says.
  virtual std::optional<base::Error> failure() const { return std::nullopt; }
  // Likewise why it answered this request with an error; asked once, when that answer was read.
  virtual std::optional<base::Error> take_failure(std::uint64_t /*id*/) { return std::nullopt; }

  virtual void terminate() noexcept = 0;  // SIGTERM to the tree; harmless when it is gone
  virtual void kill() noexcept = 0;       // SIGKILL to the tree; calling it again is more forceful
};

class ChildSpawner {
 public:
  virtual ~ChildSpawner() = default;
  // Returns before the program runs; that it does not exist is an ExitStatus. Errors: busy (no descriptors,
  // processes).
  virtual base::Result<std::unique_ptr<ChildProcess>> spawn(ChildCommand const& command) = 0;
  // What it starts is a legacy server by its nature: there is nothing to find out.
  virtual bool legacy_only() const noexcept { return false; }
};

}  // namespace weir::upstream
