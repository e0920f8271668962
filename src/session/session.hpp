// Session: one legacy client between `initialize` and its end: who it is, what runs for it, what it was
// asked.
//
// Shared by the session table and by whoever works for the client; any thread. A run may be on any worker:
// its flag is set by a post to its home. Runs are known by the client's request id, at most kRunsMax at once.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/sync.hpp"
#include "core/call.hpp"
#include "session/letterbox.hpp"
#include "session/outbox.hpp"
#include "session/questions.hpp"

namespace weir::session {

// Set once a run is to stop. Shared with posts that may arrive late.
struct RunFlag {
  explicit RunFlag(base::Scheduler& s) : home(s), stop(s) {}
  base::Scheduler& home;
  base::Event stop;
  bool session_over = false;  // … because the session has ended, not because the client cancelled it
};

class Session {
 public:
  static constexpr std::size_t kRunsMax = 1024;  // requests in flight in one session

  // `client` gets its inbox here.
  Session(core::ClientSession client, std::shared_ptr<ReplayShelf> shelf);
  // Once it is in the table; end() takes it out.
  void count_in(observe::SessionMetrics const& metrics, observe::Transport transport, base::TimePoint now);
  std::shared_ptr<core::ClientSession const> client() const;
  std::string_view endpoint() const noexcept { return endpoint_; }
  Questions& questions() noexcept { return questions_; }
  std::shared_ptr<Outbox> const& outbox() const noexcept { return outbox_; }

  // HTTP+SSE: the session is there before its handshake, which says who the client is, once. False: it was
  // shaken before.
  bool shake_hands(core::ClientSession client);
  void receive_by(std::shared_ptr<Letterbox> letters);
  std::shared_ptr<Letterbox> letterbox() const;  // null for a session of Streamable HTTP or stdio

  // False: too many in flight, or the session is over. `id` is the client's request id as received.
  bool started(std::string_view id, std::shared_ptr<RunFlag> flag);
  void finished(RunFlag const& flag);
  void cancel(std::string_view id);

  // Every run stops, no question will be answered, every stream gets its last event, with `why` in it; once.
  // Without `now` the time that it lasted is not counted.
  void end(std::string_view why, std::optional<base::TimePoint> now = {});

 private:
  struct Run {
    std::string id;
    std::shared_ptr<RunFlag> flag;
  };
  static void stop(std::shared_ptr<RunFlag> flag, bool session_over);
  observe::Gauge const& state() const noexcept { return runs_.empty() ? metrics_.idle : metrics_.working; }
  static void move(observe::Gauge const& from, observe::Gauge const& to) noexcept {
    from.add(-1);
    to.add(1);
  }

  std::string const endpoint_;
  std::shared_ptr<Outbox> outbox_;
  std::shared_ptr<core::ClientSession const> client_;
  Questions questions_;
  mutable std::mutex mutex_;
  std::shared_ptr<Letterbox> letters_;
  std::vector<Run> runs_;
  observe::SessionMetrics metrics_;
  observe::Transport transport_ = observe::Transport::tcp;
  base::TimePoint opened_{};
  bool shaken_ = false;
  bool over_ = false;
};

}  // namespace weir::session
