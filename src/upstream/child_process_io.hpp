// Real children: posix_spawn of a supervisor (child_supervisor.hpp), pipes as streams, a pidfd for the exit.
//
// One ProcessSpawner per worker, outliving its children; several workers may spawn at once: nothing of ours
// runs between fork and exec. Per child: six descriptors here and one supervisor process. The spawner reaps
// what it started, also after the ChildProcess is gone. main() must hand over to run_child_supervisor();
// SIGPIPE must be ignored.
#pragma once

#include <memory>
#include <string>

#include "base/task_group.hpp"
#include "net/io_loop.hpp"
#include "upstream/child_process.hpp"

namespace weir::upstream {

class ProcessSpawner final : public ChildSpawner {
 public:
  explicit ProcessSpawner(net::IoLoop& loop) noexcept : loop_(loop), reapers_(loop) {}
  base::Result<std::unique_ptr<ChildProcess>> spawn(ChildCommand const& command) override;

 private:
  net::IoLoop& loop_;
  base::TaskGroup reapers_;
};

}  // namespace weir::upstream
