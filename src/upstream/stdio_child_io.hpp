// StdioChild: one running stdio server: its pipes, the requests in flight to it, its death.
//
// Held by shared_ptr: by its backend while it runs and by every call until it has its answer; a dead one
// lives on until the last of them has read why. Its own tasks read stdout and stderr, write what stdin did
// not take, and bury it. One worker thread. Destroying it kills the process tree. Cancelling whoever awaits
// an answer (destroying the task) tells the child notifications/cancelled, except for initialize (P088); a
// late answer is dropped. A client that reads slowly may hold up the child's output for stall_max, once; then
// its notifications are dropped.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/task_group.hpp"
#include "core/call.hpp"
#include "observe/log_line.hpp"
#include "upstream/child_process.hpp"
#include "upstream/dialect.hpp"
#include "upstream/line_framer.hpp"
#include "upstream/line_writer.hpp"
#include "upstream/session_count.hpp"
#include "upstream/stderr_ring.hpp"
#include "upstream/stdio_channel.hpp"

namespace weir::upstream {

class StdioChild {
 public:
  struct Options {
    std::string server;        // configured name
    std::string gateway_info;  // {"name":"weir","version":…}
    LineFramer::Limits lines;
    StdioChannel::Limits channel;
    base::Duration stall_max = std::chrono::seconds(1);
    base::Duration exit_wait =
        std::chrono::seconds(2);  // from closed stdin to SIGTERM, from there to SIGKILL
    bool program = true;          // false: what looks like one is a server over HTTP+SSE
    observe::Mask mask = {};      // what it says is quoted in causes, cut short; this goes before
    observe::SessionLengths session_lengths = {};
  };
  using Told = std::function<void(mcp::Message const& notification)>;

  // `process` has just been spawned from `command`. `log`, `options` and `announced` (told of what belongs to
  // no request) outlive the child.
  StdioChild(base::Scheduler& scheduler, std::unique_ptr<ChildProcess> process, ChildCommand const& command,
             StderrRing& log, Options const& options, Told const& announced);

  // The verdict on its era is in. From then on relay() may be used.
  // `logs`: it is a legacy server that takes log levels.
  void speak(mcp::Revision revision, bool logs = false);

  // A client's call, to its answer; what comes before goes to call.client. Errors: busy,
  // too_large, protocol, connection_lost (it may have been executed), connect_failed (it was not).
  base::Task<base::Result<core::Outcome>> relay(core::Call& call);

  // A request of the gateway's own. `params` as for own_request(). With `told` it is a subscription.
  base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string params, mcp::Revision revision,
                                             Told told = {});
  void tell(mcp::Method notification, std::string_view params);

  base::Event& ended() noexcept { return ended_; }  // nothing will come any more; cause() says why
  std::string const& cause() const noexcept { return cause_; }
  std::optional<base::Error> failure() const { return process_->failure(); }  // ours, not the server's
  bool never_started() const noexcept { return ended_.is_set() && !process_->exit_status().started(); }
  bool has_no_folder() const noexcept { return never_started() && process_->exit_status().folder_errno != 0; }
  // The first words on stdout of a program that has never written a message, to go on a sentence with, or "".
  std::string chatter() const;
  StdioChannel const& channel() const noexcept { return channel_; }
  int pid() const noexcept { return process_->pid(); }
  int program() const noexcept { return process_->program(); }

  // Returns when no request is in flight, or when no more time is left than shut_down() may need.
  base::Task<void> finish_calls(base::TimePoint deadline);

  // Closes stdin, waits, SIGTERM, waits, SIGKILL (P053). `patient`: false begins with SIGTERM. Every request
  // in flight fails first. Returns when the process is gone, at `deadline` at the latest.
  base::Task<void> shut_down(base::TimePoint deadline, bool patient);

 private:
  class Place;  // a Flight in the table, for as long as somebody waits

  base::Task<void> send(Flight& flight, std::string_view bytes, mcp::Splice const& edits);
  base::Task<void> want_logs(int severity);
  base::Task<void> ask_client(core::Call& call, mcp::Message request);
  base::Task<void> read_output();
  base::Task<void> read_errors();
  base::Task<void> write_backlog();
  base::Task<void> bury();
  base::Task<void> notice_exit();
  bool take(LineFramer::Line line);  // false: enough of this child
  bool take_text(std::string text);
  bool failed_here(mcp::Message const& message);
  void take_batch(std::string_view text);
  void heard_message();
  std::string quoted(std::string text, std::size_t bytes_max) const;
  void deliver(mcp::Message message);
  void kill_for(std::string why);
  std::string why_it_ended() const;
  base::Error loss() const;

  base::Scheduler& scheduler_;
  std::unique_ptr<ChildProcess> process_;
  ChildCommand const& command_;
  StderrRing& log_;
  Options const& options_;
  Told const& announced_;
  std::optional<Dialect> dialect_;
  SessionCount session_;  // with a legacy server, from its verdict to its end
  StdioChannel channel_;
  LineFramer framer_;
  LineWriter writer_;
  base::Semaphore turn_;              // to write
  std::optional<mcp::Message> held_;  // a notification for which there was no room yet
  bool logs_ = false;
  int log_floor_ = kNoLogLevel;  // the severity that was set, for all whom it serves
  base::Event ending_;
  base::Event output_over_;
  base::Event errors_over_;
  base::Event ended_;
  bool spoke_ = false;      // it has written a message
  bool noisy_ = false;      // … and too much else
  std::string first_text_;  // on stdout since the last message that is none
  std::string kill_reason_;
  std::string cause_;
  base::TaskGroup tasks_;
};

}  // namespace weir::upstream
