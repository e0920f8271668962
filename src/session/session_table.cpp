#include "session/session_table.hpp"

#include <exception>

namespace weir::session {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

constexpr std::size_t kIdBytes = 24;

std::string_view name_of(base::TableReason reason) noexcept {
  switch (reason) {
    case base::TableReason::evicted: return "evicted";
    case base::TableReason::idle: return "idle";
    case base::TableReason::lifetime: return "lifetime";
    case base::TableReason::erased: break;
  }
  return "deleted";
}

}  // namespace

SessionTable::SessionTable(base::TableOptions const& options, base::Random& random, Ended ended,
                           observe::GatewayMetrics metrics)
    : random_(random),
      shelf_(std::make_shared<ReplayShelf>(metrics.replay_bytes)),
      table_(options, random.next()),
      ended_(std::move(ended)),
      metrics_(std::move(metrics)) {}

SessionTable::~SessionTable() = default;

// Whatever goes wrong with one, the others are told.
void SessionTable::tell(std::vector<Table::Removed> removed, std::string_view erased_as,
                        std::optional<base::TimePoint> now) {
  for (auto const& gone : removed) {
    auto const why = gone.reason == base::TableReason::erased ? erased_as : name_of(gone.reason);
    metrics_.session_events.add(why);
    metrics_.sessions_active.add(-1);
    try {
      gone.value->end(why, now);
      ended_(gone.key, gone.reason);
    } catch (std::exception const&) {
      metrics_.session_events.add("failed");
    }
  }
}

Result<SessionTable::Table::Pin> SessionTable::open(core::ClientSession client, core::Principal const& who,
                                                    base::TimePoint now, observe::Transport transport) {
  {
    std::lock_guard const lock(random_mutex_);
    client.id = random_.token(kIdBytes);
  }
  std::string const id = client.id;
  auto const revision = client.revision;
  auto inserted = table_.insert(id, who.id, std::make_shared<Session>(std::move(client), shelf_), now);
  tell(std::move(inserted.removed), "deleted", now);
  if (inserted.outcome == base::TableOutcome::inserted) {
    metrics_.session_events.add("created");
    metrics_.sessions_active.add(1);
    auto const counted = metrics_.sessions.find(mcp::text_of(revision));
    if (counted != metrics_.sessions.end()) inserted.pin->count_in(counted->second, transport, now);
    return std::move(inserted.pin);
  }
  bool const quota = inserted.outcome == base::TableOutcome::refused_quota;
  metrics_.session_events.add(quota ? "refused_quota" : "refused_full");
  return Error(Fault::busy, quota ? Blame::client : Blame::gateway,
               quota ? "this caller has as many sessions as it may" : "every session is at work",
               base::Retry::always)
      .advise("End sessions that are no longer used (DELETE), or try again later.");
}

SessionTable::Table::Pin SessionTable::find(std::string const& id, core::Principal const& who,
                                            base::TimePoint now) {
  return table_.find(id, who.id, now);
}

SessionTable::Table::Pin SessionTable::find(std::string const& id, core::Principal const& who,
                                            std::string_view endpoint, base::TimePoint now) {
  auto pin = table_.find(id, who.id, now);
  return pin && pin->endpoint() == endpoint ? std::move(pin) : Table::Pin();
}

bool SessionTable::end(std::string const& id, core::Principal const& who, base::TimePoint now) {
  auto pin = table_.find(id, who.id, now);
  if (!pin) return false;
  auto const handle = pin.handle();
  pin = Table::Pin();
  std::vector<Table::Removed> removed;
  if (auto erased = table_.erase(handle)) removed.push_back(std::move(*erased));
  tell(std::move(removed), "deleted", now);
  return true;
}

std::size_t SessionTable::expire(base::TimePoint now, std::size_t batch_max) {
  auto removed = table_.take_expired(now, batch_max);
  std::size_t const count = removed.size();
  tell(std::move(removed), "deleted", now);
  return count;
}

void SessionTable::end_all() { tell(table_.take_all(), "shutdown", {}); }

void SessionTable::set_options(base::TableOptions const& options, base::TimePoint now) {
  tell(table_.set_options(options, now), "deleted", now);
}

}  // namespace weir::session
