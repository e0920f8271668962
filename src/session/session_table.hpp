// SessionTable: the legacy sessions of the whole process, bounded.
//
// One per process; any thread. A session is found by its id and its principal: a foreign one looks unknown
// (P108). Ids carry 192 random bits. A session that leaves the table ends: its work stops, then it is handed
// to `ended`, on the thread that noticed, outside all locks (F-19).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bounded_table.hpp"
#include "base/random.hpp"
#include "session/session.hpp"

namespace weir::session {

class SessionTable {
 public:
  using Table = base::BoundedTable<std::string, Session>;
  using Ended = std::function<void(std::string const& id, base::TableReason why)>;

  SessionTable(base::TableOptions const& options, base::Random& random, Ended ended,
               observe::GatewayMetrics metrics = {});
  ~SessionTable();

  // Errors: busy (nobody can go, or the principal has its share). `client.id` is filled in. `transport`: for
  // the metrics.
  base::Result<Table::Pin> open(core::ClientSession client, core::Principal const& who, base::TimePoint now,
                                observe::Transport transport = observe::Transport::tcp);
  Table::Pin find(std::string const& id, core::Principal const& who, base::TimePoint now);
  // The same, as a client names it: at the endpoint where it was opened. At another one its streams would
  // bring what a token for that one does not reach.
  Table::Pin find(std::string const& id, core::Principal const& who, std::string_view endpoint,
                  base::TimePoint now);
  bool end(std::string const& id, core::Principal const& who, base::TimePoint now);

  // How many sessions went; a full batch means that there may be more.
  std::size_t expire(base::TimePoint now, std::size_t batch_max);
  // How many sessions' buffers were looked at for events that are older than replay_age; the same.
  std::size_t forget_replays(base::TimePoint now, std::size_t batch_max) {
    return shelf_->forget(now, batch_max);
  }
  void end_all();
  void set_options(base::TableOptions const& options, base::TimePoint now);
  void set_stream_limits(StreamLimits const& limits) { shelf_->set_limits(limits); }
  std::size_t size() const noexcept { return table_.size(); }
  base::TableCounters counters() const noexcept { return table_.counters(); }

 private:
  void tell(std::vector<Table::Removed> removed, std::string_view erased_as,
            std::optional<base::TimePoint> now);
  base::Random& random_;
  std::mutex random_mutex_;
  std::shared_ptr<ReplayShelf> shelf_;
  Table table_;
  Ended ended_;
  observe::GatewayMetrics metrics_;
};

}  // namespace weir::session
