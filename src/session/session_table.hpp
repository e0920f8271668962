// SessionTable: the legacy sessions of the whole process, bounded.
//
// One per process; any thread. A session is found by its id and its principal: a foreign one looks unknown
// (P108). Ids carry 192 random bits. Ended sessions are handed to `ended`, on the thread that noticed,
// outside all locks. Runs of a session are known by the client's request id, so that notifications/cancelled
// reaches them on whatever worker they run.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bounded_table.hpp"
#include "base/random.hpp"
#include "base/sync.hpp"
#include "core/call.hpp"

namespace weir::session {

// Set once the client no longer wants the answer. Shared with posts that may arrive late.
struct CancelFlag {
  explicit CancelFlag(base::Scheduler& s) : home(s), event(s) {}
  base::Scheduler& home;
  base::Event event;
};

class Session {
 public:
  explicit Session(std::shared_ptr<core::ClientSession const> client) : client_(std::move(client)) {}
  std::shared_ptr<core::ClientSession const> const& client() const noexcept { return client_; }

  static constexpr std::size_t kRunsMax = 1024;  // requests in flight in one session

  // False: too many in flight. `id` is the client's request id as received.
  bool started(std::string_view id, std::shared_ptr<CancelFlag> flag);
  void finished(std::string_view id, CancelFlag const& flag);
  void cancel(std::string_view id);

 private:
  struct Run {
    std::string id;
    std::shared_ptr<CancelFlag> flag;
  };
  std::shared_ptr<core::ClientSession const> client_;
  std::mutex mutex_;
  std::vector<Run> runs_;
};

class SessionTable {
 public:
  using Table = base::BoundedTable<std::string, Session>;
  using Ended = std::function<void(std::string const& id, base::TableReason why)>;

  SessionTable(base::TableOptions const& options, base::Random& random, Ended ended);
  ~SessionTable();

  // Errors: busy (nobody can go, or the principal has its share). `client.id` is filled in.
  base::Result<Table::Pin> open(core::ClientSession client, core::Principal const& who, base::TimePoint now);
  Table::Pin find(std::string const& id, core::Principal const& who, base::TimePoint now);
  bool end(std::string const& id, core::Principal const& who, base::TimePoint now);

  std::size_t expire(base::TimePoint now, std::size_t batch_max);  // how many went
  void end_all();
  void set_options(base::TableOptions const& options, base::TimePoint now);
  std::size_t size() const noexcept { return table_.size(); }
  base::TableCounters counters() const noexcept { return table_.counters(); }

 private:
  void tell(std::vector<Table::Removed> removed);
  base::Random& random_;
  std::mutex random_mutex_;
  Table table_;
  Ended ended_;
};

}  // namespace weir::session
