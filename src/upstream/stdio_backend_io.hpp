// StdioBackend: one configured stdio server as the router sees it: started, watched, restarted, closed.
//
// One child for all callers of this server and worker. A keeper task launches it, waits for its death, waits
// as the RestartPolicy says and launches it again; the first open() or call starts the keeper. A call that
// comes while the child is starting waits up to start_max (its deadline moves along), then fails with
// Fault::starting; when the attempts are used up it fails with Fault::unavailable and the cause. What the
// gateway lacks for it, such as a token, is told at once, counts as no attempt and is tried for each call. A
// program that was a legacy server is probed again after verdict_max, in a sibling (P014): if it has become a
// modern one, the sibling takes over and the old child ends after its calls. One worker
// thread. Every call must have ended or been cancelled before the backend is destroyed; destroying it kills
// the child's process tree without waiting.
#pragma once

#include <memory>
#include <string>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "core/backend.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "upstream/restart_policy.hpp"
#include "upstream/stderr_ring.hpp"
#include "upstream/stdio_child_io.hpp"
#include "upstream/stdio_launch_io.hpp"

namespace weir::upstream {

class StdioBackend final : public core::Backend {
 public:
  struct Options {
    ChildCommand command;
    std::string transport = "stdio";  // what status calls it
    StdioChild::Options child;        // child.server is the name
    RestartPolicy::Options restart;
    base::Duration start_max =
        std::chrono::seconds(30);  // from spawn to the end of the handshake; and a call's wait
    base::Duration probe_max = std::chrono::seconds(10);  // silence that means: a legacy server
    base::Duration verdict_max = std::chrono::hours(6);   // a program is taken for a legacy server
    observe::Log* log = nullptr;   // gets the child's stderr as event upstream.stderr, level info
    observe::CounterSet restarts;  // by reason
  };

  // `observer` may be null. It may not destroy the backend from within a call to it.
  StdioBackend(base::Scheduler& scheduler, ChildSpawner& spawner, base::Random& random, Options options,
               core::BackendObserver* observer);

  std::string_view name() const noexcept override { return options_.child.server; }
  base::Task<base::Result<core::ServerIdentity>> open() override;
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;
  base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string params) override;
  bool listens() const noexcept override { return identity_.modern(); }
  base::Task<base::Result<void>> listen(std::string params, StdioChild::Told told) override;
  void hear(core::ResourceObserver* observer) override { resources_ = observer; }
  core::ServerStatus status() const override;
  bool translates(core::Call const& call) const noexcept override {
    return state_ != core::ServerState::ready || identity_.modern() != call.modern();
  }
  base::Task<void> close(base::TimePoint deadline) override;

 private:
  base::Task<void> keep();
  base::Task<void> until_due_again();
  base::Task<std::shared_ptr<StdioChild>> until_ended();
  base::Task<void> retire(std::shared_ptr<StdioChild> child);
  base::Task<void> listen_to_lists(std::shared_ptr<StdioChild> child);
  base::Task<base::Result<std::shared_ptr<StdioChild>>> running_child();
  void wake_keeper();
  void become(core::ServerState state);
  void announced(mcp::Message const& notification);
  void lists_changed(mcp::Method notification);
  void missed();
  void log_stderr(std::string const& line);
  std::string cause() const;
  base::Error failure() const;

  base::Scheduler& scheduler_;
  base::Random& random_;
  Options options_;
  core::BackendObserver* observer_;
  core::ResourceObserver* resources_ = nullptr;
  StderrRing log_;
  base::TimePoint logging_since_;
  long lines_logged_ = 0;  // since then, or left out
  StdioChild::Told announced_;
  StdioLauncher launcher_;
  RestartPolicy policy_;
  core::ServerState state_ = core::ServerState::stopped;
  bool closed_ = false;                // for good: whoever still comes this way starts nothing
  std::shared_ptr<StdioChild> child_;  // while ready
  core::ServerIdentity identity_;
  base::TimePoint verdict_until_;  // then the launcher's is forgotten
  base::Error last_error_;
  base::Duration start_took_{};
  base::TimePoint again_at_{};  // when it is started again, while it waits for that
  bool withheld_ = false;       // last_error_ is of what the gateway lacks
  long launches_ = 0;
  long attempts_over_ = 0;  // launches that have succeeded or failed
  base::Event changed_;     // pulsed when the state or attempts_over_ changes
  base::Event asked_;       // wakes a keeper that has given up
  base::TaskGroup tasks_;   // the keeper, the listener
};

}  // namespace weir::upstream
