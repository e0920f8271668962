// StdioLauncher: from a command to a child that speaks: probe, start, handshake (P010).
//
// server/discover goes to a fresh process. If that proves to be a modern server, the process stays: nothing
// it saw is foreign to it. Otherwise it was a disposable sibling: it is ended and the real child gets
// `initialize` as its first message, since some servers end at anything else. The verdict is kept until
// it is forgotten, or a start contradicts it. Where the spawner knows only legacy servers none of this is
// needed. One per backend; one thread. Cancelling launch() kills what it has started.
#pragma once

#include <memory>
#include <optional>

#include "base/task.hpp"
#include "core/backend.hpp"
#include "upstream/discovery.hpp"
#include "upstream/stdio_child_io.hpp"

namespace weir::upstream {

class StdioLauncher {
 public:
  struct Started {
    std::shared_ptr<StdioChild> child;
    core::ServerIdentity identity;
  };

  // All borrowed for the launcher's life. `probe_max`: how long a server may be silent to server/discover
  // before it is taken for a legacy one.
  StdioLauncher(base::Scheduler& scheduler, ChildSpawner& spawner, ChildCommand const& command,
                StdioChild::Options const& options, base::Duration probe_max, StderrRing& log,
                StdioChild::Told const& announced);

  // Errors: unavailable (it ended, with exit code and last stderr line), timed_out, protocol, busy.
  base::Task<base::Result<Started>> launch(base::TimePoint deadline);

  // The program as a sibling of what was launched, if it is a modern server now; nothing else changes.
  base::Task<std::optional<Started>> probe_again(base::TimePoint deadline);
  void forget_verdict() noexcept { legacy_.reset(); }  // the next launch probes
  // Whether the last launch() failed for want of what the gateway needs for it, such as a token.
  bool withheld() const noexcept { return withheld_; }

 private:
  struct Probed {
    NextStep verdict;  // modern, legacy or failed
    std::shared_ptr<StdioChild> child;
    core::ServerIdentity identity;
  };
  base::Result<std::shared_ptr<StdioChild>> spawn();
  base::Task<base::Result<Probed>> probe(base::TimePoint deadline);
  base::Task<base::Result<Started>> initialize(mcp::Revision offer, base::TimePoint deadline);
  base::Task<base::Result<mcp::Message>> ask_until(StdioChild& child, mcp::Method method, std::string params,
                                                   mcp::Revision revision, base::TimePoint deadline);
  base::Error ended(StdioChild const& child);
  std::string what_to_do(StdioChild const& child) const;

  base::Scheduler& scheduler_;
  ChildSpawner& spawner_;
  ChildCommand const& command_;
  StdioChild::Options const& options_;
  base::Duration probe_max_;
  StderrRing& log_;
  StdioChild::Told const& announced_;
  std::optional<mcp::Revision> legacy_;  // the verdict, if it is legacy: what to offer
  bool withheld_ = false;
};

}  // namespace weir::upstream
