#include "session/session_table.hpp"

namespace weir::session {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {
constexpr std::size_t kIdBytes = 24;
}

SessionTable::SessionTable(base::TableOptions const& options, base::Random& random, Ended ended)
    : random_(random), table_(options, random.next()), ended_(std::move(ended)) {}

SessionTable::~SessionTable() = default;

void SessionTable::tell(std::vector<Table::Removed> removed) {
  for (auto const& gone : removed) {
    gone.value->end();
    ended_(gone.key, gone.reason);
  }
}

Result<SessionTable::Table::Pin> SessionTable::open(core::ClientSession client, core::Principal const& who,
                                                    base::TimePoint now) {
  {
    std::lock_guard const lock(random_mutex_);
    client.id = random_.token(kIdBytes);
  }
  std::string const id = client.id;
  auto shared = std::make_shared<core::ClientSession const>(std::move(client));
  auto inserted = table_.insert(id, who.id, std::make_shared<Session>(std::move(shared)), now);
  tell(std::move(inserted.removed));
  if (inserted.outcome == base::TableOutcome::inserted) return std::move(inserted.pin);
  bool const quota = inserted.outcome == base::TableOutcome::refused_quota;
  return Error(Fault::busy, quota ? Blame::client : Blame::gateway,
               quota ? "this caller has as many sessions as it may" : "every session is at work",
               base::Retry::always)
      .advise("End sessions that are no longer used (DELETE), or try again later.");
}

SessionTable::Table::Pin SessionTable::find(std::string const& id, core::Principal const& who,
                                            base::TimePoint now) {
  return table_.find(id, who.id, now);
}

bool SessionTable::end(std::string const& id, core::Principal const& who, base::TimePoint now) {
  auto pin = table_.find(id, who.id, now);
  if (!pin) return false;
  auto const handle = pin.handle();
  pin = Table::Pin();
  std::vector<Table::Removed> removed;
  if (auto erased = table_.erase(handle)) removed.push_back(std::move(*erased));
  tell(std::move(removed));
  return true;
}

std::size_t SessionTable::expire(base::TimePoint now, std::size_t batch_max) {
  auto removed = table_.take_expired(now, batch_max);
  std::size_t const count = removed.size();
  tell(std::move(removed));
  return count;
}

void SessionTable::end_all() { tell(table_.take_all()); }

void SessionTable::set_options(base::TableOptions const& options, base::TimePoint now) {
  tell(table_.set_options(options, now));
}

}  // namespace weir::session
